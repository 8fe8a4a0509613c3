"""``fedaug data``: which public data sets there are, and getting them onto this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from fedaug.augmentation.datasets import Progress as Report
from fedaug.augmentation.datasets import catalogue, data_folder, data_set, fetch, find
from fedaug.console import commands
from fedaug.errors import DataNotFound

app = typer.Typer(no_args_is_help=True, help="Public data sets: list them, fetch them.")

Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where data sets are kept; $FEDAUG_DATA or a cache folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@app.command("list")
def list_sets(*, folder: Folder = None, as_json: AsJson = False) -> None:
    """List the public data sets and where they lie.

    Example: fedaug data list
    """
    here = folder or data_folder()
    rows = {
        name: {
            "title": known.title,
            "licence": known.licence,
            "role": known.role,
            "bytes": sum(file.size for file in known.files),
            "folder": _where(name, here),
        }
        for name, known in sorted(catalogue().items())
    }
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for name, row in rows.items():
        download = "can be fetched" if row["bytes"] else "no download"
        typer.echo(f"{name}: {row['title']} ({row['licence']}, {download}) - {row['folder'] or 'not here'}")


@app.command("fetch")
def fetch_sets(
    names: Annotated[list[str], typer.Argument(help="Data sets.")], *, folder: Folder = None, as_json: AsJson = False
) -> None:
    """Download data sets from their public origins; every file is checked against its published hash.

    Example: fedaug data fetch clinc150 banking77
    """
    here = folder or data_folder()
    with commands():
        for name in names:
            data_set(name)  # a misspelt last name is told before the first download
        with httpx.Client(timeout=30.0) as client, _reporter(quiet=as_json) as report:
            folders = {name: str(fetch(name, here, client, report)) for name in names}
    typer.echo(json.dumps(folders) if as_json else "\n".join(f"{name}: {path}" for name, path in folders.items()))


def _where(name: str, folder: Path) -> str | None:
    try:
        return str(find(name, [folder]))
    except DataNotFound:
        return None


@contextmanager
def _reporter(*, quiet: bool) -> Iterator[Report]:
    """A bar on a terminal, one line for each finished file elsewhere, nothing beside JSON."""
    if quiet or not sys.stderr.isatty():
        yield _nothing if quiet else _line_per_file
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(name: str, here: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=size)
            bars.update(tasks[name], completed=here)

        yield show


def _nothing(name: str, here: int, size: int) -> None:
    """No progress is shown."""


def _line_per_file(name: str, here: int, size: int) -> None:
    if here == size:
        typer.echo(f"{name}: {size} bytes", err=True)
