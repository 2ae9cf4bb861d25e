"""Sightings and their vectors."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.sighting_tables import UnitVector

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and where pgvector is to be had its index of nearest neighbours."""
    op.create_table(
        "sightings",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("report_id", sa.String(64), sa.ForeignKey("reports.id", ondelete="CASCADE")),
        sa.Column("analysis_id", sa.String(32), sa.ForeignKey("analyses.id", ondelete="CASCADE")),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("colour", sa.String(16)),
        sa.Column("plate_text", sa.String, nullable=False),
        sa.Column("plate_confidences", sa.JSON, nullable=False),
        sa.Column("plate_accepted", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("x1", "y1", "x2", "y2")),
        sa.Column("frame_width", sa.Integer, nullable=False),
        sa.Column("frame_height", sa.Integer, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("photo_key", sa.String),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("(report_id IS NULL) != (analysis_id IS NULL)", name="ck_sightings_origin"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sightings_id", "sightings", ["id"], unique=True)
    for column in ("report_id", "analysis_id"):
        op.create_index(f"ix_sightings_{column}", "sightings", [column])
    op.create_table(
        "vectors",
        sa.Column(
            "number",
            sa.Integer,
            sa.ForeignKey("sightings.number", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("vector", UnitVector, nullable=False),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and _has_pgvector(connection):
        # Partial and of one length, the bundled model's: vectors of other lengths are compared one by one.
        op.execute(
            "CREATE INDEX ix_vectors_neighbours ON vectors USING hnsw"
            " ((vector::vector(96)) vector_ip_ops) WHERE array_length(vector, 1) = 96"
        )


def _has_pgvector(connection: sa.Connection) -> bool:
    """Whether pgvector is there or can be made; without it vectors are compared in memory."""
    there = connection.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'vector'"))
    if there:
        return True
    if not connection.scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")):
        return False
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION vector"))
    except sa.exc.DBAPIError:
        # Only a superuser may; it is no reason to refuse the database.
        return False
    return True
