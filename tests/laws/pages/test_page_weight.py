"""Every page of staff comes to at most 200 KB packed the first time it is opened, without the editor and charts."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app.kernel.services import Services
from app.web import assets
from tests.factories.furnished import furnish
from tests.factories.workspaces import WorkspaceForTests

MOST_BYTES = 200 * 1024
_ASSET = re.compile(r'(?:src|href)="/assets/([^"#?]+)')
# Loaded where somebody writes or looks at pictures; letters beyond Latin's first block, where a page has some.
_LOADED_WHEN_NEEDED = ("editor-", "charts-", "inter-latin-ext-")
# Downloads, which are no pages.
_FILES = (".csv", ".json")


def packed(name: str) -> int:
    """Return what an asset weighs on the wire."""
    file = Path(assets.DIST) / name
    beside = file.with_name(f"{name}.gz")
    return (beside if beside.exists() else file).stat().st_size


def test_every_page_is_light(app: Flask, client: FlaskClient, services: Services, workspace: WorkspaceForTests):
    furnished = furnish(services, workspace)
    # Style sheets ask for the fonts.
    fonts = {path.name for path in Path(assets.DIST).glob("*.woff2")}
    weights = {}
    for rule in app.url_map.iter_rules():
        guard = getattr(app.view_functions[rule.endpoint], "guard", None)
        if guard is None or guard.kind != "role" or "GET" not in (rule.methods or ()) or rule.rule.endswith(_FILES):
            continue
        answer = client.get(furnished.address(rule), follow_redirects=True)
        names = {name for name in {*_ASSET.findall(answer.text), *fonts} if not name.startswith(_LOADED_WHEN_NEEDED)}
        weights[rule.rule] = len(gzip.compress(answer.data)) + sum(map(packed, names))

    assert {page: weight for page, weight in weights.items() if weight > MOST_BYTES} == {}
    assert len(weights) > 50
