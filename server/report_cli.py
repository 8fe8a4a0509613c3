"""``fedaug report``: draw a run's report once more, with what was found since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fedaug.console import commands, needs
from fedaug.errors import ConfigError


def report(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A run's folder: what fedaug simulate wrote.")],
    *,
    beside: Annotated[
        list[Path] | None,
        typer.Option("--beside", metavar="OUT", help="Another run of the campaign, to plot against ε; repeatable."),
    ] = None,
    deid_score: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Output of `fedaug deid score --json`, of generated or public text only."),
    ] = None,
    note: Annotated[str, typer.Option(help="What the text of --deid-score is, in a sentence.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Draw a run's report once more: with its audit, other runs beside it, and what de-identification misses.

    The report goes to the whole consortium. A score of real records belongs in a site's own report: fedaug site report.

    Example: fedaug report out/banking --beside out/banking-1 --beside out/banking-8
    """
    with commands():
        with needs("server"):
            from fedaug.pages.recall import read_score  # noqa: PLC0415 - --help shall not wait for it
            from fedaug.server.report.gather import redraw  # noqa: PLC0415 - as above

        if deid_score is not None and not note.strip():
            raise ConfigError("--deid-score needs --note", "say what the text is, and that it is no site's record")
        score = None if deid_score is None else read_score(deid_score, note.strip())
        data, page = redraw(folder, beside=beside or [], deidentification=score)
        shown = {
            "report": str(page),
            "audited": data.audit is not None,
            "passed": data.audit.passed if data.audit else None,
            "runs": len(data.utility.budgets),
            "anomalies": None if data.anomalies is None else len(data.anomalies.flags),
        }
        if as_json:
            typer.echo(json.dumps(shown))
            return
        typer.echo(f"report: {page}")
        for flag in data.anomalies.flags if data.anomalies else ():
            what = "set aside" if flag.set_aside else "flagged"
            typer.echo(
                f"{flag.site} is {what}: {flag.check} in {flag.release}, {flag.figure:.4g} beside {flag.threshold:.4g}"
            )
