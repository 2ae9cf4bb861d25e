"""Uploads and analyses."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of the analyses."""
    op.create_table(
        "analyses",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("camera", sa.String),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("claim", sa.String(64)),
        sa.Column("claimed_until", UtcDateTime),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("cancel_asked", sa.Boolean, nullable=False),
        sa.Column("done_s", sa.Float, nullable=False),
        sa.Column("whole_s", sa.Float, nullable=False),
        sa.Column("remaining_s", sa.Float),
        sa.Column("error", sa.String, nullable=False),
        sa.Column("result", sa.String),
        sa.CheckConstraint("attempts >= 0", name="ck_analyses_attempts"),
        sa.CheckConstraint("(state = 'completed') = (result IS NOT NULL)", name="ck_analyses_result"),
    )
    for column in ("state", "fingerprint", "created_at"):
        op.create_index(f"ix_analyses_{column}", "analyses", [column])
