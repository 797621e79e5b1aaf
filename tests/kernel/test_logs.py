"""A log says where things went wrong, and nothing of what anybody wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_PROGRAM = """
import logging, structlog
from app.kernel import logs
logs.configure()

def read(mail):
    words = mail.split()
    raise {raised}

try:
    read("Dear shop, my daughter is ill. ada@example.com")
except Exception as error:
    {told}
"""
_RAISED = {
    "our own": 'ValueError("no such thing")',
    "with an address": 'ValueError("no mailbox ada@example.com here")',
    "of the database": "__import__('sqlalchemy').exc.IntegrityError('INSERT', {}, __import__('psycopg').errors"
    ".UniqueViolation('duplicate key\\nDETAIL: Key (excerpt)=(my daughter is ill)'))",
}
_TOLD = {
    "structlog": 'structlog.get_logger().error("went_wrong", exc_info=error)',
    "logging": 'logging.getLogger("flask").error("went_wrong", exc_info=error)',
    "nobody": "raise",
    "a thread": "import threading; threading.Thread(target=read, args=('my daughter is ill',)).start()",
}


@pytest.mark.parametrize("form", ["json", "lines"])
@pytest.mark.parametrize("told", _TOLD)
@pytest.mark.parametrize("raised", _RAISED)
def test_a_traceback_holds_no_locals_and_no_address(raised: str, told: str, form: str) -> None:
    """structlog's own prints every variable of every frame; the database's words quote the row."""
    program = _PROGRAM.replace("{raised}", _RAISED[raised]).replace("{told}", _TOLD[told])
    env = {"LOG_FORMAT": form, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", program]
    said = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False).stderr

    assert "daughter" not in said
    assert "ada@" not in said
    assert "Error" in said or "Violation" in said
    assert " read" in said
