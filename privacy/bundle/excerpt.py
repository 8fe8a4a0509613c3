"""The ledgers' part of a release bundle: what this campaign was charged at each site, and proofs that the logs say so.

Made from the coordinator's log bundle alone, which holds no record's value and nothing derived from one without a
mechanism. Each entry stands as text, byte for byte what its log hashed, with an inclusion proof below the newest head
that the coordinator countersigned; each older head that it countersigned has a consistency proof to that one (RFC
6962, sections 2.1.1 and 2.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from fedaug.errors import ProtocolError
from fedaug.privacy.bundle.manifest import Name, Part
from fedaug.privacy.bundle.values import canonical_values
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import Event
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.bundle import ASK_AGAIN, Bundle, BundledLog, LogRole
from fedaug.privacy.transparency.entries import (
    Countersigned,
    Offered,
    Reserved,
    Sealed,
    SiteEntry,
    Voided,
    read_site_entry,
)
from fedaug.privacy.transparency.heads import HexDigest, LogHead, Origin
from fedaug.privacy.transparency.merkle import (
    consistency_proof,
    inclusion_proof,
    merkle_root,
    verify_consistency,
    verify_inclusion,
)
from fedaug.privacy.transparency.replay import replay

FORMAT: Final = "fedaug-ledger-excerpt/1"

_Proof = Annotated[list[HexDigest], Field(max_length=64)]
_Index = Annotated[int, Field(ge=0, le=LIMITS.log_entries)]


class ProvedEntry(Part):
    """One entry of a site's log, and the nodes beside its way up to the root."""

    index: _Index
    entry: str
    proof: _Proof

    @property
    def typed(self) -> SiteEntry:
        """The entry, read."""
        return read_site_entry(self.entry.encode())


class ProvedHead(Part):
    """A head that the coordinator countersigned before, and the nodes that show it to be the log's beginning."""

    size: _Index
    root: HexDigest
    proof: _Proof


class SiteExcerpt(Part):
    """What one site's log says of the campaign.

    Attributes:
        head: The newest head of the site's log that the coordinator countersigned.
        entries: Where the campaign was reserved, and each of its releases sealed or given back, and each batch of
            texts offered.
        earlier: Heads that were countersigned before.
    """

    head: LogHead
    entries: Annotated[list[ProvedEntry], Field(min_length=1, max_length=2 * LIMITS.plan_events + 1)]
    earlier: Annotated[list[ProvedHead], Field(max_length=LIMITS.log_entries)]

    @property
    def events(self) -> tuple[Event, ...]:
        """What is charged: everything that was reserved and not given back."""
        entries = [proved.typed for proved in self.entries]
        voided = {entry.key for entry in entries if isinstance(entry, Voided)}
        reserved = [event for entry in entries if isinstance(entry, Reserved) for event in entry.mechanisms]
        return tuple(event for event in reserved if event.key not in voided)

    @property
    def outside_dp(self) -> bool:
        """Whether a batch of texts left about which a gate that reads records exactly has decided."""
        return any(isinstance(entry, Offered) and entry.outside_dp for entry in (one.typed for one in self.entries))


class LedgerExcerpt(Part):
    """All of it, by site."""

    format: Literal["fedaug-ledger-excerpt/1"] = FORMAT
    campaign: Name
    plan: HexDigest
    sites: Annotated[dict[Origin, SiteExcerpt], Field(max_length=LIMITS.sites)]


def excerpt_of(bundle: Bundle, campaign: str, plan: str) -> LedgerExcerpt:
    """The excerpt for one campaign.

    Args:
        bundle: The coordinator's log bundle.
        campaign: Its id.
        plan: SHA-256 of its plan.

    Raises:
        ProtocolError: A site's log has the campaign beyond the newest head that was countersigned.
    """
    earlier = _countersigned(bundle)
    found = {log.origin: _site_excerpt(log, campaign, earlier.get(log.origin, [])) for log in _sites(bundle, campaign)}
    return LedgerExcerpt(campaign=campaign, plan=plan, sites=found)


def encode_excerpt(excerpt: LedgerExcerpt) -> bytes:
    """The excerpt's file."""
    return canonical_json(excerpt.model_dump(mode="json"))


def read_excerpt(data: bytes) -> LedgerExcerpt:
    """Read an excerpt of untrusted origin; nothing that it says is checked yet.

    Raises:
        ProtocolError: The bytes are malformed, or not in canonical form.
    """
    try:
        found = LedgerExcerpt.model_validate(canonical_values(data, "ledger excerpt"))
        for site in found.sites.values():
            _ = site.events
    except ValidationError:
        raise ProtocolError("a release bundle's ledger excerpt is malformed", ASK_AGAIN) from None
    return found


def proof_faults(excerpt: SiteExcerpt) -> Iterator[str]:
    """Entries and heads that the excerpt's own head does not bear out."""
    head, root = excerpt.head, bytes.fromhex(excerpt.head.root)
    for proved in excerpt.entries:
        if not verify_inclusion(proved.entry.encode(), proved.index, head.size, _nodes(proved.proof), root):
            yield f"entry {proved.index + 1} is not in the log below its head of {head.size} entries"
    for old in excerpt.earlier:
        if not verify_consistency(old.size, bytes.fromhex(old.root), head.size, root, _nodes(old.proof)):
            yield f"the head of {old.size} entries is not of the beginning of that log"


def _sites(bundle: Bundle, campaign: str) -> list[BundledLog]:
    return [log for log in bundle.of_role(LogRole.SITE) if campaign in replay(log.site_entries).plans]


def _countersigned(bundle: Bundle) -> dict[str, list[Countersigned]]:
    found: dict[str, list[Countersigned]] = {}
    for log in bundle.of_role(LogRole.COORDINATOR):
        for entry in log.coordinator_entries:
            if isinstance(entry, Countersigned):
                found.setdefault(entry.site, []).append(entry)
    return found


def _site_excerpt(log: BundledLog, campaign: str, earlier: list[Countersigned]) -> SiteExcerpt:
    """Below the newest head that the coordinator countersigned; below the site's own where it did so nowhere."""
    newest = max((signed.head for signed in log.countersignatures or log.heads), key=lambda head: head.size)
    below = log.entries[: newest.size]
    wanted = [index for index, entry in enumerate(log.site_entries) if _is_of(entry, campaign)]
    if not wanted[-1] < len(below) or merkle_root(below).hex() != newest.root:
        raise ProtocolError(
            "a site's log goes on after the newest head that the coordinator countersigned",
            "run the campaign to its end, so that the coordinator countersigns what was released",
        )
    heads = {entry.size: entry.root for entry in earlier if entry.size < newest.size}
    return SiteExcerpt(
        head=newest,
        entries=[
            ProvedEntry(index=index, entry=below[index].decode(), proof=_hex(inclusion_proof(below, index)))
            for index in wanted
        ],
        earlier=[
            ProvedHead(size=size, root=root, proof=_hex(consistency_proof(below, size)))
            for size, root in sorted(heads.items())
        ],
    )


def _is_of(entry: SiteEntry, campaign: str) -> bool:
    return isinstance(entry, Reserved | Sealed | Offered | Voided) and entry.campaign == campaign


def _hex(nodes: tuple[bytes, ...]) -> list[str]:
    return [node.hex() for node in nodes]


def _nodes(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(node) for node in proof]
