"""``fedaug simulate``: a whole consortium in one process."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fedaug.console import ConsoleNarrator, commands, needs
from fedaug.errors import ConfigError
from fedaug.simulation.audit_cli import require_passed, site_lines

if TYPE_CHECKING:
    from fedaug.server.report import ReportData
    from fedaug.simulation.run import Finished

_PLAIN: Final = (bool, int, float, str, list, dict)


def simulate(
    example: Annotated[Path, typer.Argument(help="A folder with campaign.toml and simulation.toml.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Run folder; out/NAME by default.", show_default=False)
    ] = None,
    train: Annotated[
        Path | None, typer.Option("--train", metavar="FILE", help="Records for the sites, in place of the example's.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option("--test", metavar="FILE", help="Held-out texts, in place of carved ones.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Replace a setting, by dotted name; may be repeated."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on at the last finished round.")] = False,
    audit: Annotated[
        int | None,
        typer.Option(
            "--audit",
            metavar="CANARIES",
            help="Audit the campaign afterwards, with so many canaries (0 for none, 1000 for a useful bound).",
            show_default=False,
        ),
    ] = None,
    pool: Annotated[
        str | None, typer.Option("--pool", metavar="URL", help="Database of the pool; a file in DIR by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of the last lines.")] = False,
) -> None:
    """Run a whole campaign with virtual sites in this process, and write a report.

    Example: fedaug simulate examples/banking --set privacy.epsilon=2 --set simulation.sites.count=5

    An audit puts canaries in by coin flips at one more virtual site, runs the same plan there, and bounds ε from below
    by how many coins can be guessed from what left: see fedaug audit. The campaign's own sites pay nothing for it.

    Values of --set are TOML where they parse (inf, 2.5, true, [1, 2]), and otherwise text. Names that begin with
    "simulation." belong to simulation.toml, all others to campaign.toml.
    """
    with commands(interrupted="interrupted; go on with --resume"):
        overrides = parsed_settings(settings or [])
        if audit is not None:
            overrides["simulation.audit.canaries"] = audit
        with needs("simulation"):
            from fedaug.simulation import run  # noqa: PLC0415 - torch and flwr take seconds; --help shall not wait

        with ConsoleNarrator() as narrator:
            finished = run.simulate(
                example,
                out or Path("out") / example.resolve().name,
                train=train,
                test=test,
                overrides=overrides,
                resume=resume,
                pool=pool,
                narrator=narrator,
            )
        typer.echo(json.dumps(_summary(finished)) if as_json else "\n".join(headline(finished)))
        if finished.audit is not None:
            require_passed(finished.audit)


def parsed_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Settings by dotted name from ``name=value`` texts.

    Raises:
        ConfigError: One has no ``=`` or no name.
    """
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise ConfigError("--set takes NAME=VALUE", "write, for example, --set privacy.epsilon=2")
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Any:  # noqa: ANN401 - a setting's type is its own
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    # A date is text to every setting; a second key came from a line break in the text.
    return parsed["value"] if len(parsed) == 1 and isinstance(parsed["value"], _PLAIN) else text


def headline(finished: Finished) -> list[str]:
    """The figures that matter, and where the report is: three lines, and one for an audit."""
    report = finished.report
    audit = [] if finished.audit is None else [f"audit: {'; '.join(site_lines(finished.audit))}"]
    return [_utility_line(report), _privacy_line(report), *audit, f"report: {finished.page}"]


def _utility_line(report: ReportData) -> str:
    found = report.utility
    figures = [
        ("student", found.student),
        ("no private data", found.epsilon0),
        ("median site alone", found.local_only),
        ("all data, no privacy", found.nonprivate),
    ]
    shown = [f"{name} {value:.3f}" for name, value in figures if value is not None]
    if found.gap_closed is not None:
        shown.append(f"gap closed {100 * found.gap_closed:.0f} %")
    return f"{found.metric} on {found.test_size or 0:,} held-out texts: {' · '.join(shown)}"


def _privacy_line(report: ReportData) -> str:
    privacy, sites = report.privacy, len(report.privacy.sites)
    where = f"at {'each of ' if sites > 1 else ''}{sites} {'site' if sites == 1 else 'sites'}"
    if math.isinf(privacy.consortium_epsilon):
        return f"privacy: ε infinite (noise off) per {privacy.unit} {where}"
    budget = min(site.budget for site in privacy.sites.values())
    return (
        f"privacy: ε {_rounded_up(privacy.consortium_epsilon)} of {budget:.2f} per {privacy.unit} "
        f"at δ {privacy.delta:g} {where}, noise added by the site ({privacy.trust_model})"
    )


def _rounded_up(epsilon: float) -> str:
    return f"{math.ceil(epsilon * 100 - 1e-6) / 100:.2f}"


def _summary(finished: Finished) -> dict[str, Any]:
    """The headline for a machine; everything else is in ``report.json``."""
    values = finished.report.model_dump(mode="json")
    utility, privacy = values["utility"], values["privacy"]
    spent = {name: {key: site[key] for key in ("epsilon", "budget")} for name, site in privacy["sites"].items()}
    kept = ("metric", "student", "epsilon0", "local_only", "nonprivate", "gap_closed", "test_size")
    return {
        "campaign": values["campaign"],
        "utility": {name: utility[name] for name in kept},
        "privacy": {
            **{name: privacy[name] for name in ("unit", "delta", "trust_model", "consortium_epsilon")},
            "sites": spent,
        },
        **({} if finished.audit is None else {"audit": finished.audit.model_dump(mode="json")}),
        "report": str(finished.page),
        "report_json": str(finished.page.with_suffix(".json")),
    }
