"""What went wrong with the frames of devices."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count frames that were never judged, and keep how far a device's clock is off."""
    with op.batch_alter_table("devices") as table:
        table.add_column(sa.Column("dropped", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("late", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("clock_off_s", sa.Float))
