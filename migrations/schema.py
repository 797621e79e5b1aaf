"""Which tables are there? Every room's models, gathered for whoever must know all of them."""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData

from app.kernel.database import Base


def import_models() -> MetaData:
    """Import every room's models and return the metadata they fill."""
    importlib.import_module("app.kernel.outbox")
    for models in sorted((Path(__file__).parent.parent / "app").glob("*/models.py")):
        importlib.import_module(f"app.{models.parent.name}.models")
    return Base.metadata
