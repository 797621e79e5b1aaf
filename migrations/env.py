"""Runs the steps as the schema's owner, one transaction each, and gives up rather than queue behind a long lock."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.kernel.database import sqlalchemy_url
from migrations import schema

LOCK_TIMEOUT = "10s"


def run() -> None:
    url = context.config.attributes.get("url") or os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=schema.import_models(),
            transaction_per_migration=True,
            compare_server_default=False,
            include_name=schema.is_modelled,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
