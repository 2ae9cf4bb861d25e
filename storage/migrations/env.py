"""Runs the migrations on the connection `storage.database.upgrade` gives; Alembic loads this file itself."""

from alembic import context
from sqlmodel import SQLModel

import storage.analysis_table
import storage.device_tables
import storage.sighting_tables
import storage.tables  # noqa: F401  (fills the metadata that --autogenerate compares with)

connection = context.config.attributes["connection"]
# SQLite can roll back DDL, and our transactions begin explicitly, so a migration is all or nothing there too.
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
