"""Lines of the demonstration's result: each compares an outside count with Assent's."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Line:
    """One thing counted twice."""

    what: str
    outside: object
    inside: object
    why: str = ""

    @property
    def agrees(self) -> bool:
        return self.outside == self.inside


@dataclass
class Sums:
    """The lines in the order in which things happened, under headings."""

    lines: list[Line | str] = field(default_factory=list)

    def head(self, title: str) -> None:
        self.lines.append(title)

    def add(self, what: str, outside: object, inside: object, why: str = "") -> None:
        """Compare a count made outside with the one Assent keeps."""
        self.lines.append(Line(what, outside, inside, why))

    @property
    def differing(self) -> list[Line]:
        return [line for line in self.lines if isinstance(line, Line) and not line.agrees]

    def show(self, console: Console) -> None:
        table = Table(title="What was counted, twice", title_justify="left", header_style="bold", show_lines=False)
        table.add_column("", max_width=58)
        table.add_column("outside", justify="right")
        table.add_column("in Assent", justify="right")
        table.add_column("")
        for line in self.lines:
            if isinstance(line, str):
                table.add_section()
                table.add_row(f"[bold]{line}[/bold]")
            else:
                mark = "[green]✓[/green]" if line.agrees else "[red]✗[/red]"
                what = f"{line.what} [dim]{line.why}[/dim]" if line.why else line.what
                table.add_row(what, _shown(line.outside), _shown(line.inside), mark)
        console.print(table)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
