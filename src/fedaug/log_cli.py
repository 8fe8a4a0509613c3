"""``fedaug log``: check offline what left the sites and what was accepted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import commands, one_line
from fedaug.errors import ChecksFailed, ConfigError

if TYPE_CHECKING:
    from fedaug.privacy.transparency.findings import Findings
    from fedaug.privacy.transparency.keys import KnownKeys

app = typer.Typer(no_args_is_help=True, help="Transparency logs: check offline what left, and what was accepted.")


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle: one JSON file.")],
    *,
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=KEY", help="A public key: 64 digits, or the file that fedaug keys --json wrote."),
    ] = None,
    keys: Annotated[Path | None, typer.Option(metavar="FILE", help="One name and public key a line.")] = None,
    enrolment: Annotated[Path | None, typer.Option(metavar="FILE", help="The consortium's list of keys.")] = None,
    authority: Annotated[str | None, typer.Option(metavar="KEY", help="Who has to have signed that list.")] = None,
    coordinator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose countersignatures count; from the list by default.")
    ] = None,
    delta: Annotated[
        float | None, typer.Option(help="The δ at which ε is stated; that of the plans by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Check a bundle with nothing but the file and public keys: signatures, roots, order, plans, acceptances, ε.

    Keys come from you, never from the bundle. The exit status is 0 only if everything that was checked holds; what
    could not be checked is listed. Nothing is sent or written.

    Example: fedaug log verify bundle.json --enrolment enrolment.json --authority office.json
    """
    with commands():
        from fedaug.privacy.transparency.verify import verify_bundle  # noqa: PLC0415 - --help shall not wait for it

        known = _known(key or [], keys, enrolment, authority, coordinator)
        findings = verify_bundle(_read(bundle), known.keys, coordinator=known.coordinator, delta=delta)
        unchecked = (*findings.unchecked, *known.doubts)
        shown = {**findings.as_dict(), "unchecked": list(unchecked)}
        typer.echo(json.dumps(shown) if as_json else "\n".join(map(one_line, _lines(findings, unchecked))))
        if not findings.passed:
            raise ChecksFailed(
                f"{len(findings.failed)} of {len(findings.checks)} checks of the bundle failed",
                "rely on nothing in it, keep it as it is, and ask the coordinator and the sites it names",
            )


def _known(
    named: list[str], file: Path | None, enrolment: Path | None, authority: str | None, coordinator: str | None
) -> KnownKeys:
    """The keys that were given: by an enrolment list, one by one, or both."""
    from fedaug.privacy.enrolment.office import read_file  # noqa: PLC0415 - as above
    from fedaug.privacy.public_key import given_keys  # noqa: PLC0415 - as above
    from fedaug.privacy.transparency.keys import enrolled_keys, gathered, given_pairs  # noqa: PLC0415 - as above

    pairs = given_pairs(named, file)
    if (enrolment is None) != (authority is None):
        raise ConfigError("--enrolment and --authority need each other", "give the list and who has to have signed it")
    if enrolment is not None and authority is not None:
        office = given_keys(authority)[0]
        return enrolled_keys(read_file(enrolment), office, time.time(), beside=pairs, coordinator=coordinator)
    if not pairs:
        raise ConfigError(
            "no public key was given", "give --key, --keys or --enrolment: the bundle's own count nothing"
        )
    return gathered(pairs, coordinator)


def _read(path: Path) -> bytes:
    from fedaug.privacy.files import read_at_most  # noqa: PLC0415 - as above
    from fedaug.privacy.limits import LIMITS  # noqa: PLC0415 - as above

    return read_at_most(path, LIMITS.bundle_bytes)


def _lines(findings: Findings, unchecked: tuple[str, ...]) -> Iterator[str]:
    from fedaug.privacy.transparency.findings import counted  # noqa: PLC0415 - as above

    yield f"bundle {findings.bundle} (SHA-256)"
    for check in findings.checks:
        yield f"{'ok    ' if check.passed else 'FAILED'}  {check.subject}: {check.name}: {check.compared}"
        if not check.passed:
            yield f"        {check.told}"
    for spent in findings.spending:
        yield (
            f"spent   {spent.site}: ε {spent.epsilon:.4g} per {spent.unit} at δ {spent.delta:g}, recomputed from "
            f"{counted(spent.reserved, 'charged release')} of {counted(spent.campaigns, 'campaign')}; "
            f"{spent.sealed:,} were sealed"
        )
    for text in unchecked:
        yield f"not checked: {text}"
    if findings.passed:
        yield f"everything that was checked holds: {len(findings.checks)} checks"
