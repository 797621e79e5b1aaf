"""`assent find-duplicates`: the people of a file who are probably the same."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from app.customers.duplicates import linkage, records, report


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("find-duplicates", help="list the people of a file who are probably the same")
    parser.add_argument("file", type=Path, help="CSV, JSON Lines or a workbook; columns are found by headings")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    least = f"only pairs at least so probable, from 0 to 1 ({linkage.LEAST})"
    parser.add_argument("--least", type=_share, default=linkage.LEAST, metavar="PROBABILITY", help=least)
    parser.set_defaults(act=_find)


def _find(arguments: argparse.Namespace) -> int:
    with arguments.file.open("rb") as file:
        found = records.read(file)
    # Whoever reads the list may stop in the middle of it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    pairs = linkage.find_pairs(found.people, least=arguments.least)
    if arguments.json:
        print(report.as_json(found, pairs))
    else:
        for line in report.as_lines(found, pairs):
            print(line)
    return 0


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a number from 0 to 1")
    return share
