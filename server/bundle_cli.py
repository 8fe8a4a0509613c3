"""``fedaug bundle``: hand a campaign's outcome on in one signed file, and check such a file offline."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import commands, needs, one_line
from fedaug.errors import BundleRefused, ChecksFailed, ConfigError

if TYPE_CHECKING:
    from fedaug.privacy.bundle.make import Terms
    from fedaug.privacy.bundle.signers import Trust
    from fedaug.privacy.bundle.verify import ReleaseFindings

app = typer.Typer(no_args_is_help=True, help="Release bundles: hand a campaign on in one signed file, and check one.")

_DEFAULT_VALID = timedelta(days=365)
_NOBODY = "nobody: a simulation"  # virtual sites have nobody to agree, to approve or to receive
_NOT_SIMULATED = "a bundle of real sites needs an agreement, an approver and a recipient"

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The campaign's folder, as its coordinator wrote it.")],
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The file to write; none of that name is there.")],
    *,
    recipient: Annotated[str | None, typer.Option(metavar="NAME", help="For whom it is.")] = None,
    agreement: Annotated[str | None, typer.Option(metavar="ID", help="Under which agreement.")] = None,
    approver: Annotated[str | None, typer.Option(metavar="NAME", help="Who lets it go.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DATE", help="Its last day, as 2027-06-30; a year from now by default.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Whose keys sign: a coordinator's or site's folder.")
    ] = None,
    enrolment: Annotated[Path | None, typer.Option(metavar="FILE", help="The consortium's list of keys.")] = None,
    samples: Annotated[bool, typer.Option("--samples", help="Hand over the accepted samples too.")] = False,
    pool: Annotated[str | None, typer.Option(metavar="URL", help="Database of the pool; a file in OUT.")] = None,
    policy: Annotated[
        list[str] | None, typer.Option(metavar="SITE=FILE", help="A site's site.toml, whose policy is named by hash.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write one signed file: what a campaign lets out, to whom, on whose word, and what privacy it cost.

    It holds the privacy statement, the report, what each ledger was charged with proofs from the logs, and a card; a
    manifest names every file, the code, the weights and the policies by hash. Nothing in it is derived from a record
    but through a charged mechanism. It is checked before it is written. In a simulation's folder the virtual
    coordinator signs, and terms that are not given name nobody.

    Example: fedaug bundle export out/clinic clinic.zip --recipient "County Hospital" --agreement A-17
    --approver "Dr. Grey"
    """
    with commands():
        with needs("server"):
            from fedaug.server import release_files  # noqa: PLC0415 - --help shall not wait for it
        from fedaug.privacy.bundle.facts import read_statement_facts  # noqa: PLC0415 - as above
        from fedaug.privacy.bundle.make import make_release  # noqa: PLC0415 - as above

        if bundle.exists():
            raise ConfigError(f"{bundle} is there already", "give another name: a bundle that was handed on stays")
        material = release_files.gather(out, enrolment, pool, samples=samples)
        simulated = read_statement_facts(material.statement).simulated
        terms = _terms(recipient, agreement, approver, expires, simulated=simulated)
        provenance = release_files.trace(out, material, dict(map(_site_and_file, policy or [])))
        data = make_release(material, terms, provenance, release_files.signer_of(out, key))
        _write(bundle, data)
        typer.echo(_made(bundle, data, as_json=as_json))


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle: one ZIP file.")],
    *,
    authority: Annotated[
        str | None, typer.Option(metavar="KEY", help="Who has to have signed the list of keys: 64 digits, or a file.")
    ] = None,
    enrolment: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The newest list of keys; the bundle's own by default.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(metavar="NAME=KEY", help="A public key that counts besides: digits, or a file.")
    ] = None,
    keys: Annotated[Path | None, typer.Option(metavar="FILE", help="One name and public key a line.")] = None,
    coordinator: Annotated[
        str | None, typer.Option(metavar="NAME", help="The coordinator; from the list by default.")
    ] = None,
    recipient: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who you are: a bundle for anybody else is refused.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a bundle with nothing but the file and public keys, on any machine: it needs no data and no network.

    Files, hashes, signature, logs and their proofs, ε recomputed from the signed mechanisms, gates and their classes,
    report, card, samples, and the expiry. Keys come from you, never from the bundle; its list of keys counts only as
    far as the authority that you name has signed it. The exit status is 0 only if everything that was checked holds,
    2 if something does not, and 3 for a bundle that is expired or for somebody else.

    Example: fedaug bundle verify clinic.zip --authority office.json --recipient "County Hospital"
    """
    with commands():
        from fedaug.privacy.bundle.verify import verify_release  # noqa: PLC0415 - --help shall not wait for it
        from fedaug.privacy.files import read_at_most  # noqa: PLC0415 - as above
        from fedaug.privacy.limits import LIMITS  # noqa: PLC0415 - as above

        trust = _trust(authority, enrolment, key or [], keys, coordinator)
        data = read_at_most(bundle, LIMITS.release_bundle_bytes)
        findings = verify_release(data, trust, time.time(), recipient)
        shown = json.dumps(findings.as_dict()) if as_json else "\n".join(map(one_line, _lines(findings)))
        typer.echo(shown)
        if not findings.passed:
            raise ChecksFailed(
                f"{len(findings.failed)} of {len(findings.checks)} checks of the bundle failed",
                "rely on nothing in it, keep it as it is, and ask whoever signed it",
            )
        if findings.refusals:
            raise BundleRefused(f"the bundle is refused: {'; '.join(findings.refusals)}", "ask for a new one")


def _terms(
    recipient: str | None, agreement: str | None, approver: str | None, expires: str | None, *, simulated: bool
) -> Terms:
    from fedaug.privacy.bundle.make import Terms  # noqa: PLC0415 - as above

    given = {"recipient": recipient, "agreement": agreement, "approver": approver}
    missing = [name for name, value in given.items() if not value]
    if missing and not simulated:
        raise ConfigError(_NOT_SIMULATED, f"give --{missing[0]}")
    for name, value in given.items():
        if value and not (value.isprintable() and value == value.strip() and len(value) <= 200):
            raise ConfigError(f"--{name} is not plain text of up to 200 characters", "write a name, or a number")
    now = datetime.now(UTC).replace(microsecond=0)
    until = now + _DEFAULT_VALID if expires is None else _last_second(expires)
    if not until > now:
        raise ConfigError("--expires is in the past", "give a day to come")
    return Terms(
        agreement=agreement or _NOBODY,
        approver=approver or _NOBODY,
        recipient=recipient or _NOBODY,
        created=now.timestamp(),
        expires=until.timestamp(),
    )


def _last_second(day: str) -> datetime:
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        return midnight + timedelta(days=1, seconds=-1)
    except (ValueError, OverflowError):
        raise ConfigError("--expires is no day", "write it as 2027-06-30") from None


def _site_and_file(given: str) -> tuple[str, Path]:
    site, _, file = given.partition("=")
    if not (site and file):
        raise ConfigError("--policy is not SITE=FILE", "write a site's name, = and its site.toml")
    return site, Path(file)


def _trust(
    authority: str | None, enrolment: Path | None, named: list[str], file: Path | None, coordinator: str | None
) -> Trust:
    from fedaug.privacy.bundle.signers import Trust  # noqa: PLC0415 - as above
    from fedaug.privacy.enrolment.office import read_file  # noqa: PLC0415 - as above
    from fedaug.privacy.public_key import given_keys  # noqa: PLC0415 - as above
    from fedaug.privacy.transparency.keys import given_pairs  # noqa: PLC0415 - as above

    if enrolment is not None and authority is None:
        raise ConfigError("--enrolment needs --authority", "give who has to have signed the list")
    return Trust(
        authority=None if authority is None else given_keys(authority)[0],
        enrolment=None if enrolment is None else read_file(enrolment),
        pairs=given_pairs(named, file),
        coordinator=coordinator,
    )


def _write(path: Path, data: bytes) -> None:
    from fedaug.privacy.files import whole_file  # noqa: PLC0415 - as above

    try:
        with whole_file(path, overwrite=False) as file:
            file.write(data)
    except FileExistsError:
        raise ConfigError(f"{path} is there already", "give another name") from None
    except OSError:
        raise ConfigError(f"{path} cannot be written", "check the folder and its permissions") from None


def _made(path: Path, data: bytes, *, as_json: bool) -> str:
    from fedaug.privacy.bundle.container import MANIFEST, unpack  # noqa: PLC0415 - as above
    from fedaug.privacy.bundle.manifest import read_manifest  # noqa: PLC0415 - as above
    from fedaug.privacy.canonical import digest  # noqa: PLC0415 - as above

    manifest = read_manifest(unpack(data)[MANIFEST])
    if as_json:
        return json.dumps({"file": str(path), "sha256": digest(data), "manifest": manifest.model_dump(mode="json")})
    return one_line(
        f"{path}: {len(manifest.files)} files of campaign {manifest.campaign} for {manifest.recipient}, until "
        f"{manifest.expires}, signed by {manifest.signer.name}; SHA-256 {digest(data)}"
    )


def _lines(findings: ReleaseFindings) -> Iterator[str]:
    manifest = findings.manifest
    yield f"bundle {findings.bundle} (SHA-256)"
    if findings.passed:  # before that, nothing in it is anybody's word
        yield (
            f"campaign {manifest.campaign}, for {manifest.recipient}, under {manifest.agreement}, approved by "
            f"{manifest.approver}, from {manifest.created} to {manifest.expires}"
        )
    for check in findings.checks:
        yield f"{'ok    ' if check.passed else 'FAILED'}  {check.subject}: {check.name}: {check.compared}"
        if not check.passed:
            yield f"        {check.told}"
    for spent in findings.spending:
        outside = "; its samples outside DP are not in it" if spent.site in manifest.outside_dp else ""
        yield (
            f"spent   {spent.site}: ε {spent.epsilon:.4g} per {spent.unit} at δ {spent.delta:g} for what all campaigns "
            f"charged{outside}"
        )
    for text in findings.unchecked:
        yield f"not checked: {text}"
    for text in findings.refusals:
        yield f"refused: {text}"
    if findings.passed and not findings.refusals:
        yield f"everything that was checked holds: {len(findings.checks)} checks"
