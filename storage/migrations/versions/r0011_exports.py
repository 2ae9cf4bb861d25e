"""Evidence packs made for the dashboard: an analysis may be about a report, and goes with it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let analyses name a report; those that are there are about files."""
    op.add_column("analyses", sa.Column("report_id", sa.String(64)))
    op.create_index("ix_analyses_report_id", "analyses", ["report_id"])
