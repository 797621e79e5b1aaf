"""Databases and services that carry other extensions than the installation's."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from app.kernel.database import Database
from app.kernel.services import Services


def carrying(database: Database, *entries: object) -> Database:
    """The same database, whose sessions carry these entries in the places of others."""
    made = copy(database)
    made.extensions = database.extensions.replacing(*entries)
    return made


def extended(services: Services, *entries: object) -> Services:
    """The same services with these entries in the places of others."""
    database = carrying(services.database, *entries)
    return replace(services, database=database, extensions=database.extensions)
