"""Rebuilding a site's ledger from what the site once signed and the coordinator has kept and countersigned.

Everything is checked before anything is touched: that the site itself signed exactly this log, that the coordinator
countersigned all of it, and that it goes on from what the coordinator is known to have countersigned. The ledger
protects the site from the coordinator, so the coordinator's word alone would be no protection: without the site's own
signature it could leave charges out, or invent that they were given back.

Not promised: entries that the coordinator withholds from the end, together with the site's signatures over them, are
missed only where the site still has its newest countersignature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.client.kept_heads import kept_countersignature
from fedaug.client.ledger_file import existing_ledger, known_lineage, ledger_path
from fedaug.client.settings import SiteSettings
from fedaug.errors import BadSignature, ConfigError, LedgerError, NotEnrolled, ProtocolError
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Role
from fedaug.privacy.envelope import key_id
from fedaug.privacy.files import whole_file
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.public_key import public_key_of
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, read_bundle
from fedaug.privacy.transparency.entries import Opened, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, verify_head

_NEWEST: Final = "ask the coordinator for its newest bundle"
_KEPT: Final = "refuse the bundle, and keep it: it may be evidence"


@dataclass(frozen=True)
class Kept:
    """A site's log as the coordinator kept it; no signature is checked yet.

    Attributes:
        entries: All entries.
        newest: The countersignature over as many.
        own: Heads of as many that the site is said to have signed; several where its key was replaced.
    """

    entries: tuple[bytes, ...]
    newest: SignedHead
    own: tuple[SignedHead, ...]


def kept_log(data: bytes, site: str) -> Kept:
    """A site's log in a bundle of untrusted origin.

    Raises:
        ProtocolError: It is no bundle, holds no log of the site, or one that is not signed and countersigned to
            its end.
    """
    log = _log_of(read_bundle(data).logs, site)
    countersigned = _to_the_end(log, log.countersignatures, "countersignature of the site's log", "countersigned")
    own = _to_the_end(log, log.heads, "signature of the site's under its log", "signed by the site")
    return Kept(log.entries, countersigned[-1], own)


def enrolled_coordinator(folder: Path, settings: SiteSettings, key_id: str, now: float) -> Ed25519PublicKey:
    """The key of that id, if the site's enrolment list names it as a coordinator's.

    Args:
        folder: The site's.
        settings: The site's.
        key_id: Of the key that signed.
        now: Seconds since 1970, UTC.

    Raises:
        ConfigError: The site belongs to no consortium, or has no list.
        NotEnrolled: The list names no such key, for another use, or as revoked.
        OutdatedEnrolment: The list is expired.
    """
    member = _enrolment(folder, settings, now).member(key_id)
    if member.role is not Role.COORDINATOR:
        raise NotEnrolled("a countersignature is by a key that is no coordinator's", "refuse it")
    return member.key


def enrolled_site(folder: Path, settings: SiteSettings, kept: Kept, now: float) -> tuple[Ed25519PublicKey, ...]:
    """The site's own keys, of those that signed the log that was kept, by the site's enrolment list.

    Args:
        folder: The site's.
        settings: The site's.
        kept: From :func:`kept_log`.
        now: Seconds since 1970, UTC.

    Raises:
        ConfigError, OutdatedEnrolment: As for :func:`enrolled_coordinator`.
        NotEnrolled: The list names none of the keys as this site's.
    """
    enrolment, keys, doubt = _enrolment(folder, settings, now), [], ""
    for signed in kept.own:
        try:
            keys.append(enrolment.key_of(settings.name, Role.SITE, signed.key_id))
        except NotEnrolled as error:
            doubt = error.what
    if not keys:
        raise NotEnrolled(
            f"the log in the bundle is not signed with an enrolled key of this site: {doubt}",
            "if the key was replaced, use --coordinator-key, which goes by the site's key ring; else refuse the bundle",
        )
    return tuple(keys)


def ring_keys(ring: KeyRing) -> tuple[Ed25519PublicKey, ...]:
    """All public keys with which a site has signed; logs outlive keys, so those that were retired count too."""
    return ring.signer.public_key(), *(public_key_of(key.public_key) for key in ring.retired)


def recover_ledger(
    folder: Path, settings: SiteSettings, kept: Kept, coordinator: Ed25519PublicKey, own: Sequence[Ed25519PublicKey]
) -> Ledger:
    """Put the ledger that the coordinator kept in the place of the site's, which is moved aside.

    Args:
        folder: The site's.
        settings: The site's.
        kept: From :func:`kept_log`.
        coordinator: Its key, known by a way that nobody can tamper with.
        own: The site's keys, from :func:`ring_keys` or :func:`enrolled_site`; never from the bundle.

    Raises:
        BadSignature: The coordinator has not countersigned this log, or the site has not signed it.
        LedgerError: The list is older than what was countersigned, contradicts it, is another data set's, or the ledger
            needs no recovery.
    """
    head = verify_head(kept.newest, HeadRole.COUNTERSIGNATURE, coordinator)
    if head != LogHead.of(settings.name, kept.entries):
        raise BadSignature("the coordinator has countersigned another log than this one", _NEWEST)
    _require_own(kept, head, own)
    _require_remembered(folder, kept, head)
    with _lineage(folder, kept) as lineage:
        _tell_of(folder, settings, head)
        ledger = Ledger.recover(
            ledger_path(folder),
            lineage=lineage,
            unit=settings.privacy.unit,
            cap=settings.privacy.budget,
            entries=kept.entries,
        )
    ledger.note_countersigned(head.size, bytes.fromhex(head.root))
    return ledger


def _require_own(kept: Kept, head: LogHead, own: Sequence[Ed25519PublicKey]) -> None:
    """Refuse a log that the site has not signed, or has signed beside another one of that length."""
    keys = {key_id(key): key for key in own}
    signed = [
        verify_head(claimed, HeadRole.SITE, keys[claimed.key_id]) for claimed in kept.own if claimed.key_id in keys
    ]
    if not signed:
        raise BadSignature("the log in the bundle is not signed with a key of this site", _KEPT)
    if any(found != head for found in signed):
        raise BadSignature("the site has signed another log than the one in the bundle", _KEPT)


def _require_remembered(folder: Path, kept: Kept, head: LogHead) -> None:
    """Refuse a log that does not go on from the newest countersignature that the site has received."""
    received = kept_countersignature(folder)
    if received is None:
        return
    if received.head.size > head.size:
        raise LedgerError("the site has received a countersignature over more entries than the bundle holds", _NEWEST)
    if received.head != LogHead.of(head.origin, kept.entries[: received.head.size]):
        raise LedgerError("the site has received a countersignature over other entries than the bundle holds", _KEPT)


def _tell_of(folder: Path, settings: SiteSettings, head: LogHead) -> None:
    """Let a ledger that can be opened find out by itself whether it is an older copy; only then is it replaced."""
    with suppress(LedgerError):  # it is, or it cannot be used
        ledger = existing_ledger(folder, settings)
        if ledger is not None:
            with ledger:
                ledger.note_countersigned(head.size, bytes.fromhex(head.root))


@contextmanager
def _lineage(folder: Path, kept: Kept) -> Iterator[str]:
    """The data set's lineage id; from the log, where it went with the ledger."""
    path = folder / "lineage"
    if path.exists():
        yield known_lineage(folder)
        return
    lineage = _opened(kept).lineage
    with whole_file(path, overwrite=False) as file:  # first: a ledger without it cannot be opened
        file.write(lineage.encode() + b"\n")
    try:
        yield lineage
    except BaseException:
        path.unlink()
        raise


