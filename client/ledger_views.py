"""A site's ledger as others read it: for a person, for an independent recomputation, and as a log bundle."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.client.accepted_plans import AcceptedPlans
from fedaug.client.budget import charged_plans
from fedaug.client.kept_heads import kept_countersignature
from fedaug.client.settings import SiteSettings
from fedaug.errors import NotReserved
from fedaug.privacy.accounting.filter import campaigns_epsilon
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import Event
from fedaug.privacy.ledger import ChargeState, Ledger, LedgerEntry
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.heads import HeadRole, LogHead, sign_head
from fedaug.privacy.units import ADJACENCY

#: Changes whenever the file's form or meaning changes.
EXPORT_FORMAT: Final = "fedaug-ledger/1"


def plain(epsilon: float) -> float | str:
    """ε as JSON, which has no infinity."""
    return "inf" if math.isinf(epsilon) else epsilon


def mechanism(event: Event) -> dict[str, Any]:
    """A mechanism as executed, without what names its release."""
    return {name: value for name, value in event.as_dict().items() if name not in {"key", "release"}}


def ledger_view(settings: SiteSettings, ledger: Ledger | None) -> dict[str, Any]:
    """What was reserved, sealed and voided, and what it costs, as plain values.

    Args:
        settings: The site's.
        ledger: The site's; None if it has not begun one.
    """
    entries = () if ledger is None else ledger.entries()
    spent = 0.0 if ledger is None else ledger.spent()
    cap, privacy = settings.privacy.epsilon, settings.privacy
    campaigns = dict.fromkeys(entry.campaign for entry in entries)
    charged = charged_plans(entries)
    return {
        "site": settings.name,
        "rolled_back": ledger is not None and ledger.is_older_copy(),
        "unit": str(privacy.unit),
        "adjacency": ADJACENCY,
        "delta": privacy.delta,
        "epsilon": plain(spent),
        "cap": plain(cap),
        "left": plain(cap if math.isinf(cap) else max(cap - spent, 0.0)),
        "campaigns": [
            {
                "campaign": campaign,
                "plan": next(entry.plan_digest for entry in entries if entry.campaign == campaign),
                "epsilon": plain(campaigns_epsilon([charged.get(campaign, ())], privacy.delta)),
                "releases": [_release(entry) for entry in entries if entry.campaign == campaign],
            }
            for campaign in campaigns
        ],
    }


def ledger_export(settings: SiteSettings, ledger: Ledger, lineage: str) -> bytes:
    """Everything from which somebody else can work ε out again, as canonical JSON.

    ``events`` are those that are charged; ``campaigns`` says which of them were planned together, and ``journal`` how
    they came to be. Nothing in it is derived from a record without a mechanism.

    Args:
        settings: The site's.
        ledger: The site's.
        lineage: The data set's random lineage id.
    """
    charged = [entry for entry in ledger.entries() if entry.state is not ChargeState.VOID]
    view = ledger_view(settings, ledger)
    kept = ("unit", "adjacency", "delta", "cap", "epsilon")
    return canonical_json(
        {
            "format": EXPORT_FORMAT,
            "lineage": lineage,
            **{name: view[name] for name in kept},
            "events": [entry.event.as_dict() for entry in charged],
            "campaigns": [
                {
                    **{name: campaign[name] for name in ("campaign", "plan", "epsilon")},
                    "events": [place for place, entry in enumerate(charged) if entry.campaign == campaign["campaign"]],
                }
                for campaign in view["campaigns"]
            ],
            "journal": [entry.decode() for entry in ledger.journal()],
        }
    )


def ledger_bundle(folder: Path, settings: SiteSettings, ledger: Ledger, signer: Ed25519PrivateKey) -> bytes:
    """The site's log with its signed head, the coordinator's newest countersignature, and the plans it names.

    Args:
        folder: The site's.
        settings: The site's.
        ledger: The site's.
        signer: The site's signing key.

    Raises:
        LedgerError: A signature or plan that the site keeps is damaged.
        ProtocolError: There is more than a bundle holds.
    """
    entries, countersigned = ledger.journal(), kept_countersignature(folder)
    log = BundledLog(
        settings.name,
        LogRole.SITE,
        entries,
        (sign_head(LogHead.of(settings.name, entries), HeadRole.SITE, signer),),
        () if countersigned is None else (countersigned,),
    )
    plans = []
    for campaign in dict.fromkeys(entry.campaign for entry in ledger.entries()):
        try:
            plans.append(AcceptedPlans(folder / "plans").find(campaign).model_dump(mode="json"))
        except NotReserved:  # lost with an older folder: whoever checks the bundle is told that it is not there
            continue
    return write_bundle([log], plans, {settings.name: signer.public_key()})


def _release(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "key": entry.event.key,
        "kind": str(entry.event.release),
        "state": str(entry.state),
        "mechanism": mechanism(entry.event),
    }
