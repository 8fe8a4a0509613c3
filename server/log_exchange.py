"""Showing logs to each other: the coordinator reads each site's, countersigns its head, and shows its own.

A site whose log is not the continuation of what it showed before has gone back to an older copy of its ledger, or keeps
two. Either way it may have forgotten charges, so it takes no further part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.transparency.entries import Countersigned, encode_entry, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, decode_head, verify_head
from fedaug.server.enrolment import Consortium
from fedaug.server.log_book import LogBook
from fedaug.server.offered_batches import OfferedBatches
from fedaug.server.verify import KnownSite
from fedaug.strategies.messages import ExchangeHeads, LogFact

_CHALLENGE_BYTES: Final = 32
_REMEDY = "leave the site out until it has recovered its ledger"


@dataclass
class _Reading:
    """One site's log, as far as it has been read.

    Attributes:
        entries: Those that are kept, then those that came in this exchange.
        known: How many are kept.
        head: The head of those.
        seen: The countersignature over those.
        pages: How many have come.
        size: How many bytes have come.
    """

    entries: list[bytes]
    known: int
    head: LogHead
    seen: SignedHead | None
    pages: int = 0
    size: int = 0

    def add(self, texts: Iterable[str]) -> None:
        """Add a page.

        Raises:
            ProtocolError: Something in it is no entry, or more has come than a log holds.
        """
        self.pages += 1
        for text in texts:
            entry = text.encode()
            read_site_entry(entry)  # what is none would make every bundle unreadable, and no ledger
            self.entries.append(entry)
            self.size += len(entry)
        most = min(LIMITS.log_entries, self.known + LIMITS.log_exchange_entries)
        if self.pages > LIMITS.log_exchange_pages or self.size > LIMITS.log_exchange_bytes or len(self.entries) > most:
            raise ProtocolError("a site's log is longer than any log", "leave the site out, and look into its log")


class LogExchange:
    """The coordinator's side of one exchange with every site; nothing is kept of a log that is not read to its end.

    Args:
        book: Keeps what was seen and signed.
        consortium: Signs for the coordinator.
        secrets: Where the exchange's challenge comes from.
        offered: Batches of texts that came from the sites, which their logs have to list as they came.

    Raises:
        PoolError: The pool cannot be read or written.
    """

    def __init__(
        self,
        book: LogBook,
        consortium: Consortium,
        secrets: NoiseSource,
        offered: OfferedBatches | None = None,
    ) -> None:
        self._book = book
        self._offered = offered
        self._consortium = consortium
        self._challenge = secrets.token(_CHALLENGE_BYTES).hex()
        self._own = own_head(book, consortium)
        self._readings: dict[str, _Reading] = {}

    def request(self, site: KnownSite) -> ExchangeHeads:
        """What to ask a site, and to tell it."""
        reading = self._reading(site)
        return ExchangeHeads(
            challenge=self._challenge,
            since=len(reading.entries),
            countersigned=reading.seen and reading.seen.as_dict(),
            coordinator=self._own and self._own.as_dict(),
        )

    def take(self, fact: LogFact, site: KnownSite) -> bool:
        """Take a page of a site's log; with the last one check and keep the log, and countersign it.

        Returns:
            Whether the log goes on.

        Raises:
            ProtocolError: The page or the head is malformed, the log has no end, or it does not continue what the site
                showed before.
            BadSignature: Its head is not signed by it.
            LogContradicted: It lists another batch of texts than came from the site.
            PoolError: What it showed cannot be kept.
        """
        reading = self._reading(site)
        reading.add(fact.entries)
        if fact.more and not fact.entries:
            raise ProtocolError("a site says that its log goes on, and shows nothing of it", _REMEDY)
        if not fact.more:
            self._finish(fact.head, reading, site)
        return fact.more

    def shown(self, site: KnownSite) -> LogHead:
        """The head of a site's log that has been taken to its end."""
        return self._reading(site).head

    def _finish(self, shown: dict[str, Any], reading: _Reading, site: KnownSite) -> None:
        signed = decode_head(canonical_json(shown))
        head = verify_head(signed, HeadRole.SITE, site.key)
        if head.origin != site.name:
            raise BadSignature("a site showed another one's log", _REMEDY)
        if LogHead.of(site.name, reading.entries) != head:
            raise ProtocolError("a site's log does not continue the one that it showed before", _REMEDY)
        if self._offered is not None:
            self._offered.require_agreement(site.name, reading.entries)
        countersigned = self._consortium.sign(head, HeadRole.COUNTERSIGNATURE)
        said = Countersigned(site=site.name, size=head.size, root=head.root)
        # Together: entries that no head covers, or a countersignature that is not listed, spoil a bundle for good.
        with self._book.writing() as writer:
            writer.extend(site.name, reading.known, tuple(reading.entries[reading.known :]))
            writer.keep(signed)
            if countersigned is not None and writer.keep(countersigned):
                writer.append(self._consortium.coordinator, encode_entry(said))
        reading.known, reading.head = head.size, head

    def _reading(self, site: KnownSite) -> _Reading:
        if site.name not in self._readings:
            entries = self._book.entries(site.name)
            # Signed anew: the signature that is kept may be by a key that another has replaced since.
            head = LogHead.of(site.name, entries)
            seen = self._consortium.sign(head, HeadRole.COUNTERSIGNATURE) if entries else None
            self._readings[site.name] = _Reading(list(entries), len(entries), head, seen)
        return self._readings[site.name]


def own_head(book: LogBook, consortium: Consortium) -> SignedHead | None:
    """The coordinator's log as it stands, signed and kept; None if nobody knows its key.

    Raises:
        PoolError: The pool cannot be read or written.
    """
    name = consortium.coordinator
    signed = consortium.sign(LogHead.of(name, book.entries(name)), HeadRole.COORDINATOR)
    if signed is not None:
        with book.writing() as writer:
            writer.keep(signed)
    return signed
