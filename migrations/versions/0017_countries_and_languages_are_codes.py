"""What is on record about countries, languages and time zones is kept by its code; what names none stays as it is."""

from alembic import op
from sqlalchemy import text

from app.customers.profiles import codes

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    # As the application, whose policies show the rows of one workspace at a time: the owner may see none of them.
    connection.execute(text("SET LOCAL ROLE assent_app"))
    for workspace_id in connection.scalars(text("SELECT id FROM workspaces ORDER BY id")).all():
        connection.execute(text("SELECT set_config('app.workspace_id', :id, true)"), {"id": str(workspace_id)})
        for column, find in codes.FIND.items():
            _rewrite(connection, workspace_id, column, find)
    connection.execute(text("RESET ROLE"))
    connection.execute(text("SELECT set_config('app.workspace_id', '', true)"))


def downgrade() -> None:
    """Codes were always taken; nothing is to be undone."""


def _rewrite(connection, workspace_id, column, find) -> None:
    here = {"workspace_id": workspace_id}
    held = f"SELECT DISTINCT {column} FROM customers WHERE workspace_id = :workspace_id AND {column} IS NOT NULL"
    for value in connection.scalars(text(held), here).all():
        code = find(value)
        if code is not None and code != value:
            change = f"UPDATE customers SET {column} = :code WHERE workspace_id = :workspace_id AND {column} = :value"
            connection.execute(text(change), {**here, "code": code, "value": value})
