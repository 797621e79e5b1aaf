"""What an operator announces stands in the file that pages read, until it is taken away."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from app.commands import announcing
from app.kernel.announcements import Board


def test_an_announcement_stands_until_it_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "told.json"
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("ANNOUNCEMENT_FILE", str(file))
    parser = argparse.ArgumentParser()
    announcing.add_to(parser.add_subparsers())
    before = dict(os.environ)

    def run(*words: str) -> int:
        arguments = parser.parse_args(["announce", *words])
        try:
            status: int = arguments.act(arguments)
        finally:
            for name in set(os.environ) - set(before):
                monkeypatch.delenv(name)
        return status

    assert run("We upgrade at six.", "--zh", "六点升级。") == 0
    said = Board(file).current()
    assert said
    assert said.texts == {"en": "We upgrade at six.", "zh": "六点升级。"}

    assert run("x" * 301) == 2
    assert "At most 300 characters" in capsys.readouterr().err
    assert Board(file).current() == said

    assert run() == 0
    assert Board(file).current() is None
