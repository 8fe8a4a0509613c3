"""Compares the logs of a bundle with each other and with the plans, and recomputes what each site spent."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fedaug.errors import FedaugError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.filter import campaigns_epsilon
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.transparency.bundle import Bundle, BundledLog, LogRole, PlanFacts
from fedaug.privacy.transparency.entries import Accepted, Countersigned, Opened, Reserved
from fedaug.privacy.transparency.findings import SiteSpending, Worksheet, counted
from fedaug.privacy.transparency.merkle import roots_of_beginnings
from fedaug.privacy.transparency.replay import Journal, Release, named
from fedaug.privacy.units import ADJACENCY

#: Another version of the accountant may differ by so much, relative, without anybody having lied.
_ACCOUNTANTS_DIFFER: Final = 1e-3


@dataclass(frozen=True)
class Pooled:
    """What a coordinator's log says, by site.

    Attributes:
        origin: The coordinator.
        accepted: Site -> release -> its acceptance.
        countersigned: Site -> the heads that were countersigned, in order.
    """

    origin: str
    accepted: dict[str, dict[Release, Accepted]] = field(default_factory=lambda: defaultdict(dict))
    countersigned: dict[str, list[Countersigned]] = field(default_factory=lambda: defaultdict(list))


def pooled_entries(bundle: Bundle, sheet: Worksheet) -> Pooled | None:
    """Read the coordinator's log, in which a release is accepted once; None if the bundle does not hold it."""
    log = next(iter(bundle.of_role(LogRole.COORDINATOR)), None)
    if log is None:
        sheet.unchecked.append("what the coordinator accepted: its log is not in the bundle")
        return None
    pooled, faults, count = Pooled(log.origin), [], 0
    for number, entry in enumerate(log.coordinator_entries, start=1):
        if isinstance(entry, Countersigned):
            pooled.countersigned[entry.site].append(entry)
            continue
        release, count = (entry.campaign, entry.key), count + 1
        if release in pooled.accepted[entry.site]:
            faults.append(f"entry {number} accepts {named(release)} of {entry.site} again")
        pooled.accepted[entry.site][release] = entry
    sheet.check("accepted once", log.origin, f"{counted(count, 'acceptance')}: no release accepted twice", faults)
    held = {site.origin for site in bundle.of_role(LogRole.SITE)}
    for site in sorted({*pooled.accepted, *pooled.countersigned} - held):
        sheet.unchecked.append(f"what {log.origin} says of {site}, whose log is not in the bundle")
    return pooled


def check_acceptances(pooled: Pooled, site: str, journal: Journal, sheet: Worksheet) -> None:
    """Everything that was accepted from a site was sealed by it: same request, same bytes, same event."""
    accepted = pooled.accepted.get(site, {})
    forgotten = accepted.keys() & journal.forgotten
    faults = [fault for release, entry in accepted.items() for fault in _departures(release, entry, journal)]
    compared = (
        f"{counted(len(accepted), 'release')} that {pooled.origin} accepted with those that {site} sealed: "
        "request, bytes and mechanism"
    )
    sheet.check("accepted and sealed", site, compared, faults)
    if forgotten:
        sheet.unchecked.append(
            f"{counted(len(forgotten), 'accepted release')} of {site}: charged, but what its log said of them was lost"
        )
    missing = journal.sealed.keys() - accepted.keys()
    if missing:
        sheet.unchecked.append(
            f"where {counted(len(missing), 'sealed release')} of {site} went: {pooled.origin} did not accept them"
        )


def _departures(release: Release, accepted: Accepted, journal: Journal) -> Iterator[str]:
    sealed = journal.sealed.get(release)
    if sealed is None and release not in journal.forgotten:
        yield f"{named(release)} was accepted and never sealed"
        return
    if sealed is not None and accepted.artefact != sealed.artefact:
        yield f"{named(release)} was accepted with other bytes than it was sealed with"
    if sealed is not None and accepted.request != sealed.request:
        yield f"{named(release)} was accepted in answer to another request"
    if accepted.mechanism != journal.events[release]:
        yield f"{named(release)} was accepted with another mechanism than was reserved"


