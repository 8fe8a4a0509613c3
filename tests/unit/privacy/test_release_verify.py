"""A release bundle is checked with nothing but the file and public keys: what holds, what does not, and who signs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.log_samples import (
    HUB,
    PLAN,
    SIGNERS,
    STATED,
    honest_bundle,
    honest_logs,
    plan,
    plan_digest,
)
from tests.release_samples import (
    AUTHORITY,
    DAY,
    NOW,
    TERMS,
    TRUST,
    as_file,
    changed,
    enrolment,
    material,
    provenance,
    release,
    report,
    sample,
    statement,
)

from fedaug.errors import BadSignature, BundleRefused, ConfigError, FedaugError, NotEnrolled, ProtocolError
from fedaug.privacy.bundle.container import (
    LEDGER,
    LOG,
    MANIFEST,
    NEEDED,
    REPORT,
    SAMPLES,
    SIGNATURE,
    STATEMENT,
    pack,
    unpack,
)
from fedaug.privacy.bundle.make import make_release
from fedaug.privacy.bundle.manifest import FileFact, SignerFact
from fedaug.privacy.bundle.samples import encode_samples
from fedaug.privacy.bundle.signature import sign_manifest
from fedaug.privacy.bundle.signers import Trust
from fedaug.privacy.bundle.verify import ReleaseFindings, verify_release
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.transparency.bundle import write_bundle

DATA = release()
MALLORY = SIGNERS["mallory"]


def check(data: bytes, trust: Trust = TRUST, now: float = NOW, recipient: str | None = None) -> ReleaseFindings:
    return verify_release(data, trust, now, recipient)


def failed(data: bytes, trust: Trust = TRUST) -> dict[str, str]:
    """Check -> what is told of it."""
    return {found.name: found.told for found in check(data, trust).failed}


def test_an_honest_bundle_holds_and_its_epsilon_is_recomputed() -> None:
    findings = check(DATA, recipient="County Hospital")
    assert findings.passed
    assert not findings.refusals
    assert [check.name for check in findings.checks if check.subject == "bundle"] == [
        "files",
        "signature",
        "campaign",
        "ledger",
        "charged",
        "statement",
        "report",
        "gates",
        "outside DP",
        "card",
        "samples",
    ]
    assert {check.name for check in findings.checks} >= {"root", "countersignature", "order", "plan", "proofs"}
    stated = statement()["privacy_parameters"]["per_site"]["epsilon"]
    assert [spent.site for spent in findings.spending] == ["north", "south"]
    assert all(0.9 * stated < spent.epsilon < stated for spent in findings.spending)  # one release was given back
    assert findings.as_dict()["manifest"]["recipient"] == "County Hospital"


def test_equal_input_gives_equal_bytes() -> None:
    assert release() == DATA
    assert release(replace(TERMS, created=NOW + 1)) != DATA


def test_a_site_may_sign_and_a_campaign_without_report_or_samples_is_released() -> None:
    findings = check(release(signer="north", report=None, samples=None))
    assert findings.passed
    assert (findings.manifest.signer.name, str(findings.manifest.signer.role)) == ("north", "site")
    assert findings.manifest.files.keys() == NEEDED


@pytest.mark.parametrize("name", sorted(unpack(DATA)))
def test_every_50th_byte_of_each_file_counts(name: str) -> None:
    """The archive is made anew around the changed file, so that no checksum of ZIP tells."""
    files = unpack(DATA)
    content, tried = files[name], 0
    for at in range(0, len(content), 50):
        flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        try:
            found = failed(pack({**files, name: flipped}))
        except (ProtocolError, BadSignature):
            found = {"form": "refused"}
        assert found, at
        tried += 1
    assert tried > 5


@pytest.mark.parametrize("name", sorted(unpack(DATA)))
def test_a_file_left_out_is_noticed(name: str) -> None:
    files = unpack(DATA)
    files.pop(name)
    if name == MANIFEST:
        with pytest.raises(ProtocolError, match="manifest"):
            check(pack(files))
        return
    found = failed_or_refused(pack(files))
    assert "missing" in found or "signature" in found


def failed_or_refused(data: bytes) -> str:
    try:
        return "; ".join(f"{name}: {told}" for name, told in failed(data).items())
    except FedaugError as error:
        return error.what


@pytest.mark.parametrize(("one", "other"), [(LEDGER, LOG), ("privacy_statement.html", "report.html")])
def test_files_that_changed_places_are_noticed(one: str, other: str) -> None:
    files = unpack(DATA)
    swapped = pack({**files, one: files[other], other: files[one]})
    assert failed(swapped).keys() == {"files"}
    assert f"{one} is not the file that was signed" in failed(swapped)["files"]


def test_a_file_added_is_noticed() -> None:
    files = unpack(release(samples=None))
    samples = encode_samples([sample("planted")])
    assert failed(pack({**files, SAMPLES: samples})) == {"files": "samples.jsonl is not in the manifest"}


def test_nothing_else_is_looked_at_once_a_hash_or_the_signature_fails() -> None:
    findings = check(pack({**unpack(DATA), LOG: b"{}"}))
    assert [found.name for found in findings.checks] == ["files"]
    assert findings.unchecked == ("all else: nothing in a bundle counts that its manifest and signature do not bind",)


def test_an_expired_bundle_is_refused_to_the_second() -> None:
    assert not check(DATA, now=NOW + 30 * DAY - 1).refusals
    for now in (NOW + 30 * DAY, NOW + 40 * DAY):
        findings = check(DATA, now=now)
        assert findings.passed
        assert findings.refusals == ("it expired on 2026-10-21T14:13:20Z",)


def test_a_bundle_of_a_time_to_come_or_for_somebody_else_is_refused() -> None:
    assert check(DATA, now=NOW - DAY).refusals == ("it is of 2026-09-21T14:13:20Z, which is still to come",)
    assert not check(DATA, now=NOW - 60).refusals
    assert check(DATA, recipient="another hospital").refusals == ("it is for County Hospital",)


# Who signed.


def test_a_bundle_signed_by_somebody_who_is_not_enrolled_is_refused() -> None:
    told = failed(changed(DATA, key=MALLORY))
    assert told == {"signature": "the key that signed the bundle is not enrolled for its signer"}


def test_a_member_who_signs_in_anothers_name_is_refused() -> None:
    told = failed(changed(DATA, key=SIGNERS["north"]))
    assert told == {"signature": "a key is enrolled for another member or role"}


def test_a_key_that_was_revoked_since_is_refused_even_if_it_is_given_beside_the_list() -> None:
    for signer in (HUB, "north"):
        data = release(signer=signer)
        assert check(data).passed
        newer = Trust(AUTHORITY, enrolment(epoch=3, without=signer), ((signer, STATED[signer]),))
        assert failed(data, newer) == {"signature": "the key that signed the bundle was revoked"}


def test_with_the_bundles_own_list_a_checker_is_told_that_revocations_may_be_missed() -> None:
    findings = check(DATA, Trust(AUTHORITY))
    assert findings.passed
    assert "whether a key was revoked since: the list is the bundle's own, of epoch 2" in findings.unchecked
    older = check(DATA, Trust(AUTHORITY, enrolment(epoch=1)))
    assert "whether a key was revoked since epoch 1: the bundle's own list is newer" in older.unchecked


def test_a_list_by_another_authority_counts_nothing() -> None:
    with pytest.raises(BadSignature, match="another authority"):
        check(DATA, Trust(MALLORY.public_key()))
    with pytest.raises(ConfigError, match="no public key was given"):
        check(DATA, Trust())


def test_keys_given_one_by_one_do_without_a_list() -> None:
    findings = check(DATA, Trust(pairs=tuple(STATED.items())))
    assert findings.passed
    assert "signature" in failed(DATA, Trust(pairs=(("north", STATED["north"]),)))


def test_a_signature_made_for_something_else_is_none() -> None:
    files = unpack(DATA)
    signature = json.loads(files["signature.json"])
    signature["signature"] = SIGNERS[HUB].sign(files[MANIFEST]).hex()
    told = failed(pack({**files, "signature.json": canonical_json(signature)}))
    assert told == {"signature": "the manifest's signature does not match"}


# A maker who signs what does not hold.


def stated(**parameters: Any) -> bytes:
    values = statement()
    values["privacy_parameters"] |= parameters
    return as_file(values)


def with_mechanisms(events: list[dict[str, Any]]) -> bytes:
    values = statement()
    values["mechanisms"]["events"] = events
    return as_file(values)


def of_a_site(values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = values["sites"]["north"]
    return found


def ledger(change: Callable[[dict[str, Any]], object]) -> bytes:
    values = json.loads(unpack(DATA)[LEDGER])
    change(values)
    return canonical_json(values)


LIES: dict[str, tuple[dict[str, bytes | None], str, str]] = {
    "a smaller ε": (
        {STATEMENT: stated(per_site={"epsilon": 0.5, "slack": None})},
        "statement",
        "ε per site is stated as 0.5, and the mechanisms cost 0.946485; north was charged for ε 0.9263, which is more",
    ),
    "a smaller ε of the consortium": (
        {STATEMENT: stated(consortium={"epsilon": 0.5, "slack": None})},
        "statement",
        "the consortium's ε is stated as 0.5",
    ),
    "a larger δ": ({STATEMENT: stated(delta=1e-3)}, "statement", "and the mechanisms cost"),
    "a unit that lies at more sites": ({STATEMENT: stated(max_sites_per_unit=2)}, "statement", "the consortium's ε"),
    "ε and the word that there is none": ({STATEMENT: as_file(statement(not_stated="noise off"))}, "statement", "none"),
    "a mechanism left out": ({STATEMENT: with_mechanisms(PLAN["events"][1:])}, "charged", "reserved other mechanisms"),
    "more noise than was added": (
        {STATEMENT: with_mechanisms([{**event, "noise_std": 40.0} for event in PLAN["events"]])},
        "charged",
        "north reserved other mechanisms than the statement names",
    ),
    "another campaign": ({STATEMENT: as_file(statement(campaign="spring"))}, "campaign", "statement is another"),
    "another plan": ({STATEMENT: as_file(statement(plan="00" * 32))}, "campaign", "statement is another"),
    "a site that was never charged": (
        {STATEMENT: as_file(statement(mechanisms=statement()["mechanisms"] | {"sites": ["north", "east"]}))},
        "charged",
        "nothing in the log of east was charged",
    ),
    "nobody was charged": (
        {STATEMENT: as_file(statement(mechanisms=statement()["mechanisms"] | {"sites": []}))},
        "charged",
        "the statement names no site",
    ),
    "an excerpt without a release": (
        {LEDGER: ledger(lambda values: of_a_site(values)["entries"].pop())},
        "ledger",
        "what it says of north is not what the log of north says",
    ),
    "an excerpt without a site": ({LEDGER: ledger(lambda values: values["sites"].pop("north"))}, "ledger", "north"),
    "an entry at another place": (
        {LEDGER: ledger(lambda values: of_a_site(values)["entries"][2].update(index=9))},
        "proofs",
        "entry 10 is not in the log below its head of 28 entries",
    ),
    "an older head that never was": (
        {LEDGER: ledger(lambda values: of_a_site(values)["earlier"][0].update(root="00" * 32))},
        "proofs",
        "the head of 10 entries is not of the beginning of that log",
    ),
    "a log whose end is missing": (
        {LOG: write_bundle([replace(log, entries=log.entries[:-1]) for log in honest_logs(PLAN)], [PLAN])},
        "root",
        "a head is of 28 entries, of which the log lacks 1",
    ),
    "a log without a site's": (
        {LOG: write_bundle([log for log in honest_logs(PLAN) if log.origin != "south"], [PLAN])},
        "ledger",
        "what it says of south",
    ),
    "a plan that understates": ({LOG: honest_bundle(plan(epsilon=0.1))}, "ε", "states ε 0.1, and its events cost"),
    "a report with a smaller ε": (
        {REPORT: as_file(report(privacy=report()["privacy"] | {"consortium_epsilon": 0.1}))},
        "report",
        "its ε of the consortium is not the statement's",
    ),
    "a report whose audit did not pass": (
        {REPORT: as_file(report(audit=report()["audit"] | {"passed": False}))},
        "report",
        "its audit did not pass",
    ),
    "a report whose audit shows more": (
        {REPORT: as_file(report(audit={"passed": True, "sites": {"audit-01": {"lower_bound": 9.0}}}))},
        "report",
        "its audit shows more than the statement's ε at audit-01",
    ),
    "a report of another campaign": ({REPORT: as_file(report(campaign="spring"))}, "campaign", "report is another"),
    "a gate in another class": (
        {REPORT: as_file(report(vetting={"gates": [{"gate": "length", "class": "D"}]}))},
        "gates",
        "the report has the gate 'length' in another class",
    ),
    "a gate that is not listed": (
        {REPORT: as_file(report(samples={"offered": 1, "accepted": 0, "rejected": {"hidden": 1}}))},
        "gates",
        "the gate 'hidden' has no class",
    ),
    "a sample under another's hash": (
        {SAMPLES: encode_samples([sample("a text", sample_id="00" * 32)])},
        "samples",
        "line 1: its text is not the one of its id",
    ),
    "a sample that depends on records": (
        {SAMPLES: canonical_json(sample("a text", dependence="private")) + b"\n"},
        "samples",
        "line 1: it is no sample",
    ),
    "a sample twice": ({SAMPLES: 2 * encode_samples([sample("a text")])}, "samples", "twice or out of order"),
    "a sample cut off": ({SAMPLES: encode_samples([sample("a text")])[:-1]}, "samples", "the last line is cut off"),
}


@pytest.mark.parametrize(("files", "name", "told"), LIES.values(), ids=LIES.keys())
def test_a_signed_lie_is_told(files: dict[str, bytes | None], name: str, told: str) -> None:
    found = failed(changed(DATA, files))
    assert told in found[name]


def test_a_card_that_says_something_else_is_told() -> None:
    card = json.loads(unpack(DATA)["card.json"]) | {"epsilon": 0.1}
    assert failed(changed(DATA, {"card.json": canonical_json(card)}, card=False)) == {"card": "it says something else"}


def test_settings_that_are_not_the_reports_are_told() -> None:
    lie = changed(DATA, manifest=lambda values: values.update(config="00" * 32))
    assert failed(lie) == {"report": "its settings are not those that the manifest names"}


def test_a_shipped_gate_that_is_listed_in_another_class_is_told() -> None:
    def as_charged(values: dict[str, Any]) -> None:
        next(gate for gate in values["gates"] if gate["gate"] == "duplicate")["gate_class"] = "D"

    assert failed(changed(DATA, manifest=as_charged)) == {"gates": "the gate 'duplicate' is of class F, not D"}


def test_with_the_noise_off_no_epsilon_is_stated_and_none_is_needed() -> None:
    silent = [{**event, "noise_std": 0.0} for event in PLAN["events"]]
    loud = plan(events=silent, epsilon="inf")
    none = {"epsilon": None, "slack": None}
    values = statement(plan=plan_digest(loud), not_stated="the noise was off")
    values["mechanisms"]["events"] = silent
    values["privacy_parameters"] |= {"per_site": none, "consortium": none, "planned_epsilon": None}
    made = release(statement=as_file(values), log=honest_bundle(loud), report=None, samples=None)
    assert check(made).passed


# What is not let out.


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"statement": stated(per_site={"epsilon": 0.5, "slack": None})}, "ε per site is stated as 0.5"),
        ({"log": honest_bundle(plan(epsilon=0.1))}, "another plan"),
    ],
)
def test_a_bundle_that_would_not_hold_is_not_made(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BundleRefused, match="the bundle would not hold") as caught:
        release(**changes)
    assert told in caught.value.what


def test_the_report_for_a_sites_own_people_is_not_handed_on() -> None:
    own = as_file(report(format="fedaug-site-report/1"))
    with pytest.raises(ProtocolError, match=r"the report is none of this version \(format\)"):
        release(report=(own, b"<p>"))
    with pytest.raises(ProtocolError, match=r"the report is none of this version \(format\)"):
        check(pack({**unpack(DATA), **signed_anew({REPORT: own})}))


def signed_anew(files: dict[str, bytes]) -> dict[str, bytes]:
    """These files, and a manifest and signature over them."""
    held = unpack(DATA) | files
    values = json.loads(held[MANIFEST])
    values["files"] |= {name: FileFact.of(content).model_dump() for name, content in files.items()}
    manifest = canonical_json(values)
    signer = SignerFact(**values["signer"])
    return {**files, MANIFEST: manifest, SIGNATURE: sign_manifest(manifest, signer, SIGNERS[HUB])}


def test_nobody_signs_who_is_not_enrolled() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(NotEnrolled, match="not on the enrolment list"):
        make_release(material(), TERMS, provenance(), stranger)


@pytest.mark.parametrize("name", sorted(NEEDED - {"privacy_statement.html"}))
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"a":1,"a":2}', b"\xff", b"[" * 50_000, b"1e999"])
def test_whatever_a_maker_signs_only_our_errors_escape(name: str, content: bytes) -> None:
    try:
        findings = check(changed(DATA, {name: content}, card=name == LOG))
    except FedaugError:
        return
    assert not findings.passed


def test_no_word_of_a_sample_is_told() -> None:
    lie = {SAMPLES: canonical_json(sample("Maria Ruiz has a cough", label=7)) + b"\n"}
    findings = check(changed(DATA, lie))
    assert not findings.passed
    assert "Maria" not in json.dumps(findings.as_dict())
    with pytest.raises(ProtocolError) as caught:
        encode_samples([sample("Maria Ruiz has a cough", weight=float("nan"))])
    assert "Maria" not in str(caught.value)
