"""The first schema: every room's tables as its file in `first_schema` says, and who may read and write them."""

from pathlib import Path

from alembic import op

from app.kernel import tenancy

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FOLDER = Path(__file__).parent.parent / "first_schema"
# In the order of the floors: a table may refer to those of its own room and of rooms before it.
ROOMS = (
    "kernel",
    "accounts",
    "brands",
    "customers",
    "commerce",
    "consent",
    "followup",
    "cadence",
    "segments",
    "tracking",
    "delivery",
    "campaigns",
    "journeys",
    "api",
)

_DROP_ALL = """
DO $$ DECLARE each text; BEGIN
  FOR each IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version' LOOP
    EXECUTE 'DROP TABLE ' || each || ' CASCADE'; END LOOP;
  FOR each IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
    EXECUTE 'DROP FUNCTION ' || each || ' CASCADE'; END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute(tenancy.ROLES)
    op.execute(tenancy.LOGIN)
    op.execute(tenancy.GRANTS)
    for room in ROOMS:
        _run((FOLDER / f"{room}.sql").read_text(encoding="utf-8"))
    for table in tenancy.tenant_tables(op.get_bind()):
        for statement in tenancy.policies(table):
            op.execute(statement)


def downgrade() -> None:
    """Drop everything; the roles stay, since other databases of the server may be used through them."""
    _run(_DROP_ALL)
    op.execute(tenancy.UNDO_GRANTS)


def _run(script: str) -> None:
    """Run a script of several statements as it is written, percent signs and colons included."""
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
