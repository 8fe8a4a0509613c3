"""What became of canaries as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fedaug.privacy.deid.scoring.canary import CanaryReport, Survivors
from fedaug.privacy.deid.scoring.table import narrow, share_of


def canary_table(report: CanaryReport) -> RenderableType:
    """A row for each type of canary, then the sum; fits a terminal of 80 columns."""
    table = Table(title="Canaries that were missed", title_justify="left", box=None, pad_edge=False)
    table.padding = (0, 2, 0, 0)
    table.add_column("type", no_wrap=True)
    for heading in ("planted", "missed", "share", "95 %", "whole"):
        table.add_column(heading, justify="right", no_wrap=True)
    for kind, one in sorted(report.types.items()):
        table.add_row(f"{kind} (kept)" if kind in report.kept else kind, *_cells(one))
    table.add_section()
    table.add_row("all but those kept", *_cells(report.overall), style="bold")
    notes = (
        "kept: the policy leaves what is found of it in the text",
        "whole: stands in the result from its first letter to its last",
        f"texts set aside, in none of these figures: {report.set_aside:,} of {report.texts:,}",
    )
    return Group(table, Text(""), *map(Text, notes))


def _cells(one: Survivors) -> Iterator[str]:
    yield f"{one.planted:,}"
    yield f"{one.missed:,}"
    yield share_of(one.missed / one.planted if one.planted else None)
    yield narrow(one.interval)
    yield f"{one.survived:,}"
