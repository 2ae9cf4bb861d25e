"""What the migrations made, beside what the tables say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import SQLModel

import storage.analysis_table
import storage.device_tables
import storage.notification_table
import storage.sighting_tables  # noqa: F401  (they fill the metadata)

# On an expression of pgvector, which may be missing: only the migration knows it.
_ONLY_MIGRATED = "ix_vectors_neighbours"


def differences(engine: Engine) -> object:
    """Empty when both are the same."""

    def wanted(_item: object, name: str | None, *_rest: object) -> bool:
        return name != _ONLY_MIGRATED

    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": wanted}
        return compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)
