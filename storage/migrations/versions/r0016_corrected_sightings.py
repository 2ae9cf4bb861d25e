"""Plates that people corrected before a correction reached the sighting of its vehicle."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT_ONCE = 10_000
# As `pipeline.plate.UNKNOWN` and `storage.sighting_rows.corrected_plate`; a migration keeps what held when it
# was written.
_UNKNOWN = "?"
_SIGHTINGS = sa.table(
    "sightings",
    sa.column("number", sa.Integer),
    sa.column("report_id", sa.String),
    sa.column("plate_text", sa.String),
    sa.column("plate_confidences", sa.JSON),
    sa.column("plate_accepted", sa.Boolean),
)
_REPORTS = sa.table("reports", sa.column("id", sa.String), sa.column("plate_corrected", sa.String))
_CORRECTED = (
    sa.select(_SIGHTINGS.c.number, _SIGHTINGS.c.plate_text, _REPORTS.c.plate_corrected)
    .join(_REPORTS, _REPORTS.c.id == _SIGHTINGS.c.report_id)
    # No correction is empty; other than IS NOT NULL this is answered by the index on SQLite too.
    .where(_REPORTS.c.plate_corrected > "")
)
_CHANGE = (
    sa.update(_SIGHTINGS)
    .where(_SIGHTINGS.c.number == sa.bindparam("number_"))
    .values(
        plate_text=sa.bindparam("text_"),
        plate_confidences=sa.bindparam("confidences_", type_=sa.JSON),
        plate_accepted=sa.bindparam("accepted_"),
    )
)


def upgrade() -> None:
    """Let them be found by the plate that they were corrected to.

    The rows stay what they are: none is made or deleted, so that their vectors stay with them, and what each
    looked like is not touched.
    """
    connection = op.get_bind()
    changes = []
    for number, said, corrected in connection.execute(_CORRECTED):
        plate = "".join(unicodedata.normalize("NFC", corrected).upper().split())
        if not plate or plate == said:
            continue
        changes.append(
            {
                "number_": number,
                "text_": plate,
                "confidences_": [0.0 if one == _UNKNOWN else 1.0 for one in plate],
                "accepted_": _UNKNOWN not in plate,
            }
        )
    for begin in range(0, len(changes), _AT_ONCE):
        connection.execute(_CHANGE, changes[begin : begin + _AT_ONCE])
