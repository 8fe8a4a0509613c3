"""``fedaug site report``: the site's own edition of the report."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fedaug import __version__
from fedaug.console import commands, needs
from fedaug.errors import ConfigError

_NOTE = "A sample of this site’s own records, labelled by its people."


def report(
    folder: Annotated[Path, typer.Argument(help="The site's folder.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page, named .html; for its owner alone.")],
    labelled: Annotated[
        Path | None,
        typer.Option(metavar="SCORE.json", help="What `fedaug deid score --json` printed of the site's sample."),
    ] = None,
    note: Annotated[str, typer.Option(help="What the labelled sample is, in a sentence.")] = _NOTE,
    as_json: Annotated[bool, typer.Option("--json", help="The facts as one JSON object, besides the page.")] = False,
) -> None:
    """Write the site's own report: what it spent, what it holds, what de-identification misses, findings of class S.

    It holds exact counts and may not leave the site; the coordinator's report has none of it.

    Example: fedaug site report st-mary --out st-mary.html --labelled score.json
    """
    with commands():
        if out.suffix.lower() not in (".html", ".htm"):
            raise ConfigError("--out is not named .html", "name it so, for a browser to open it")
        with needs("client"):
            from fedaug.client.report import gather, write_site_report  # noqa: PLC0415 - --help shall not wait for it
            from fedaug.client.site import Site  # noqa: PLC0415 - as above
            from fedaug.pages.recall import read_score  # noqa: PLC0415 - as above

        score = None if labelled is None else read_score(labelled, note)
        with closing(Site.open(folder)) as site:
            data = gather(site, datetime.now(UTC), __version__, score)
        write_site_report(data, out)
        typer.echo(data.model_dump_json() if as_json else f"site's own report: {out}; it stays at the site")
