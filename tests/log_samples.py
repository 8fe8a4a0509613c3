"""A small consortium's logs, as they are after two campaigns: what bundles, honest and otherwise, are made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.events import GaussianEvent, ReleaseKind
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.entries import (
    Accepted,
    CoordinatorEntry,
    Countersigned,
    Opened,
    Reserved,
    Sealed,
    SiteEntry,
    Voided,
    encode_entry,
)
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head

HUB = "hub"
SITES = ("north", "south")
SIGNERS = {
    name: Ed25519PrivateKey.from_private_bytes(digest(name.encode()).encode()[:32]) for name in (HUB, *SITES, "mallory")
}
KEYS = {name: (SIGNERS[name].public_key(),) for name in (HUB, *SITES)}
STATED = {name: keys[0] for name, keys in KEYS.items()}
DELTA = 1e-5
RELEASES = 26


def events(releases: int = RELEASES, noise: float = 20.0) -> list[dict[str, Any]]:
    return [
        GaussianEvent(f"votes/{number}", ReleaseKind.NOISY_VOTES, 1.0, noise).as_dict() for number in range(releases)
    ]


def plan(campaign: str = "autumn", releases: int = RELEASES, epsilon: float = 2.0, **changes: Any) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "labels": ["naïve", "other"],
        "unit": "subject",
        "epsilon": epsilon,
        "delta": DELTA,
        "events": events(releases),
    } | changes


PLAN = plan()


def plan_digest(values: dict[str, Any]) -> str:
    return digest(canonical_json(values))


def request(site: str, key: str) -> str:
    return digest(f"request for {key} of {site}".encode())


def artefact(site: str, key: str) -> str:
    return digest(f"noisy {key} of {site}".encode())


def site_entries(site: str, *plans: dict[str, Any], voided: int = 1) -> list[SiteEntry]:
    """All releases of each plan but the last ``voided``, which are given back."""
    entries: list[SiteEntry] = [Opened(lineage=f"lineage-{site}", unit="subject", adjacency="add_or_remove_one")]
    for values in plans or (PLAN,):
        campaign = values["campaign"]
        keys = [event["key"] for event in values["events"]]
        kept = keys[: len(keys) - voided]
        entries.append(Reserved(campaign=campaign, plan=plan_digest(values), events=values["events"]))
        entries += [
            Sealed(campaign=campaign, key=key, request=request(site, key), artefact=artefact(site, key)) for key in kept
        ]
        entries += [Voided(campaign=campaign, key=key) for key in keys[len(kept) :]]
    return entries


def accepted_entries(site: str, *plans: dict[str, Any], voided: int = 1) -> list[Accepted]:
    return [
        Accepted(
            campaign=values["campaign"],
            site=site,
            key=event["key"],
            request=request(site, event["key"]),
            artefact=artefact(site, event["key"]),
            event=event,
        )
        for values in plans or (PLAN,)
        for event in values["events"][: len(values["events"]) - voided]
    ]


def encoded(entries: Sequence[SiteEntry | CoordinatorEntry]) -> tuple[bytes, ...]:
    return tuple(map(encode_entry, entries))


def signed(origin: str, entries: Sequence[bytes], role: HeadRole, signer: str | None = None) -> SignedHead:
    return sign_head(LogHead.of(origin, entries), role, SIGNERS[signer or origin])


def site_log(site: str, entries: Sequence[bytes], *, countersigned: Sequence[int] | None = None) -> BundledLog:
    """A site's log as an honest site and hub sign it; countersigned at the given sizes, by default as it is now."""
    sizes = (len(entries),) if countersigned is None else countersigned
    return BundledLog(
        site,
        LogRole.SITE,
        tuple(entries),
        (signed(site, entries, HeadRole.SITE),),
        tuple(signed(site, entries[:size], HeadRole.COUNTERSIGNATURE, HUB) for size in sizes),
    )


def hub_log(entries: Sequence[bytes]) -> BundledLog:
    return BundledLog(HUB, LogRole.COORDINATOR, tuple(entries), (signed(HUB, entries, HeadRole.COORDINATOR),))


def countersigned(log: BundledLog) -> list[Countersigned]:
    heads = [head.head for head in log.countersignatures]
    return [Countersigned(site=log.origin, size=head.size, root=head.root) for head in heads]


def honest_logs(*plans: dict[str, Any]) -> list[BundledLog]:
    sites = []
    for site in SITES:
        entries = encoded(site_entries(site, *plans))
        sites.append(site_log(site, entries, countersigned=(10, len(entries))))
    pooled: list[CoordinatorEntry] = []
    for log in sites:
        early, late = countersigned(log)
        pooled += [early, *accepted_entries(log.origin, *plans), late]
    return [*sites, hub_log(encoded(pooled))]


def honest_bundle(*plans: dict[str, Any]) -> bytes:
    return write_bundle(honest_logs(*plans), plans or (PLAN,), STATED)
