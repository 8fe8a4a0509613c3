"""A site's transparency log as others see it: its signed head, its entries, and what the coordinator signed about it.

The log itself is the ledger's journal. Beside it lie the coordinator's signatures that the site has received, which
prove to a third party what the coordinator had seen, and to the site that its ledger is not an older copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fedaug.client.kept_heads import KeptHeads
from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import (
    HeadRole,
    LogHead,
    SignedHead,
    decode_head,
    equivocation,
    sign_head,
    verify_head,
)
from fedaug.strategies.messages import ExchangeHeads, LogFact

_REMEDY = "keep both, and ask the consortium's authority"


class SiteLog:
    """One site's log.

    Args:
        site: Its name.
        heads: Keeps what the coordinator signed.
        ledger: Whose journal is the log.
        signer: The site's signing key.
    """

    def __init__(self, site: str, heads: KeptHeads, ledger: Ledger, signer: Ed25519PrivateKey) -> None:
        self._site = site
        self._heads = heads
        self._ledger = ledger
        self._signer = signer

    def exchange(self, message: ExchangeHeads, coordinator: Ed25519PublicKey | None) -> LogFact:
        """Take in what the coordinator signed, and show it what it lacks.

        Args:
            message: What it says.
            coordinator: Its key; None if nobody vouches for it, and then nothing that it signed is taken in.

        Raises:
            BadSignature: A head is not the coordinator's, or contradicts one that it signed before.
            LedgerRolledBack: It has countersigned a head that is not in this site's journal.
            ProtocolError: It has seen more than the log holds.
        """
        if coordinator is not None:
            self._take(message, coordinator)
        entries = self._ledger.journal()
        if message.since > len(entries):
            raise ProtocolError("the coordinator has seen more than the site's log holds", "compare the two logs")
        end = message.since + _page_length(entries[message.since :])
        head = sign_head(LogHead.of(self._site, entries[:end]), HeadRole.SITE, self._signer)
        page = tuple(entry.decode() for entry in entries[message.since : end])
        return LogFact(head=head.as_dict(), entries=page, more=end < len(entries))

    def require_newest(self, shown: LogHead) -> None:
        """Check that a head is the log's as it stands: that nothing was added since it was shown.

        Raises:
            ProtocolError: It is of another log, or of a shorter one.
        """
        size, root = self._ledger.head()
        if shown != LogHead(origin=self._site, size=size, root=root.hex()):
            raise ProtocolError("a plan was put to the site before its log became what it is", "show the log again")

    def countersigned(self) -> SignedHead | None:
        """The coordinator's newest countersignature."""
        return self._heads.read(HeadRole.COUNTERSIGNATURE)

    def coordinator(self) -> SignedHead | None:
        """The newest head of the coordinator's own log."""
        return self._heads.read(HeadRole.COORDINATOR)

    def _take(self, message: ExchangeHeads, coordinator: Ed25519PublicKey) -> None:
        if message.countersigned is not None:
            signed = decode_head(canonical_json(message.countersigned))
            head = verify_head(signed, HeadRole.COUNTERSIGNATURE, coordinator)
            if head.origin != self._site:
                raise BadSignature("a countersignature is over another site's log", _REMEDY)
            self._ledger.note_countersigned(head.size, bytes.fromhex(head.root))
            self._heads.keep(signed)
        if message.coordinator is not None:
            signed = decode_head(canonical_json(message.coordinator))
            verify_head(signed, HeadRole.COORDINATOR, coordinator)
            known = self.coordinator()
            if known is not None and equivocation(known, signed, coordinator):
                raise BadSignature("the coordinator has signed two different logs as one", _REMEDY)
            self._heads.keep(signed)


def _page_length(entries: Sequence[bytes]) -> int:
    """How many entries one reply may carry: at least one, if there is any."""
    room = LIMITS.log_page_bytes
    for number, entry in enumerate(entries):
        room -= len(entry)
        if room < 0 and number:
            return number
    return len(entries)