def _enrolment(folder: Path, settings: SiteSettings, now: float) -> Enrolment:
    authority = settings.consortium.authority_key
    if authority is None:
        raise ConfigError("the site's consortium.authority is not set", "give the coordinator's key by itself")
    return EnrolmentStore(folder / "enrolment", authority).current(now)


def _to_the_end(log: BundledLog, signed: Sequence[SignedHead], name: str, done: str) -> tuple[SignedHead, ...]:
    """Those of some signatures that are over as many entries as there are, which have to be the longest ones."""
    if not signed:
        raise ProtocolError(f"the bundle holds no {name}", _NEWEST)
    longest = max(one.head.size for one in signed)
    beyond = len(log.entries) - longest
    if beyond:
        what = f"{beyond} entries of the site's log are not {done}" if beyond > 0 else "the site's log is cut off"
        raise ProtocolError(f"{what} in the bundle", _NEWEST)
    return tuple(one for one in signed if one.head.size == longest)


def _opened(kept: Kept) -> Opened:
    first = read_site_entry(kept.entries[0]) if kept.entries else None
    if not isinstance(first, Opened):
        raise ProtocolError("the site's log in the bundle does not say whose it is", _NEWEST)
    return first


def _log_of(logs: tuple[BundledLog, ...], site: str) -> BundledLog:
    for log in logs:
        if log.origin == site and log.role is LogRole.SITE:
            return log
    raise ProtocolError("the bundle holds no log of this site", "name a bundle that does")
