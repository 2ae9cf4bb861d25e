"""Since when an analysis waits for what is away."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep it, so that the wait has an end; of one that waits already it counts from its next try."""
    op.add_column("analyses", sa.Column("waiting_since", UtcDateTime))
