"""Troubles of devices that are over."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep how many frames went unjudged since some of the camera were judged, and when one came too late.

    Whether the troubles that are known are over nobody wrote down: frames that went unjudged are told of
    until the next ones are judged, those that came too late no more.
    """
    op.add_column(
        "devices", sa.Column("dropped_since_judged", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("devices", sa.Column("late_at", UtcDateTime))
    op.execute("UPDATE devices SET dropped_since_judged = dropped")
