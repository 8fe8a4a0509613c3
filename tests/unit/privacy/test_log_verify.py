"""What the offline check of a bundle says: of an honest one, of logs that break a rule, and of what it cannot check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.independent_log_check import check
from tests.log_samples import (
    DELTA,
    HUB,
    KEYS,
    PLAN,
    RELEASES,
    SITES,
    STATED,
    accepted_entries,
    artefact,
    countersigned,
    encoded,
    events,
    honest_bundle,
    honest_logs,
    hub_log,
    plan,
    request,
    signed,
    site_entries,
    site_log,
)

from fedaug.errors import InvalidBudget
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.filter import filter_epsilon, plan_charge
from fedaug.privacy.events import event_from_dict
from fedaug.privacy.transparency.bundle import BundledLog, write_bundle
from fedaug.privacy.transparency.entries import Opened, Recovered, Reserved, SiteEntry, Voided
from fedaug.privacy.transparency.findings import Findings
from fedaug.privacy.transparency.heads import HeadRole, LogHead, sign_head
from fedaug.privacy.transparency.verify import verify_bundle

RAW = {name: key.public_bytes_raw() for name, key in STATED.items()}
WINTER = plan("winter", 3)


def verified(logs: Sequence[BundledLog], *plans: dict[str, Any], coordinator: str | None = HUB) -> Findings:
    return verify_bundle(write_bundle(logs, plans or (PLAN,)), KEYS, coordinator=coordinator)


def of_north(entries: Sequence[SiteEntry], accepted: Sequence[Any] = (), *plans: dict[str, Any]) -> Findings:
    """The findings about one site, whose log and the hub's are signed as they stand."""
    log = site_log("north", encoded(entries))
    return verified([log, hub_log(encoded([*accepted, *countersigned(log)]))], *plans)


def failed(findings: Findings) -> dict[str, str]:
    return {check.name: check.told for check in findings.failed}


def test_an_honest_bundle_passes_and_says_what_was_compared() -> None:
    findings = verify_bundle(honest_bundle(), KEYS, coordinator=HUB)
    assert findings.passed
    assert findings.unchecked == ()
    assert sorted({check.name for check in findings.checks}) == [
        "accepted and sealed", "accepted once", "coordinator", "countersignature", "countersigned", "order", "plan",
        "root", "signature", "stated key", "ε",
    ]  # fmt: skip
    told = {(check.name, check.subject): check.compared for check in findings.checks}
    assert told["order", "north"] == "25 sealed releases: each reserved before, sealed once, and not voided"
    assert told["root", "north"] == "the root recomputed from all 28 entries of the log with the root in those heads"
    assert json.loads(json.dumps(findings.as_dict()))["passed"] is True


def test_a_checker_without_fedaug_agrees() -> None:
    assert check(honest_bundle(), RAW) == []
    assert check(honest_bundle(PLAN, WINTER), RAW) == []
    assert check(honest_bundle(), RAW | {"north": RAW["south"]}) != []


def test_a_sites_epsilon_is_that_of_its_charged_events() -> None:
    findings = verify_bundle(honest_bundle(), KEYS, coordinator=HUB)
    charged = tuple(map(event_from_dict, events(RELEASES - 1)))  # one was voided
    assert [spent.site for spent in findings.spending] == list(SITES)
    for spent in findings.spending:
        assert (spent.campaigns, spent.reserved, spent.sealed, spent.delta) == (1, 25, 25, DELTA)
        assert spent.epsilon == epsilon(charged, DELTA)


def test_several_campaigns_cost_what_the_filter_says() -> None:
    findings = verify_bundle(honest_bundle(PLAN, WINTER), KEYS, coordinator=HUB)
    assert findings.passed
    charges = [plan_charge(tuple(map(event_from_dict, events(count))), DELTA) for count in (RELEASES - 1, 2)]
    assert findings.spending[0].campaigns == 2
    assert findings.spending[0].epsilon == filter_epsilon(charges, DELTA)


