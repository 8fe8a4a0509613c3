"""``fedaug ledger``: what a site has spent, whether its ledger is whole, its export, and its recovery."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedaug.console import commands, one_line
from fedaug.errors import ConfigError, FedaugError, LedgerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from fedaug.client.settings import SiteSettings
    from fedaug.privacy.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="A site's privacy ledger: show it, verify it, export it, recover it.")


Folder = Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@app.command()
def show(folder: Folder, *, as_json: AsJson = False) -> None:
    """What was reserved, released and voided, by which mechanism, and what ε it costs. Needs no passphrase.

    Example: fedaug ledger show st-mary
    """
    with commands():
        from fedaug.client.ledger_file import existing_ledger  # noqa: PLC0415 - --help shall not wait for it
        from fedaug.client.ledger_views import ledger_view  # noqa: PLC0415 - as above

        settings = _settings(folder)
        ledger = existing_ledger(folder, settings)
        try:
            view = ledger_view(settings, ledger)
        finally:
            if ledger is not None:
                ledger.close()
        typer.echo(json.dumps(view) if as_json else "\n".join(map(one_line, _shown(view))))


@app.command()
def verify(folder: Folder, *, as_json: AsJson = False) -> None:
    """Check the whole ledger, and say what was checked and what could not be. Needs no passphrase.

    Example: fedaug ledger verify st-mary
    """
    with commands():
        settings = _settings(folder)
        with _open(folder, settings) as ledger:
            report = ledger.verify()
            checked, unchecked = _countersignature(folder, settings, ledger)
        checked, unchecked = [*report.checked, *checked], [*report.unchecked, *unchecked]
        values = {
            "site": settings.name,
            "entries": report.entries,
            "root": report.root.hex(),
            "epsilon": _plain(report.epsilon),
            "checked": checked,
            "unchecked": unchecked,
        }
        if as_json:
            typer.echo(json.dumps(values))
            return
        lines = [*(f"ok         {line}" for line in checked), *(f"unchecked  {line}" for line in unchecked)]
        head = f"{report.entries} entries, root {report.root.hex()}"
        typer.echo("\n".join(map(one_line, [*lines, head, f"ε {report.epsilon:.4g} is spent"])))


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; one of that name is replaced.")],
    *,
    bundle: Annotated[
        bool, typer.Option("--bundle", help="A signed bundle for fedaug log verify; needs the passphrase.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the mechanisms and the journal as canonical JSON, from which anybody can work ε out again.

    With --bundle the site's log goes into one file with its head, signed by the site, and the coordinator's
    countersignature. Neither file holds anything that is derived from a record without a mechanism.

    Example: fedaug ledger export st-mary ledger.json
    """
    with commands():
        from fedaug.client import ledger_views  # noqa: PLC0415 - as above
        from fedaug.client.ledger_file import known_lineage  # noqa: PLC0415 - as above

        settings = _settings(folder)
        with _open(folder, settings) as ledger:
            if bundle:
                from fedaug.privacy.keys import KeyRing, find_passphrase  # noqa: PLC0415 - as above

                signer = KeyRing.open(folder, find_passphrase(folder)).signer
                data = ledger_views.ledger_bundle(folder, settings, ledger, signer)
            else:
                data = ledger_views.ledger_export(settings, ledger, known_lineage(folder))
            values = {"site": settings.name, "file": str(out), "bytes": len(data), "entries": ledger.head()[0]}
        _write(out, data)
        typer.echo(json.dumps(values) if as_json else one_line(f"{values['entries']} entries are in {out}"))


