"""The database: one engine, one way to open a transaction, and the only commit in the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import structlog
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column
from sqlalchemy.pool import NullPool, PoolProxiedConnection

from app.kernel.extensions import Extensions
from app.kernel.refusals import Refusal

log = structlog.get_logger()

# Who the application logs in as: it may become the two roles below and nobody else, above all not the tables' owner.
LOGIN_ROLE = "assent_login"
APP_ROLE = "assent_app"
READER_ROLE = "assent_reader"
# What makes the rows of this thread's transactions in the place of plain tuples, cursor by cursor; None: nobody does.
ROW_OBSERVER: ContextVar[Callable[[Any], Callable[[Any], tuple[Any, ...]]] | None] = ContextVar(
    "row_observer", default=None
)
# So long a thread waits for a connection of its process.
_POOL_SECONDS = 10
_SET_LOCAL = text("SELECT set_config(name, value, true) FROM unnest(:names ::text[], :values ::text[]) s (name, value)")


class Base(DeclarativeBase):
    """Parent of every table. Plain types mean: whole numbers 64 bit, times with zone, money to the cent."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: BigInteger,
        str: Text,
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        bytes: LargeBinary,
        Decimal: Numeric(14, 2),
    }


class Tenant:
    """Mixin: this table belongs to workspaces, and row-level security keeps them apart."""

    @declared_attr
    def workspace_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, sort_order=-2)


class Numbered(Tenant):
    """Mixin: a tenant table whose rows carry an id of their own; the key is (workspace_id, id)."""

    @declared_attr
    def id(cls) -> Mapped[int]:
        return mapped_column(Identity(), primary_key=True, sort_order=-1)


@dataclass(frozen=True)
class Limits:
    """How long one transaction may wait for a lock, and one of its statements may take."""

    lock: timedelta
    statement: timedelta


class Database:
    """The engine behind one URL. Connections act as a role that owns nothing and bypasses nothing.

    Its sessions carry the `extensions`, so that an action finds them wherever it is called.
    """

    def __init__(
        self, url: str, *, pool_size: int = 8, limits: Limits | None = None, extensions: Extensions | None = None
    ) -> None:
        pool: dict[str, Any] = {"poolclass": NullPool}
        if pool_size:
            pool = {"pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": _POOL_SECONDS}
        self.limits = limits
        self.extensions = extensions or Extensions()
        self.url = sqlalchemy_url(url)
        # Without the values: what went wrong is logged, and who it went wrong for is nobody's business there.
        self.engine = create_engine(self.url, pool_pre_ping=True, hide_parameters=True, **pool)
        event.listen(self.engine, "connect", _assume_role)

    @contextmanager
    def transaction(
        self, workspace_id: int | None = None, *, actor_id: int | None = None, reading: bool = False
    ) -> Iterator[Session]:
        """Open a session in one transaction; commit when the block ends well, roll back when it raises.

        `workspace_id` decides which tenant's rows exist inside; None sees none. `actor_id` lets a member of staff see
        their own memberships anywhere. `reading` makes it read-only under the reader role, whose policies are open so
        that GIN indexes can be used: what runs there must carry the workspace in its own predicate.
        """
        with Session(self.engine, expire_on_commit=False, info=self.extensions.by_class) as session:
            local = self._local(workspace_id, actor_id)
            session.execute(_SET_LOCAL, {"names": list(local), "values": list(local.values())})
            if reading:
                session.execute(text(f"SET LOCAL ROLE {READER_ROLE}"))
                session.execute(text("SET TRANSACTION READ ONLY"))
            with _observed(session):
                yield session
                session.commit()

    def _local(self, workspace_id: int | None, actor_id: int | None) -> dict[str, str]:
        """Return the settings of one transaction."""
        local = {"app.workspace_id": str(workspace_id or ""), "app.actor_id": str(actor_id or "")}
        if self.limits:
            local["lock_timeout"] = str(_milliseconds(self.limits.lock))
            local["statement_timeout"] = str(_milliseconds(self.limits.statement))
        return local

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def forget_connections(self) -> None:
        """Leave every pooled connection to the process that opened it, and open new ones: for a forked child."""
        self.engine.dispose(close=False)


