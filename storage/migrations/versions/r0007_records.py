"""The rule a report was judged by: seconds between its photos, and whether it may do without a plate."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; reports that are there were judged by a program that did not write its rule down."""
    op.add_column("reports", sa.Column("photo_gap_s", sa.Float))
    op.add_column("reports", sa.Column("unread_allowed", sa.Boolean))
