"""`make run`: everything on this machine, with the demonstration on its first start."""

from __future__ import annotations

import argparse
import sys

from app import running
from app.kernel import logs
from demo import showing


def main() -> None:
    """Start everything; with `--once` play the demonstration, then stop, and fail if a count is off."""
    logs.configure()
    parser = argparse.ArgumentParser(prog="assent run", description="Start everything on this machine.")
    parser.add_argument(
        "--once", action="store_true", help="play the demonstration, then stop; fails if a count is off"
    )
    sys.exit(running.run(showing, once=parser.parse_args().once))


if __name__ == "__main__":
    main()