class KeptConnection:
    """A connection that one thread keeps for many short transactions of the driver's own statements in one workspace.

    It does without session, pool and their checks, which cost several times what such a transaction does. Whatever goes
    wrong ends the connection; the next transaction opens another one.
    """

    def __init__(self, database: Database, workspace_id: int) -> None:
        self._database = database
        local = database._local(workspace_id, None)
        self._set_local = "SELECT " + ", ".join("set_config(%s, %s, true)" for _ in local)
        self._settings = [word for pair in local.items() for word in pair]
        self._pooled: PoolProxiedConnection | None = None

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a transaction; commit when the block ends well, roll back when it raises. Never commit in it."""
        if self._pooled is None:
            self._pooled = self._database.engine.raw_connection()
        try:
            connection = _driver(self._pooled)
            connection.execute(self._set_local, self._settings)
            yield connection
            connection.commit()
        except BaseException:
            self._pooled.invalidate()
            self._pooled = None
            raise

    def close(self) -> None:
        """Give the connection back."""
        if self._pooled is not None:
            self._pooled.close()
            self._pooled = None


@contextmanager
def _observed(session: Session) -> Iterator[None]:
    """Let whoever observes this thread's rows make them, as long as the transaction lasts."""
    observer = ROW_OBSERVER.get()
    if observer is None:
        yield
        return
    connection = _driver(session.connection().connection)
    usual, connection.row_factory = connection.row_factory, observer
    try:
        yield
    finally:
        connection.row_factory = usual


def is_too_long(error: Exception) -> bool:
    """Say whether this transaction waited or worked longer than it may: nothing of it was kept."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled | PoolTimeout)


def is_away(error: Exception) -> bool:
    """Say whether the database could not be reached, or went away."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.errors.AdminShutdown | psycopg.errors.CannotConnectNow):
        return True
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None


def is_collision(error: Exception) -> bool:
    """Say whether PostgreSQL ended this transaction only because another was in its way: nothing of it was kept."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)


@contextmanager
def refusing_duplicates(session: Session, constraint: str, refusal: Refusal) -> Iterator[None]:
    """Raise the refusal where somebody else took the same at the same moment, and this constraint says so.

    Only what is flushed inside the block is undone. Objects changed in it must be read anew by whoever goes on.
    """
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.diag.constraint_name == constraint:
            raise refusal from None
        raise


def sqlalchemy_url(url: str) -> str:
    """Return the URL with the driver named."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _milliseconds(length: timedelta) -> int:
    return int(length / timedelta(milliseconds=1))


def enter(session: Session, workspace_id: int) -> None:
    """Let the rest of this transaction see the rows of a workspace that was made in it."""
    session.execute(_SET_LOCAL, {"names": ["app.workspace_id"], "values": [str(workspace_id)]})


def raw(session: Session) -> psycopg.Connection[Any]:
    """Return the driver's connection inside this transaction, for hot paths. Never commit on it."""
    return _driver(session.connection().connection)


def _driver(pooled: PoolProxiedConnection) -> psycopg.Connection[Any]:
    connection = pooled.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the engine is not on psycopg")
    return connection


def copy_text(session: Session, table: str, columns: Sequence[str], lines: bytes) -> None:
    """COPY lines in PostgreSQL's text format, an empty cell being NULL, into a table inside this transaction."""
    names = ", ".join(f'"{column}"' for column in columns)
    with (
        raw(session).cursor() as cursor,
        cursor.copy(f"COPY \"{table}\" ({names}) FROM STDIN (FORMAT text, NULL '')".encode()) as copy,
    ):
        copy.write(lines)


def _assume_role(connection: psycopg.Connection[Any], _record: object) -> None:
    """Step down from the login role, so that row-level security applies whoever the operator let us log in as."""
    previous, connection.autocommit = connection.autocommit, True
    _warn_of_owner(connection)
    connection.execute(f"SET ROLE {APP_ROLE}")
    connection.execute("SET timezone = 'UTC'")
    connection.autocommit = previous


# Who logs in as the owner of the tables, or may become it, undoes with one statement what the roles are for.
_MAY_BECOME_OWNER = """
SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('public.workspaces')
"""
_warned: set[str] = set()


def _warn_of_owner(connection: psycopg.Connection[Any]) -> None:
    """Say once in a process that the login is too strong; before the tables are made there is no owner to become."""
    login = connection.info.user
    if login in _warned:
        return
    _warned.add(login)
    row = connection.execute(_MAY_BECOME_OWNER).fetchone()
    if row and row[0]:
        log.warning("database.login_may_become_owner", login=login, better=LOGIN_ROLE)
