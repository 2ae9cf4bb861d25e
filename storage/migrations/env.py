"""Runs the migrations on the connection `storage.database.upgrade` gives; Alembic loads this file itself."""

from importlib import import_module

from alembic import context
from sqlmodel import SQLModel

# They fill the metadata that --autogenerate compares with.
for module in (
    "account_tables",
    "analysis_table",
    "device_tables",
    "notification_table",
    "review_tables",
    "sighting_tables",
    "tables",
):
    import_module(f"storage.{module}")

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
