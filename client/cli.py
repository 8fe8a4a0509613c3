"""``fedaug site``: what the people of a site do."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedaug.console import ConsoleNarrator, ask_twice, commands, needs

if TYPE_CHECKING:
    from fedaug.client.preparation import Prepared
    from fedaug.client.records import RowReport
    from fedaug.client.site import Site, SiteStatus

site = typer.Typer(no_args_is_help=True, help="One site: make it, check and prepare its records, see what it spent.")

Folder = Annotated[Path, typer.Argument(help="The site's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@site.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make; it holds no site yet.")],
    *,
    source: Annotated[Path, typer.Option("--source", metavar="FILE", help="The records: .csv, .jsonl or .parquet.")],
    text: Annotated[str, typer.Option("--text", metavar="COLUMN", help="The column that holds the text.")],
    label: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column that holds the label.")] = None,
    record_id: Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Names a record, once each.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="COLUMN", help="Names the patient or account.")] = None,
    name: Annotated[str | None, typer.Option(help="The site's name; the folder's name by default.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="The most that all campaigns together may spend: 4.")] = None,
    delta: Annotated[float | None, typer.Option(help="Far below one over the number of records: 1e-5.")] = None,
    unit: Annotated[str | None, typer.Option(help="Whom ε protects: record or subject.")] = None,
) -> None:
    """Make a site: its folder, site.toml and keys. Records are not read yet.

    The passphrase of the keys is found as `fedaug keys --help` says.

    Example: fedaug site init st-mary --source notes.csv --text note --label section --subject patient
    """
    with commands():
        site_class = _site_class()
        from fedaug.privacy.keys import find_passphrase  # noqa: PLC0415 - --help shall not wait for it

        made = site_class.init(
            folder,
            source=source,
            text=text,
            label=label,
            name=name,
            passphrase=find_passphrase(folder, ask=ask_twice),
            source__columns__record_id=record_id,
            source__columns__subject_id=subject,
            privacy__epsilon=epsilon,
            privacy__delta=delta,
            privacy__unit=unit,
        )
        made.close()
        typer.echo(f"site {made.settings.name} is in {folder}; next: fedaug site check {folder}")


@site.command()
def check(folder: Folder, *, as_json: AsJson = False) -> None:
    """Read the whole source, count what is wrong with it, and write nothing.

    Rows are told by reason and number, never by what is in them. The exit status is 2 if prepare would stop.

    Example: fedaug site check st-mary
    """
    with commands(), _opened(folder) as opened:
        report = opened.check()
        typer.echo(json.dumps(report.as_dict()) if as_json else "\n".join(_rows(report)))
        opened.require(report)


@site.command()
def prepare(folder: Folder, *, as_json: AsJson = False) -> None:
    """De-identify the source's records and seal them, with their embeddings, in the site's store.

    What is in the store already is replaced once all of it is ready. A run that was interrupted goes on where it was.

    Example: fedaug site prepare st-mary
    """
    with commands(interrupted="interrupted; what is de-identified is kept, and the next prepare goes on from there"):
        with _opened(folder) as opened, ConsoleNarrator() as narrator:
            narrator.phase("read the source")
            done = opened.prepare(_phase(narrator, "embed records"), _phase(narrator, "de-identify and seal records"))
        typer.echo(json.dumps(_prepared_values(done)) if as_json else "\n".join(_prepared_lines(done)))


@site.command()
def status(folder: Folder, *, as_json: AsJson = False) -> None:
    """What is prepared, and what privacy the site has spent of its budget, by release.

    Example: fedaug site status st-mary --json
    """
    with commands(), _opened(folder) as opened:
        found = opened.status()
        typer.echo(json.dumps(_status_values(found)) if as_json else "\n".join(_status_lines(found)))


def _site_class() -> type[Site]:
    with needs("client"):
        from fedaug.client.site import Site  # noqa: PLC0415 - torch takes seconds; --help shall not wait for it

    return Site


@contextmanager
def _opened(folder: Path) -> Iterator[Site]:
    with closing(_site_class().open(folder)) as opened:
        yield opened


def _phase(narrator: ConsoleNarrator, name: str) -> Any:  # noqa: ANN401 - an encoder.Progress, whose module loads torch
    """Tells of a phase, from its first step on."""
    begun = False

    def told(done: int, total: int) -> None:
        nonlocal begun
        if not begun:
            narrator.phase(name)
            begun = True
        narrator.step(done, total)

    return told


def _prepared_values(done: Prepared) -> dict[str, Any]:
    return {
        "records": done.records,
        "quarantined": done.quarantined,
        "quarantined_reasons": dict(sorted(done.reasons.items())),
        "found": dict(sorted(done.found.items())),
        "policy": done.policy,
        "notes": done.notes,
        "safe_harbor": done.safe_harbor.as_json(),
        "rows": done.rows.as_dict(),
    }


def _prepared_lines(done: Prepared) -> Iterator[str]:
    yield from _rows(done.rows)
    yield f"{done.records:,} records are in the store; {done.quarantined:,} could not be de-identified"
    for reason, count in done.reasons.most_common():
        yield f"  {reason}: {count:,}"
    if done.found:
        # Exact counts, which is fine here: this goes to the site's own people.
        found = ", ".join(f"{name} {count:,}" for name, count in done.found.most_common())
        yield f"found, by the policy {done.policy}: {found}"
    yield from (f"note: {note}" for note in done.notes)
    yield "the Safe Harbor checklist of the policy: fedaug deid policy show, or --json here"


def _rows(report: RowReport) -> Iterator[str]:
    yield f"{report.accepted:,} usable rows, {report.rejected:,} bad ones"
    for reason, count in sorted(report.counts.items()):
        known = report.rows[reason]
        rows = ", ".join(map(str, known)) + (" …" if count > len(known) else "")
        yield f"  {reason}: {count:,} ({'row' if count == 1 else 'rows'} {rows})"


def _plain(epsilon: float) -> float | str:
    return "inf" if math.isinf(epsilon) else epsilon  # JSON has no infinity


def _status_values(found: SiteStatus) -> dict[str, Any]:
    return {
        "name": found.name,
        "prepared": found.prepared,
        "unit": str(found.unit),
        "spent": _plain(found.spent),
        "budget": _plain(found.cap),
        "delta": found.delta,
        "releases": [
            {
                "campaign": entry.campaign,
                "key": entry.event.key,
                "kind": str(entry.event.release),
                "state": str(entry.state),
                "sensitivity": entry.event.sensitivity,
                "noise_std": entry.event.noise_std,
            }
            for entry in found.charges
        ],
    }


def _status_lines(found: SiteStatus) -> Iterator[str]:
    yield f"site {found.name}: {'prepared' if found.prepared else 'not prepared; next: fedaug site prepare'}"
    yield f"spent: ε {found.spent:.2f} of {found.cap:.2f} per {found.unit} at δ {found.delta:g}"
    for entry in found.charges:
        event = entry.event
        yield f"  {entry.campaign}  {event.key}  {event.release}  {entry.state}  noise {event.noise_std:.4g}"