def check_countersigned(pooled: Pooled, log: BundledLog, sheet: Worksheet) -> None:
    """The heads that a coordinator lists as countersigned are beginnings of the site's log, and never older ones.

    Of the countersignatures themselves the last has to be in the bundle: its head covers all that came before. Of
    earlier ones, if they are there, each has to be listed.
    """
    listed = pooled.countersigned.get(log.origin, [])
    roots = roots_of_beginnings(log.entries, (entry.size for entry in listed))
    faults = [
        f"{pooled.origin} countersigned {entry.size} entries that are not the beginning of this log"
        for entry in listed
        if entry.size not in roots or roots[entry.size].hex() != entry.root
    ]
    sizes = [entry.size for entry in listed]
    if sizes != sorted(sizes):
        faults.append(f"{pooled.origin} countersigned an older head after a newer one")
    known = {(entry.size, entry.root) for entry in listed}
    shown = {(signed.head.size, signed.head.root) for signed in log.countersignatures}
    if shown - known:
        faults.append(f"{pooled.origin} does not list {len(shown - known)} of the countersignatures")
    if listed and (listed[-1].size, listed[-1].root) not in shown:
        faults.append("the last countersignature that is listed is not in the bundle")
    compared = (
        f"{counted(len(listed), 'head')} that {pooled.origin} lists as countersigned with the beginnings of this log "
        "and with its countersignatures"
    )
    sheet.check("countersigned", log.origin, compared, faults)


def check_plans(bundle: Bundle, site: str, journal: Journal, pooled: Pooled | None, sheet: Worksheet) -> bool:
    """Each reserved entry holds the events of the plan whose digest it names.

    A plan has to be there if the bundle's coordinator accepted something of its campaign. A site may have taken part in
    other consortia, whose plans this coordinator never saw; that they are missing is said and no fault.
    """
    accepted = {campaign for campaign, _ in pooled.accepted.get(site, {})} if pooled else set()
    held = [entry for entry in journal.plans.values() if entry.plan in bundle.plans]
    faults = [fault for entry in held for fault in _plan_faults(bundle.plans[entry.plan], entry)]
    for entry in journal.plans.values():
        if entry.plan not in bundle.plans:
            missing = f"the plan of campaign {entry.campaign!r} is not in the bundle"
            if entry.campaign in accepted:
                faults.append(missing)
            else:
                sheet.unchecked.append(f"what campaign {entry.campaign!r} of {site} planned: {missing}")
    compared = f"the events of {counted(len(held), 'reserved plan')} with those of the plan of that digest"
    return sheet.check("plan", site, compared, faults)


def _plan_faults(plan: PlanFacts, entry: Reserved) -> Iterator[str]:
    if plan.campaign != entry.campaign:
        yield f"campaign {entry.campaign!r} was reserved with the plan of another campaign"
    elif canonical_json(plan.events) != canonical_json(entry.events):
        yield f"campaign {entry.campaign!r} reserved other events than its plan holds"


def state_spending(bundle: Bundle, log: BundledLog, journal: Journal, delta: float | None, sheet: Worksheet) -> None:
    """Recompute a site's ε from its events, and hold each plan to the ε that it states."""
    plans = [bundle.plans[entry.plan] for entry in journal.plans.values() if entry.plan in bundle.plans]
    opened = next(entry for entry in log.site_entries if isinstance(entry, Opened))
    faults = [] if opened.adjacency == ADJACENCY else ["the ledger is kept under another adjacency than this one"]
    faults += [fault for plan in plans for fault in _understated(plan)]
    stated_at = delta or min((plan.delta for plan in plans), default=None)
    charges = [events for events in map(journal.charged, journal.plans) if events]
    if stated_at is None and charges:
        sheet.unchecked.append(f"the ε of {log.origin}: no plan in the bundle names a δ for it, and none was given")
    elif stated_at is not None and not faults:
        try:
            spent = campaigns_epsilon(charges, stated_at)
        except FedaugError as error:
            faults.append(error.what)
        else:
            counts = (len(charges), sum(map(len, charges)), len(journal.sealed))
            sheet.spending.append(SiteSpending(log.origin, opened.unit, *counts, stated_at, spent))
    compared = f"the ε of {counted(len(plans), 'plan')}, recomputed from the events, with what the plan states"
    sheet.check("ε", log.origin, compared, faults)


def _understated(plan: PlanFacts) -> Iterator[str]:
    stated = math.inf if plan.epsilon == "inf" else plan.epsilon
    try:
        recomputed = epsilon(plan.mechanisms, plan.delta)
    except FedaugError as error:
        yield f"campaign {plan.campaign!r}: {error.what}"
        return
    if not recomputed <= stated * (1 + _ACCOUNTANTS_DIFFER):
        yield f"campaign {plan.campaign!r} states ε {stated:.4g}, and its events cost {recomputed:.4g}"
