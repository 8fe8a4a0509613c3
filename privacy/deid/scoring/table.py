"""A score as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fedaug.privacy.deid.scoring.rates import Rates
from fedaug.privacy.deid.scoring.scorer import Score
from fedaug.privacy.wilson import Interval


def score_table(score: Score, *, records_per_s: float | None = None) -> RenderableType:
    """A row for each type, then what holds over all types; fits a terminal of 80 columns.

    Recall and precision are by span and count a finding of any type; ``covered`` is recall by letter and digit.
    """
    table = Table(
        title="What was found of what is labelled", title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False
    )
    table.add_column("type", no_wrap=True)
    for heading in ("spans", "covered", "recall", "95 %", "prec.", "95 %", "F2"):
        table.add_column(heading, justify="right", no_wrap=True)
    for kind, levels in score.types.items():
        table.add_row(kind, *_cells(levels))
    table.add_section()
    table.add_row("all", *_cells(score.overall), style="bold")
    return Group(table, Text(""), *map(Text, _lines(score, records_per_s)))


def _cells(levels: dict[str, Rates]) -> Iterator[str]:
    overlap = levels["overlap"]
    yield f"{overlap.counts.labelled:,}"
    yield share_of(levels["characters"].recall)
    yield share_of(overlap.recall)
    yield narrow(overlap.recall_interval)
    yield share_of(overlap.precision)
    yield narrow(overlap.precision_interval)
    yield share_of(overlap.f2)


def _lines(score: Score, records_per_s: float | None) -> Iterator[str]:
    characters, documents = score.overall["characters"], score.documents
    yield (
        f"letters and digits: recall {_between(characters.recall, characters.recall_interval)}, "
        f"precision {_between(characters.precision, characters.precision_interval)}"
    )
    yield (
        f"texts without a leak: {documents.without_leak:,} of {documents.with_identifiers:,} that hold identifiers: "
        f"{_between(documents.share, documents.interval)}"
    )
    yield f"texts set aside, in none of these figures: {documents.quarantined:,}"
    if records_per_s is not None:
        yield f"texts a second: {records_per_s:,.1f}"


def _between(share: float | None, interval: Interval | None) -> str:
    if share is None or interval is None:
        return "–"
    return f"{share_of(share)} ({share_of(interval[0])} to {share_of(interval[1])})"


def narrow(interval: Interval | None) -> str:
    """An interval in few characters."""
    return "" if interval is None else f"{share_of(interval[0])}–{share_of(interval[1])}"


def share_of(value: float | None) -> str:
    """Rounded down to three decimals: 0.9996 is not shown as 1."""
    return "–" if value is None else f"{int(value * 1_000 + 1e-9) / 1_000:.3f}"
