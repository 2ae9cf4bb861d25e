"""Entries of the access log may be deleted once they are old: it tells whose plates were looked for."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# As `storage.access_log.KEPT_AT_LEAST`; a migration keeps what held when it was written.
_DAYS = 30
_REFUSED = "access_log is append-only"


def upgrade() -> None:
    """Refuse every change, and to delete what is younger than 30 days; index the entries by time."""
    op.create_index("ix_access_log_at", "access_log", ["at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(sa.text("DROP TRIGGER IF EXISTS access_log_no_delete"))
        op.execute(
            f"CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log"
            f" WHEN OLD.at > datetime('now', '-{_DAYS} days')"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
        return
    op.execute("DROP TRIGGER IF EXISTS access_log_append_only ON access_log")
    op.execute(
        "CREATE TRIGGER access_log_append_only BEFORE UPDATE OR TRUNCATE ON access_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION access_log_append_only()"
    )
    op.execute(
        f"CREATE FUNCTION access_log_young() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF OLD.at > now() - interval '{_DAYS} days' THEN"
        f" RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER access_log_young BEFORE DELETE ON access_log"
        " FOR EACH ROW EXECUTE FUNCTION access_log_young()"
    )
