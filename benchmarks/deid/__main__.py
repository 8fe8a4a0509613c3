"""Everything that must be shown of de-identification, in one command.

    python -m benchmarks.deid --json
    python -m benchmarks.deid --rows 1,2 --limit 200

Rows: 1 detection against Presidio, 2 what is flagged where nothing should be, and what a student loses, 3 Spanish
reports, 4 spoken identities, 5 speed and memory, 6 relations that surrogates keep, 7 hostile texts. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.deid.rows import MODULES, Options, Row
from benchmarks.measure import result, show

SYSTEMS = ("ours", "ours_without_neural", "presidio", "presidio_names")


def measured(number: int, options: Options) -> Row:
    """One row. Its module is imported when it runs: each brings other libraries along."""
    row: Row = importlib.import_module(f"benchmarks.deid.{MODULES[number]}").row(options)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(map(str, MODULES)), help="rows to run, such as 1,2")
    parser.add_argument("--limit", type=int, help="texts of each corpus at most")
    parser.add_argument("--repeats", type=int, default=3, help="times that each side is timed")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    arguments = parser.parse_args()
    numbers = [int(part) for part in arguments.rows.split(",") if part.strip().isdigit()]
    if not numbers or not set(numbers) <= set(MODULES):
        parser.error("--rows names a row that does not exist")
    options = Options(limit=arguments.limit, repeats=arguments.repeats)
    rows = {}
    for number in numbers:
        began = time.perf_counter()
        rows[number] = measured(number, options)
        print(f"row {number} {rows[number].name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        if not arguments.json:
            print_row(number, rows[number])
    first = rows[numbers[0]]
    print(
        result(
            "deid",
            unit=first.unit,
            ours=first.ours,
            alternative=first.alternative,
            ratio=first.ratio,
            rows={str(number): row.as_json() for number, row in rows.items()},
            settings={"rows": numbers, "limit": arguments.limit, "repeats": arguments.repeats},
        )
    )


def print_row(number: int, row: Row) -> None:
    """Tables for people: one line per figure, and one per bar."""
    print(f"\nrow {number}: {row.name} ({row.unit})")
    types = row.figures.get("presidio_synth", {}).get("ours", {}).get("types")
    for corpus in ("presidio_synth", "notes") if types else ():
        print(f"\n{corpus}, by type, ours")
        columns = ("labelled", "recall", "span_recall", "typed_recall", "precision")
        kinds = row.figures[corpus]["ours"]["types"]
        cells = [[kind, *(_shown(figures[column]) for column in columns)] for kind, figures in kinds.items()]
        show(["type", *columns], cells, sys.stdout)
    print()
    columns, rest = by_system(row.figures)
    if columns:
        names = list(dict.fromkeys(name for column in columns.values() for name in column))
        cells = [[name, *(_shown(column.get(name)) for column in columns.values())] for name in names]
        show(["figure", *columns], cells, sys.stdout)
        print()
    show(["figure", "value"], [[name, _shown(value)] for name, value in rest], sys.stdout)
    for bar, met in row.bars.items():
        print(f"{'met    ' if met else 'NOT MET'}  {bar}")


def by_system(figures: dict[str, Any]) -> tuple[dict[str, dict[str, object]], list[tuple[str, object]]]:
    """Figures that several systems have side by side, a column for each, and all others."""
    columns: dict[str, dict[str, object]] = {}
    rest: list[tuple[str, object]] = []
    for name, value in flat(figures):
        parts = name.split(".")
        system = next((part for part in parts if part in SYSTEMS), None)
        if system is None or len(parts) == 1 or "by_type" in name or "interval" in name:
            if system in (None, "ours"):
                rest.append((name, value))
            continue
        columns.setdefault(system, {})[".".join(part for part in parts if part != system)] = value
    return columns, rest


def flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Nested figures as one line each, by type left out."""
    for name, value in figures.items():
        if isinstance(value, dict):
            if name != "types":
                yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return " to ".join(map(_shown, value))
    return "–" if value is None else str(value)


if __name__ == "__main__":
    main()
