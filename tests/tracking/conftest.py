"""A spool of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock
from app.kernel.extensions import Extensions
from app.kernel.services import Services, build, install
from app.kernel.settings import Settings


@pytest.fixture
def services(settings: Settings, clock: FixedClock, extensions: Extensions, tmp_path: Path) -> Iterator[Services]:
    made = install(build(extensions, replace(settings, spool_dir=tmp_path), clock=clock))
    yield made
    made.database.dispose()