@app.command()
def recover(
    folder: Folder,
    *,
    source: Annotated[Path, typer.Option("--from", metavar="FILE", help="The coordinator's bundle.")],
    coordinator_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The coordinator's public key: 64 digits, or the file of fedaug keys --json."),
    ] = None,
    enrolment: Annotated[
        bool, typer.Option("--enrolment", help="Take both keys from the site's own enrolment list; no passphrase.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild a lost, damaged or rolled-back ledger from the log that the coordinator has kept.

    What was reserved stays charged, and is not released again. The old files are moved aside, never deleted.

    Nothing is touched unless two signatures cover exactly the entries that are recovered: the coordinator's, and the
    site's own, so that the coordinator can neither leave a charge out nor invent that one was given back. With
    --enrolment both keys come from the enrolment list that the site has accepted. With --coordinator-key the site's
    comes from its key ring, which needs the passphrase; keys that were retired count too.

    Entries at the end that the coordinator withholds altogether cannot be noticed by this, only by the newest
    countersignature that the site keeps in its folder heads, with which the bundle is compared. So restore that folder
    first if you can, and ask for the newest bundle.

    Example: fedaug ledger recover st-mary --from bundle.json --enrolment
    """
    with commands():
        from fedaug.client import ledger_recovery  # noqa: PLC0415 - as above
        from fedaug.privacy.files import read_at_most  # noqa: PLC0415 - as above
        from fedaug.privacy.limits import LIMITS  # noqa: PLC0415 - as above

        if (coordinator_key is None) == (not enrolment):
            raise ConfigError(
                "whose countersignature counts was not said once", "give --coordinator-key or --enrolment"
            )
        settings = _settings(folder)
        kept = ledger_recovery.kept_log(read_at_most(source, LIMITS.bundle_bytes), settings.name)
        if coordinator_key is None:
            now = time.time()
            coordinator = ledger_recovery.enrolled_coordinator(folder, settings, kept.newest.key_id, now)
            own = ledger_recovery.enrolled_site(folder, settings, kept, now)
        else:
            from fedaug.privacy.keys import KeyRing, find_passphrase  # noqa: PLC0415 - as above

            coordinator = _given_key(coordinator_key, kept.newest.key_id)
            own = ledger_recovery.ring_keys(KeyRing.open(folder, find_passphrase(folder)))
        with ledger_recovery.recover_ledger(folder, settings, kept, coordinator, own) as ledger:
            spent, size = ledger.spent(), ledger.head()[0]
        cap = settings.privacy.epsilon
        values = {
            "site": settings.name,
            "recovered": len(kept.entries),
            "entries": size,
            "epsilon": _plain(spent),
            "cap": _plain(cap),
        }
        if as_json:
            typer.echo(json.dumps(values))
            return
        typer.echo(f"{len(kept.entries)} entries are recovered; ε {spent:.4g} of {cap:.4g} is spent")
        typer.echo("what was reserved stays charged and is not released again; next: fedaug ledger verify")


def _settings(folder: Path) -> SiteSettings:
    from fedaug.client.settings import SiteSettings  # noqa: PLC0415 - as above

    return SiteSettings.load(folder)


@contextmanager
def _open(folder: Path, settings: SiteSettings) -> Iterator[Ledger]:
    from fedaug.client.ledger_file import existing_ledger  # noqa: PLC0415 - as above

    ledger = existing_ledger(folder, settings)
    if ledger is None:
        raise LedgerError(
            "the site has no ledger", "prepare the site first; if there was one, recover it: fedaug ledger recover"
        )
    with ledger:
        yield ledger


def _given_key(given: str, wanted: str) -> Ed25519PublicKey:
    """The key that was given, or of a file with retired keys the one that signed; which one decides nothing else."""
    from fedaug.privacy.envelope import key_id  # noqa: PLC0415 - as above
    from fedaug.privacy.public_key import given_keys  # noqa: PLC0415 - as above

    keys = given_keys(given)
    return next((key for key in keys if key_id(key) == wanted), keys[0])


def _countersignature(folder: Path, settings: SiteSettings, ledger: Ledger) -> tuple[list[str], list[str]]:
    """What can be said of the coordinator's newest signature under this log: what was checked, what could not be."""
    from fedaug.client.kept_heads import kept_countersignature  # noqa: PLC0415 - as above
    from fedaug.client.ledger_recovery import enrolled_coordinator  # noqa: PLC0415 - as above
    from fedaug.privacy.transparency.heads import HeadRole, LogHead, verify_head  # noqa: PLC0415 - as above

    signed = kept_countersignature(folder)
    if signed is None:
        return [], ["the coordinator's signature: the site has received none"]
    head = signed.head
    if head != LogHead.of(settings.name, ledger.journal()[: head.size]):
        raise LedgerError("the journal is not the one that the coordinator has countersigned", "recover the ledger")
    checked = [f"the countersignature that the site keeps is over the first {head.size} entries of this journal"]
    try:
        key = enrolled_coordinator(folder, settings, signed.key_id, time.time())
    except FedaugError as error:
        return checked, [f"whose signature that is: {error.what}"]
    verify_head(signed, HeadRole.COUNTERSIGNATURE, key)
    return [*checked, "that signature is by a coordinator on the site's enrolment list"], []


def _shown(view: dict[str, Any]) -> Iterator[str]:
    if view["rolled_back"]:
        yield "THIS LEDGER IS AN OLDER COPY: more may be spent than it says, and it releases nothing; recover it"
    spent, cap, left = (_figure(view[name]) for name in ("epsilon", "cap", "left"))
    yield f"site {view['site']}: ε {spent} of {cap} is spent, {left} left, per {view['unit']} at δ {view['delta']:g}"
    for campaign in view["campaigns"]:
        yield f"campaign {campaign['campaign']}: ε {_figure(campaign['epsilon'])} by itself"
        for release in campaign["releases"]:
            facts = dict(release["mechanism"])
            name = facts.pop("mechanism")
            stated = ", ".join(f"{fact} {value:.6g}" for fact, value in facts.items())
            yield f"  {release['state']:<9}  {release['key']}  {release['kind']}  {name}: {stated}"


def _figure(epsilon: float | str) -> str:
    return "infinite" if isinstance(epsilon, str) else f"{epsilon:.4g}"


def _plain(epsilon: float) -> float | str:
    from fedaug.client.ledger_views import plain  # noqa: PLC0415 - as above

    return plain(epsilon)


def _write(path: Path, data: bytes) -> None:
    from fedaug.privacy.files import whole_file  # noqa: PLC0415 - as above

    try:
        with whole_file(path, overwrite=True) as file:
            file.write(data)
    except OSError:
        raise ConfigError(f"{path} cannot be written", "name a file in a folder that you may write") from None
