"""Reports, their evidence and history, camera events."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the first revision."""
    op.create_table(
        "reports",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("judged_state", sa.String(16), nullable=False),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("zone_kind", sa.String, nullable=False),
        sa.Column("vehicle_id", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("x1", "y1", "x2", "y2")),
        sa.Column("frame_width", sa.Integer, nullable=False),
        sa.Column("frame_height", sa.Integer, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("arrived_at", UtcDateTime, nullable=False),
        sa.Column("since_start", sa.Boolean, nullable=False),
        sa.Column("parked_at", UtcDateTime, nullable=False),
        sa.Column("violating_at", UtcDateTime),
        sa.Column("departed_at", UtcDateTime),
        sa.Column("own_last_seen_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("dwell_limit_s", sa.Float, nullable=False),
        sa.Column("plate_text", sa.String, nullable=False),
        sa.Column("plate_confidences", sa.JSON, nullable=False),
        sa.Column("plate_accepted", sa.Boolean, nullable=False),
        sa.Column("plate_readings", sa.Integer, nullable=False),
        sa.Column("same_view", sa.Float),
        sa.Column("duplicate_of", sa.String(64)),
        sa.Column("rejection", sa.String(32)),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("stored_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_reports_revision"),
        sa.CheckConstraint(
            "(judged_state = 'rejected') = (rejection IS NOT NULL)", name="ck_reports_rejection"
        ),
        sa.CheckConstraint(
            "(judged_state = 'duplicate') = (duplicate_of IS NOT NULL)", name="ck_reports_duplicate_of"
        ),
    )
    op.create_index("ix_reports_place", "reports", ["camera", "zone", "last_seen_at"])
    for column in ("parked_at", "state", "plate_text", "duplicate_of"):
        op.create_index(f"ix_reports_{column}", "reports", [column])
    op.create_table(
        "evidence",
        sa.Column("report_id", sa.String(64), sa.ForeignKey("reports.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("taken_at", UtcDateTime, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "report_history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("report_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("from_state", sa.String(16)),
        sa.Column("to_state", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
    )
    op.create_index("ix_report_history_report_id", "report_history", ["report_id"])
    op.create_table(
        "camera_events",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("condition", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("text", sa.String, nullable=False),
    )
    op.create_index("ix_camera_events_camera_at", "camera_events", ["camera", "at"])
    _make_history_append_only()


def _make_history_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER report_history_no_{verb.lower()} BEFORE {verb} ON report_history"
                " BEGIN SELECT RAISE(ABORT, 'report_history is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION report_history_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'report_history is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER report_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON report_history"
        " FOR EACH STATEMENT EXECUTE FUNCTION report_history_append_only()"
    )
