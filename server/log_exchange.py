"""Showing logs to each other: the coordinator reads each site's, countersigns its head, and shows its own.

A site whose log is not the continuation of what it showed before has gone back to an older copy of its ledger, or keeps
two. Either way it may have forgotten charges, so it takes no further part.
"""

from __future__ import annotations

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.transparency.entries import Countersigned, encode_entry, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, decode_head, verify_head
from fedaug.server.enrolment import Consortium
from fedaug.server.log_book import LogBook
from fedaug.server.verify import KnownSite
from fedaug.strategies.messages import ExchangeHeads, LogFact

_REMEDY = "leave the site out until it has recovered its ledger"


class LogExchange:
    """The coordinator's side.

    Args:
        book: Keeps what was seen and signed.
        consortium: Signs for the coordinator.
    """

    def __init__(self, book: LogBook, consortium: Consortium) -> None:
        self._book = book
        self._consortium = consortium

    def request(self, site: KnownSite) -> ExchangeHeads:
        """What to ask a site, and to tell it."""
        entries = self._book.entries(site.name)
        # Signed anew: the signature that is kept may be by a key that another has replaced since.
        seen = self._consortium.sign(LogHead.of(site.name, entries), HeadRole.COUNTERSIGNATURE) if entries else None
        own = own_head(self._book, self._consortium)
        return ExchangeHeads(
            since=len(entries),
            countersigned=seen and seen.as_dict(),
            coordinator=own and own.as_dict(),
        )

    def take(self, fact: LogFact, site: KnownSite) -> None:
        """Check and keep what a site showed, and countersign it.

        Raises:
            ProtocolError: Its head is malformed, or its log does not continue what it showed before.
            BadSignature: Its head is not signed by it.
        """
        signed = decode_head(canonical_json(fact.head))
        head = verify_head(signed, HeadRole.SITE, site.key)
        if head.origin != site.name:
            raise BadSignature("a site showed another one's log", _REMEDY)
        known = self._book.entries(site.name)
        entries = (*known, *map(_entry, fact.entries))
        if LogHead.of(site.name, entries) != head:
            raise ProtocolError("a site's log does not continue the one that it showed before", _REMEDY)
        self._book.extend(site.name, len(known), entries[len(known) :])
        self._book.keep(signed)
        countersigned = self._consortium.sign(head, HeadRole.COUNTERSIGNATURE)
        if countersigned is not None and self._book.keep(countersigned):
            said = Countersigned(site=site.name, size=head.size, root=head.root)
            self._book.append(self._consortium.coordinator, encode_entry(said))


def _entry(text: str) -> bytes:
    """An entry's bytes, if it is one: what is none would make every bundle unreadable, and no ledger.

    Raises:
        ProtocolError: It is none.
    """
    data = text.encode()
    read_site_entry(data)
    return data


def own_head(book: LogBook, consortium: Consortium) -> SignedHead | None:
    """The coordinator's log as it stands, signed and kept; None if nobody knows its key."""
    name = consortium.coordinator
    signed = consortium.sign(LogHead.of(name, book.entries(name)), HeadRole.COORDINATOR)
    if signed is not None:
        book.keep(signed)
    return signed
