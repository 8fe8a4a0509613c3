"""Rebuilding a site's ledger from what the coordinator has kept and countersigned.

Everything is checked before anything is touched: that the log is this site's, that the coordinator countersigned all of
it, and that it is no older than what the coordinator is known to have countersigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.client.ledger_file import existing_ledger, known_lineage, ledger_path
from fedaug.client.settings import SiteSettings
from fedaug.errors import BadSignature, ConfigError, LedgerError, NotEnrolled, ProtocolError
from fedaug.privacy.enrolment import EnrolmentStore, Role
from fedaug.privacy.files import whole_file
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, read_bundle
from fedaug.privacy.transparency.entries import Opened, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, decode_head, verify_head

_NEWEST: Final = "ask the coordinator for its newest bundle"


@dataclass(frozen=True)
class Kept:
    """A site's log as the coordinator kept it; its signature is not checked yet.

    Attributes:
        entries: All entries.
        newest: The countersignature over most of them.
    """

    entries: tuple[bytes, ...]
    newest: SignedHead


def kept_log(data: bytes, site: str) -> Kept:
    """A site's log in a bundle of untrusted origin.

    Raises:
        ProtocolError: It is no bundle, holds no log of the site, or one that is not countersigned to its end.
    """
    log = _log_of(read_bundle(data).logs, site)
    if not log.countersignatures:
        raise ProtocolError("the bundle holds no countersignature of the site's log", _NEWEST)
    newest = max(log.countersignatures, key=lambda signed: signed.head.size)
    beyond = len(log.entries) - newest.head.size
    if beyond:
        what = (
            f"{beyond} entries of the site's log are not countersigned" if beyond > 0 else "the site's log is cut off"
        )
        raise ProtocolError(f"{what} in the bundle", _NEWEST)
    return Kept(log.entries, newest)


def kept_countersignature(folder: Path) -> SignedHead | None:
    """The newest countersignature that a site has received; None if there is none.

    Raises:
        LedgerError: It is damaged.
    """
    try:
        return decode_head((folder / "heads" / f"{HeadRole.COUNTERSIGNATURE}.json").read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ProtocolError):
        raise LedgerError("a signature that the site keeps is damaged", "restore the site's folder") from None


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
    authority = settings.consortium.authority_key
    if authority is None:
        raise ConfigError("the site's consortium.authority is not set", "give the coordinator's key by itself")
    member = EnrolmentStore(folder / "enrolment", authority).current(now).member(key_id)
    if member.role is not Role.COORDINATOR:
        raise NotEnrolled("a countersignature is by a key that is no coordinator's", "refuse it")
    return member.key


def recover_ledger(folder: Path, settings: SiteSettings, kept: Kept, coordinator: Ed25519PublicKey) -> Ledger:
    """Put the ledger that the coordinator kept in the place of the site's, which is moved aside.

    Args:
        folder: The site's.
        settings: The site's.
        kept: From :func:`kept_log`.
        coordinator: Its key, known by a way that nobody can tamper with.

    Raises:
        BadSignature: The coordinator has not countersigned this log.
        LedgerError: The list is older than what was countersigned, another data set's, or the ledger needs no recovery.
    """
    head = verify_head(kept.newest, HeadRole.COUNTERSIGNATURE, coordinator)
    if head != LogHead.of(settings.name, kept.entries):
        raise BadSignature("the coordinator has countersigned another log than this one", _NEWEST)
    received = kept_countersignature(folder)
    if received is not None and received.head.size > head.size:
        raise LedgerError("the site has received a countersignature over more entries than the bundle holds", _NEWEST)
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
