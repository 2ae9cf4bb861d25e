"""Deep-sleep cameras."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the devices and of the frames they sent."""
    op.create_table(
        "devices",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("sleep_s", sa.Integer),
        sa.Column("framesize", sa.String(8)),
        sa.Column("quality", sa.Integer),
        sa.Column("last_seen_at", UtcDateTime),
        sa.Column("battery_v", sa.Float),
        sa.Column("signal_dbm", sa.Integer),
        sa.Column("frames", sa.Integer, nullable=False),
    )
    op.create_table(
        "device_frames",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("device_id", sa.String(64), sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("taken_at", UtcDateTime, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("judged_at", UtcDateTime),
        sa.Column("jpeg", sa.LargeBinary),
        sa.CheckConstraint("(judged_at IS NULL) = (jpeg IS NOT NULL)", name="ck_device_frames_jpeg"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_device_frames_sent", "device_frames", ["device_id", "sha256"], unique=True)
    op.create_index("ix_device_frames_waiting", "device_frames", ["camera", "judged_at", "taken_at"])