def test_epsilon_is_stated_at_the_delta_that_is_asked_for() -> None:
    asked = verify_bundle(honest_bundle(), KEYS, coordinator=HUB, delta=1e-7).spending[0]
    assert asked.delta == 1e-7
    assert asked.epsilon > verify_bundle(honest_bundle(), KEYS, coordinator=HUB).spending[0].epsilon
    for delta in (0.0, 1.0, float("nan")):
        with pytest.raises(InvalidBudget, match="FA102"):
            verify_bundle(honest_bundle(), KEYS, delta=delta)


def test_a_plan_without_noise_is_said_to_cost_everything() -> None:
    bare = plan(epsilon="inf", events=events(3, noise=0.0))
    findings = of_north(site_entries("north", bare), accepted_entries("north", bare), bare)
    assert findings.passed
    assert findings.as_dict()["sites"][0]["epsilon"] == "inf"


def test_a_plan_that_understates_its_epsilon_is_found() -> None:
    modest = plan(epsilon=0.5)
    findings = of_north(site_entries("north", modest), accepted_entries("north", modest), modest)
    assert list(failed(findings)) == ["ε"]
    assert "campaign 'autumn' states ε 0.5, and its events cost 0." in failed(findings)["ε"]
    assert findings.spending == ()


OPENED, RESERVED, *SETTLED = site_entries("north")
FIRST = SETTLED[0]
VOIDED = Voided(campaign="autumn", key="votes/0")
ORDERS: list[tuple[str, list[SiteEntry], str]] = [
    ("sealed before it was reserved", [OPENED, FIRST, RESERVED], "entry 2 seals 'votes/0' of campaign 'autumn', which"),
    ("sealed twice", [OPENED, RESERVED, FIRST, FIRST], "which was sealed before"),
    ("sealed after it was voided", [OPENED, RESERVED, VOIDED, FIRST], "which was voided before"),
    ("voided after it was sealed", [OPENED, RESERVED, FIRST, VOIDED], "entry 4 voids 'votes/0'"),
    ("voided twice", [OPENED, RESERVED, VOIDED, VOIDED], "which was voided before"),
    ("reserved twice", [OPENED, RESERVED, RESERVED], "entry 3 reserves campaign 'autumn' a second time"),
    ("never opened", [RESERVED, FIRST], "the first one does not open it"),
    ("opened twice", [OPENED, RESERVED, OPENED], "entry 3 opens the journal again"),
    ("empty", [], "the journal is empty"),
    ("recovered more than there was", [OPENED, Recovered(size=2)], "recovers another number of entries"),
    (
        "sealed after it was recovered",
        [OPENED, RESERVED, Recovered(size=2), FIRST],
        "which was reserved before the ledger was recovered",
    ),
]


@pytest.mark.parametrize(("entries", "fault"), [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS])
def test_a_journal_that_breaks_the_order_is_found_though_its_site_signed_it(
    entries: list[SiteEntry], fault: str
) -> None:
    findings = of_north(entries)
    assert fault in failed(findings)["order"]
    assert findings.spending == ()
    assert any(text.startswith("the ε of north: a check that comes before it failed") for text in findings.unchecked)


def test_a_recovered_log_passes_and_what_was_lost_is_said() -> None:
    entries = [*site_entries("north")[:4], Recovered(size=4)]
    findings = of_north(entries, accepted_entries("north")[:5])
    assert findings.passed
    assert findings.unchecked == ("3 accepted releases of north: charged, but what its log said of them was lost",)
    assert findings.spending[0].reserved == RELEASES


def test_an_acceptance_of_what_a_recovered_log_never_reserved_is_found() -> None:
    findings = of_north([OPENED, Recovered(size=1)], accepted_entries("north")[:1])
    assert "accepted and never sealed" in failed(findings)["accepted and sealed"]


ACCEPTED = accepted_entries("north")
DEPARTURES: list[tuple[str, dict[str, Any], str]] = [
    ("other bytes", {"artefact": artefact("south", "votes/0")}, "accepted with other bytes than it was sealed with"),
    ("another request", {"request": request("south", "votes/0")}, "accepted in answer to another request"),
    ("another mechanism", {"event": events(1, noise=99.0)[0]}, "with another mechanism than was reserved"),
    ("another campaign", {"campaign": "winter"}, "'votes/0' of campaign 'winter' was accepted and never sealed"),
    ("a voided release", {"key": f"votes/{RELEASES - 1}"}, "was accepted and never sealed"),
]


