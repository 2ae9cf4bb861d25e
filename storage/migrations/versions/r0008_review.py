"""Reviews by people, and indexes for lists of a million reports."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_reports_newest": ["parked_at", "id"],
    "ix_reports_of_state": ["state", "parked_at", "id"],
    "ix_reports_of_camera": ["camera", "parked_at", "id"],
    "ix_reports_of_zone": ["zone", "parked_at", "id"],
    "ix_reports_to_review": ["verdict", "state", "parked_at", "id"],
    "ix_reports_plate_tail": ["plate_tail"],
    "ix_reports_plate_corrected": ["plate_corrected"],
}


def upgrade() -> None:
    """Make what people say of reports a part of them."""
    op.add_column("reports", sa.Column("plate_tail", sa.String(4), nullable=False, server_default=""))
    op.add_column("reports", sa.Column("verdict", sa.String(16)))
    op.add_column("reports", sa.Column("plate_corrected", sa.String))
    tail = "substr(plate_text, -4)" if op.get_bind().dialect.name == "sqlite" else "right(plate_text, 4)"
    op.execute(f"UPDATE reports SET plate_tail = {tail}")  # noqa: S608 - one of the two texts above
    for name, columns in _INDEXES.items():
        op.create_index(name, "reports", columns)
    if op.get_bind().dialect.name == "postgresql":
        # Its usual order of texts does not serve LIKE 'beginning%' (PostgreSQL 11.10, operator classes).
        op.drop_index("ix_reports_plate_text", "reports")
        op.create_index(
            "ix_reports_plate_text",
            "reports",
            ["plate_text"],
            postgresql_ops={"plate_text": "text_pattern_ops"},
        )
    # These two begin indexes above.
    op.drop_index("ix_reports_parked_at", "reports")
    op.drop_index("ix_reports_state", "reports")
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("report_id", sa.String(64), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("was", sa.String),
        sa.Column("becomes", sa.String),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_reviews_report_id", "reviews", ["report_id"])
    op.create_index("ix_reviews_step", "reviews", ["step", "at"])
