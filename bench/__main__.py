"""`make bench`: every figure in one table, with runs, spread and processor time beside wall time."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import (
    audience,
    events,
    gate,
    imports,
    journeys,
    membership,
    memory,
    pages,
    render,
    segments,
    send,
    tracking,
    webhooks,
)

Rows = list[dict[str, Any]]
# Figures that are measured together, by the function that measures them.
GROUPS: tuple[tuple[tuple[str, ...], Callable[..., Rows]], ...] = (
    (("render", "render_fallback", "render_ed25519", "render_rsa2048"), render.run),
    (("send", "send_ed25519", "send_rsa2048", "sender_rss_mb"), send.run),
    (("memory_web", "memory_relay", "memory_worker", "memory_valkey", "memory_all"), memory.run),
    (("snapshot", "launch"), audience.run),
    (("import_people_plain", "import_people", "import_orders"), imports.run),
    (("segment_narrow", "segment_broad", "segment_products"), segments.run),
    (("membership",), membership.run),
    (("gate",), gate.run),
    (("journey_step", "journey_move"), journeys.run),
    (("pages",), pages.run),
    (("click", "open", "ingest"), tracking.run),
    (("events_api",), events.run),
    (("webhooks_taken", "webhooks_worked"), webhooks.run),
)
NAMES = [name for names, _ in GROUPS for name in names]


def main() -> int:
    """Measure what is asked for, print it, and write it where asked."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="", help="names by comma; what is measured together runs together")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--scale", type=int, default=1, help="so many million customers for the segments; kept on disk")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or NAMES
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"No figure is called {', '.join(unknown)}. There are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    console = Console()
    rows: Rows = []
    for names, measure in GROUPS:
        if set(names) & set(wanted):
            with console.status(f"Measuring {', '.join(names)}"):
                made = measure(options.scale) if measure is segments.run else measure()
                rows += [row for row in made if row["name"].partition("@")[0] in wanted]
    _show(console, rows)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")
    return 0


def machine() -> str:
    """Return what the figures were measured on, in one line."""
    return f"{_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.system()}, Python {_python()}"


def _show(console: Console, rows: Rows) -> None:
    table = Table(title=machine(), title_justify="left", header_style="bold")
    table.add_column("")
    for column in ("median", "min", "max", "CPU µs", "floor", "× floor", "runs"):
        table.add_column(column, justify="right")
    table.add_column("unit")
    table.add_column("")
    for row in rows:
        spread = [_number(row.get(name)) for name in ("median", "min", "max", "cpu_us", "floor", "ratio")]
        floor = f"floor: {row['floor_of']}" if "floor_of" in row else ""
        note = "; ".join(part for part in (str(row.get("note", "")), floor) if part)
        table.add_row(row["name"], *spread, str(row["runs"]), row["unit"], note)
    console.print(table)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3


def _python() -> str:
    return platform.python_version()


if __name__ == "__main__":
    sys.exit(main())
