"""The services of a process: settings, clock, database and tokens, built once at the edge."""

from __future__ import annotations

import os
from dataclasses import dataclass

from app.kernel import clock as clocks
from app.kernel import settings as configuration
from app.kernel.clock import Clock
from app.kernel.database import Database, Limits
from app.kernel.extensions import Extensions, Installation
from app.kernel.settings import Settings
from app.kernel.tokens import Tokens


@dataclass(frozen=True)
class Services:
    """The ports of this installation; everything but a view is handed what it needs of them."""

    settings: Settings
    clock: Clock
    database: Database
    tokens: Tokens
    extensions: Extensions


_installed: list[Services] = []


def build(
    extensions: Extensions,
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> Services:
    """Return services for these settings (by default: those of the environment); transactions are held to `limits`."""
    settings = settings or configuration.read()
    extensions = extensions.replacing(Installation(settings.public_url))
    database = Database(settings.database_url, pool_size=settings.pool_size, limits=limits, extensions=extensions)
    return Services(
        settings=settings,
        clock=clock or clocks.choose(settings.clock_file),
        database=database,
        tokens=Tokens(settings.secret_keys),
        extensions=extensions,
    )


def install(given: Services) -> Services:
    """Make these the services of this process."""
    _installed[:] = [given]
    return given


def services() -> Services:
    """Return this process's services, which the process installed when it began."""
    return _installed[0]


def _begin_as_child() -> None:
    """Keep what was learned before the fork, and open connections anew; Redis clients see for themselves."""
    for each in _installed:
        each.database.forget_connections()


os.register_at_fork(after_in_child=_begin_as_child)
