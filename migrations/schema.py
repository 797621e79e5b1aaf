"""The tables of the first schema and how a database comes to have them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

from app.kernel.database import Base

ROOT = Path(__file__).parent.parent
PARTITION = re.compile(r"activities_(\d{4}_\d{2}|default)")


def import_models() -> MetaData:
    """Import every room's models and return the metadata they fill."""
    importlib.import_module("app.kernel.queueing.outages")
    importlib.import_module("app.kernel.queueing.outbox")
    for models in sorted((ROOT / "app").rglob("models.py")):
        importlib.import_module(".".join(models.relative_to(ROOT).with_suffix("").parts))
    return Base.metadata


def is_modelled(name: str | None, kind: str, parents: object) -> bool:  # noqa: ARG001  as Alembic asks
    """Say whether something of the database has a model: partitions have none, they are parts of a table that has."""
    return kind != "table" or name is None or not PARTITION.fullmatch(name)


def config(url: str) -> Config:
    """Return the settings Alembic needs to work on this database, whose owner the URL must name."""
    made = Config(str(ROOT / "alembic.ini"))
    made.attributes["url"] = url
    return made


def upgrade(url: str) -> None:
    """Bring the database to the latest step."""
    command.upgrade(config(url), "head")


def downgrade(url: str) -> None:
    """Take every step back: what remains is an empty database."""
    command.downgrade(config(url), "base")
