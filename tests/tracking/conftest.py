"""An empty spool for every test."""

from __future__ import annotations

import shutil

import pytest

from app.kernel.services import Services


@pytest.fixture
def services(services: Services) -> Services:
    """The services of this process, whose spool holds nothing that earlier tests left."""
    shutil.rmtree(services.settings.spool_dir, ignore_errors=True)
    return services
