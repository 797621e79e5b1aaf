"""`assent announce`: what the operator tells everybody who is signed in."""

from __future__ import annotations

import argparse
import sys

from app import running
from app.kernel import announcements, settings


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("announce", help="tell everybody who is signed in something; without words, no longer")
    most = f"one sentence, at most {announcements.LONGEST} characters"
    parser.add_argument("words", nargs="?", default="", help=most)
    parser.add_argument("--zh", default="", help="the same for those who read Chinese")
    parser.set_defaults(act=_announce)


def _announce(arguments: argparse.Namespace) -> int:
    running.use_local_parts()
    file = settings.read().announcement_file
    assert file, "the environment always names one"
    words, chinese = arguments.words.strip(), arguments.zh.strip()
    if not words and not chinese:
        print("It is no longer shown." if announcements.withdraw(file) else "Nothing was announced.")
        return 0
    if max(len(words), len(chinese)) > announcements.LONGEST:
        print(f"At most {announcements.LONGEST} characters are shown.", file=sys.stderr)
        return 2
    texts = {code: said for code, said in (("en", words), ("zh", chinese)) if said}
    announcements.announce(file, announcements.Announcement(texts))
    print("Every page of staff shows it now. Take it away with: announce")
    return 0