@pytest.mark.parametrize(("change", "fault"), [case[1:] for case in DEPARTURES], ids=[case[0] for case in DEPARTURES])
def test_an_acceptance_that_departs_from_what_was_sealed_is_found(change: dict[str, Any], fault: str) -> None:
    findings = of_north(site_entries("north"), [ACCEPTED[0].model_copy(update=change), *ACCEPTED[1:]])
    assert fault in failed(findings)["accepted and sealed"]


def test_a_release_accepted_twice_is_found() -> None:
    assert failed(of_north(site_entries("north"), [*ACCEPTED, ACCEPTED[3]])) == {
        "accepted once": "entry 26 accepts 'votes/3' of campaign 'autumn' of north again"
    }


def test_a_plan_that_is_missing_or_another_is_found() -> None:
    logs = honest_logs()
    assert "the plan of campaign 'autumn' is not in the bundle" in failed(verified(logs, WINTER))["plan"]

    other = [entry.model_copy(update={"events": events(noise=80.0)}) if isinstance(entry, Reserved) else entry
             for entry in site_entries("north")]  # fmt: skip
    assert failed(of_north(other))["plan"] == "campaign 'autumn' reserved other events than its plan holds"

    renamed = [entry.model_copy(update={"campaign": "spring"}) if not isinstance(entry, Opened) else entry
               for entry in site_entries("north")]  # fmt: skip
    assert "with the plan of another campaign" in failed(of_north(renamed))["plan"]


def test_a_plan_of_another_consortium_may_be_missing_and_is_charged_all_the_same() -> None:
    north = site_log("north", encoded(site_entries("north", PLAN, WINTER)))
    hub = hub_log(encoded([*ACCEPTED, *countersigned(north)]))
    findings = verified([north, hub], PLAN)
    assert findings.passed
    assert "what campaign 'winter' of north planned: the plan of campaign 'winter' is not in the bundle" in (
        findings.unchecked
    )
    assert findings.spending == verified([north, hub], PLAN, WINTER).spending
    assert findings.spending[0].campaigns == 2

    alone = verify_bundle(write_bundle([north]), KEYS, coordinator=HUB)
    assert "the ε of north: no plan in the bundle names a δ for it, and none was given" in alone.unchecked
    assert alone.spending == ()
    given = verify_bundle(write_bundle([north]), KEYS, coordinator=HUB, delta=DELTA)
    assert given.spending == findings.spending


def test_a_ledger_under_another_adjacency_is_no_epsilon() -> None:
    substituted = OPENED.model_copy(update={"adjacency": "replace_one"})
    findings = of_north([substituted, RESERVED, *SETTLED], ACCEPTED)
    assert failed(findings) == {"ε": "the ledger is kept under another adjacency than this one"}
    assert findings.spending == ()


def test_an_older_copy_of_a_log_is_found() -> None:
    """A site restores a backup and signs it; the coordinator has countersigned more."""
    north, south, hub = honest_logs()
    older = north.entries[:20]
    restored = replace(north, entries=older, heads=(signed("north", older, HeadRole.SITE),))
    findings = verified([restored, south, hub])
    assert "of which the log lacks 8" in failed(findings)["countersignature"]
    assert "hub countersigned 28 entries that are not the beginning of this log" in failed(findings)["countersigned"]


def test_a_coordinator_that_countersigns_an_older_head_later_is_found() -> None:
    log = site_log("north", encoded(site_entries("north")), countersigned=(10, 28))
    early, late = countersigned(log)
    findings = verified([log, hub_log(encoded([*ACCEPTED, late, early]))])
    assert failed(findings) == {"countersigned": "hub countersigned an older head after a newer one"}


def test_countersignatures_and_their_list_have_to_agree() -> None:
    log = site_log("north", encoded(site_entries("north")), countersigned=(10, 28))
    early, late = countersigned(log)
    assert "does not list 1 of the countersignatures" in failed(
        verified([log, hub_log(encoded([*ACCEPTED, late]))])
    )["countersigned"]  # fmt: skip
    hidden = replace(log, countersignatures=log.countersignatures[:1])
    assert failed(verified([hidden, hub_log(encoded([*ACCEPTED, early, late]))])) == {
        "countersigned": "the last countersignature that is listed is not in the bundle"
    }


def test_a_missing_key_fails_because_nothing_binds_the_log() -> None:
    findings = verify_bundle(honest_bundle(), {HUB: KEYS[HUB], "north": KEYS["north"]}, coordinator=HUB)
    assert [(check.subject, check.told) for check in findings.failed] == [("south", "no key was given for south")]
    assert [spent.site for spent in findings.spending] == ["north"]
    assert "the ε of south: a check that comes before it failed" in findings.unchecked


def test_without_any_key_nothing_passes() -> None:
    findings = verify_bundle(honest_bundle(), {})
    assert not findings.passed
    assert {check.subject for check in findings.failed} == {HUB, *SITES}
    assert findings.spending == ()


def test_what_cannot_be_checked_is_said() -> None:
    north, south, hub = honest_logs()
    alone = verified([replace(north, countersignatures=())], coordinator=None)
    assert alone.passed
    assert alone.unchecked == (
        "what the coordinator accepted: its log is not in the bundle",
        "whether north showed the coordinator this same log: no countersignature is in the bundle",
    )
    assert verified([north], coordinator=None).unchecked == (
        "what the coordinator accepted: its log is not in the bundle",
        "2 countersignatures of the log of north: no key of its signer",
    )
    assert verified([north, hub]).unchecked == ("what hub says of south, whose log is not in the bundle",)
    assert verified([north, south, hub], coordinator=None).unchecked == (
        "that hub is the consortium's coordinator: only the bundle says so",
    )
    grown = site_log("north", north.entries, countersigned=(10,))
    early = countersigned(grown)
    findings = verified([grown, hub_log(encoded([*ACCEPTED[:-2], *early]))])
    assert findings.passed
    assert findings.unchecked == (
        "entries 11 to 28 of north: not countersigned yet",
        "where 2 sealed releases of north went: hub did not accept them",
    )


def test_the_coordinator_is_who_was_named() -> None:
    findings = verify_bundle(honest_bundle(), KEYS, coordinator="north")
    assert failed(findings)["coordinator"] == ("the bundle says that it is hub; the bundle holds its log as a site's")


def test_a_replaced_key_counts_as_long_as_it_is_given() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    keys = {**KEYS, "north": (other, *KEYS["north"])}
    assert verify_bundle(honest_bundle(), keys, coordinator=HUB).passed
    findings = verify_bundle(honest_bundle(), {**KEYS, "north": (other,)}, coordinator=HUB)
    assert "signed with another key than the expected one" in failed(findings)["signature"]
    assert failed(findings)["stated key"] == "they differ: ask its owner for the key's id"


def test_the_bundles_own_keys_count_for_nothing() -> None:
    """A whole bundle that Mallory made and signed, with her key stated as everybody's."""
    mallory = Ed25519PrivateKey.from_private_bytes(bytes(32))
    entries = encoded(site_entries("north"))
    log = replace(site_log("north", entries), heads=(), countersignatures=())
    log = replace(log, heads=(sign_head(LogHead.of("north", entries), HeadRole.SITE, mallory),))
    data = write_bundle([log], [PLAN], {"north": mallory.public_key()})
    assert verify_bundle(data, {"north": (mallory.public_key(),)}).passed  # it would be sound, were the key hers
    assert not verify_bundle(data, KEYS).passed
    assert not verify_bundle(data, {}).passed


def test_faults_beyond_the_third_are_only_counted() -> None:
    findings = of_north([OPENED, *SETTLED])
    order = next(check for check in findings.checks if check.name == "order")
    assert len(order.faults) == RELEASES
    assert order.told.endswith("; and 23 more")
