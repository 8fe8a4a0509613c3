"""A small consortium's release bundle, honest; and the tools to make dishonest ones of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.log_samples import (
    DELTA,
    HUB,
    KEYS,
    PLAN,
    SIGNERS,
    SITES,
    STATED,
    accepted_entries,
    countersigned,
    encoded,
    honest_bundle,
    hub_log,
    plan,
    plan_digest,
    site_entries,
    site_log,
)

from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.filter import plan_charge
from fedaug.privacy.bundle.container import CARD, MANIFEST, SAMPLES, SIGNATURE, STATEMENT, pack, unpack
from fedaug.privacy.bundle.facts import card_of, read_report_facts, read_statement_facts
from fedaug.privacy.bundle.gates import gate_facts
from fedaug.privacy.bundle.make import Material, Provenance, Terms, make_release
from fedaug.privacy.bundle.manifest import CodeFact, FileFact, ModelFact, SignerFact
from fedaug.privacy.bundle.samples import count_samples, encode_samples
from fedaug.privacy.bundle.signature import sign_manifest
from fedaug.privacy.bundle.signers import Trust
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.enrolment import Enrolment, Member, Reason, Revocation, Role, sign_list
from fedaug.privacy.envelope import key_id
from fedaug.privacy.events import event_from_dict
from fedaug.privacy.transparency.bundle import write_bundle
from fedaug.privacy.transparency.entries import Offered

VECTORS = Path(__file__).parent / "vectors"
NOW = 1_790_000_000
DAY = 86_400
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AUTHORITY = OFFICE.public_key()
GATES = ("length", "repetition", "duplicate", "identifier")
TERMS = Terms("A-17", "Dr. Grey", "County Hospital", NOW, NOW + 30 * DAY)


def enrolment(*, epoch: int = 2, without: str = "", issued: int = NOW - DAY) -> bytes:
    """Hub and sites; the key of ``without`` is revoked."""
    names = {HUB: Role.COORDINATOR} | dict.fromkeys(SITES, Role.SITE)
    members = [
        Member(name=name, role=role, public_key=KEYS[name][0].public_bytes_raw().hex())
        for name, role in names.items()
        if name != without
    ]
    revoked = [Revocation(key_id=key_id(KEYS[without][0]), epoch=epoch, reason=Reason.STOLEN)] if without else []
    made = Enrolment(
        consortium="lakeside",
        epoch=epoch,
        issued=issued,
        expires=issued + 300 * DAY,
        authority=AUTHORITY.public_bytes_raw().hex(),
        members=tuple(members),
        revoked=tuple(revoked),
    )
    return sign_list(made, OFFICE)


TRUST = Trust(AUTHORITY, enrolment())


def statement(**changes: Any) -> dict[str, Any]:
    """What the log's plan costs, in the words of a made-up campaign."""
    events = [event_from_dict(event) for event in PLAN["events"]]
    cost, charge = epsilon(events, DELTA), plan_charge(events, DELTA)
    loss = {"epsilon": cost, "slack": {"epsilon": 0.0, "delta": 0.0}}
    values: dict[str, Any] = json.loads((VECTORS / "privacy_statement.json").read_text())
    values |= {"campaign": PLAN["campaign"], "plan": plan_digest(PLAN)}
    values["privacy_parameters"] |= {"per_site": loss, "consortium": loss, "delta": DELTA, "planned_epsilon": 2.0}
    values["unit_of_privacy"] |= {"unit": "subject", "contribution_norms": [1.0]}
    values["mechanisms"] = {"number_of_sites": len(SITES), "sites": list(SITES), "events": PLAN["events"]}
    values["composition"]["charge"] = {"mu": charge.mu, "delta": charge.delta, "epsilon": charge.epsilon}
    return values | changes


def report(**changes: Any) -> dict[str, Any]:
    """A report that says what the statement says."""
    cost = statement()["privacy_parameters"]["per_site"]["epsilon"]
    site = {"epsilon": cost, "budget": 2.0, "releases": {}}
    values: dict[str, Any] = json.loads((VECTORS / "report_data.json").read_text())
    values |= {"campaign": PLAN["campaign"], "config": {"name": "autumn", "gates": [{"gate": gate} for gate in GATES]}}
    values["privacy"] |= {"unit": "subject", "delta": DELTA, "consortium_epsilon": cost, "releases": []}
    values["privacy"]["sites"] = dict.fromkeys(SITES, site)
    values["samples"] = {"offered": 10, "accepted": 2, "rejected": {"length": 1}, "gallery": []}
    values["vetting"] = {"offered": 10, "accepted": 2, "gates": [{"gate": "length", "class": "F", "refused": 1}]}
    return values | changes


def sample(text: str, **changes: Any) -> dict[str, Any]:
    values = {"sample_id": digest(text.encode()), "text": text, "label": "other", "weight": 1.0, "parents": []}
    return values | {"origin": "splice", "source": "", "dependence": "dp", "outside_dp": False} | changes


def as_file(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def material(**changes: Any) -> Material:
    given: dict[str, Any] = {
        "statement": as_file(statement()),
        "statement_page": b"<!doctype html><title>statement</title>" + b"<p>words</p>" * 60,
        "log": honest_bundle(PLAN),
        "enrolment": enrolment(),
        "report": (as_file(report()), b"<!doctype html><title>report</title>" + b"<p>words</p>" * 60),
        "samples": encode_samples([sample("where is my naïve card"), sample("what is the rate")]),
    }
    return Material(**(given | changes))


def provenance() -> Provenance:
    code = CodeFact(package="fedaug", version="0", files=1, sha256="ab" * 32)
    models = [ModelFact(name="small", file="model.safetensors", sha256="cd" * 32)]
    return Provenance(code, models, dict.fromkeys(SITES, "ef" * 32), gate_facts(GATES))


def release(terms: Terms = TERMS, signer: str = HUB, **changes: Any) -> bytes:
    """An honest bundle."""
    return make_release(material(**changes), terms, provenance(), SIGNERS[signer])


def changed(
    data: bytes,
    files: Mapping[str, bytes | None] | None = None,
    manifest: Callable[[dict[str, Any]], object] = lambda _: None,
    *,
    key: Ed25519PrivateKey = SIGNERS[HUB],
    card: bool = True,
) -> bytes:
    """A bundle whose maker signs whatever it is told: files replaced or left out, and the manifest made to fit."""
    held = unpack(data) | {name: content for name, content in (files or {}).items() if content is not None}
    held = {name: content for name, content in held.items() if (files or {}).get(name, b"") is not None}
    if card and CARD in held:
        told = read_report_facts(held["report.json"]) if "report.json" in held else None
        held[CARD] = card_of(read_statement_facts(held[STATEMENT]), told, count_samples(held.get(SAMPLES, b"")))
    values: dict[str, Any] = json.loads(held.pop(MANIFEST))
    held.pop(SIGNATURE)
    values["files"] = {name: FileFact.of(content).model_dump() for name, content in held.items()}
    values["samples"] = count_samples(held.get(SAMPLES, b""))
    values["samples_outside_dp"] = held.get(SAMPLES, b"").count(b'"outside_dp":true')
    if "report.json" in held:
        values["config"] = read_report_facts(held["report.json"]).config_digest
    values["signer"]["key_id"] = key_id(key.public_key())
    manifest(values)
    signed = canonical_json(values)
    return pack({**held, MANIFEST: signed, SIGNATURE: sign_manifest(signed, SignerFact(**values["signer"]), key)})


#: A plan under which gates of class S may decide, and a statement's loss where none is stated.
DECIDED = plan(samples={"generator": "label-phrases", "count": 64, "attempts": 1, "outside_dp": True})
NONE = {"epsilon": None, "slack": None}


def decided(*offering: str) -> bytes:
    """Logs under the plan that lets them: these sites have let out a batch about which gates of class S decided."""
    logs = []
    for site in SITES:
        entries = site_entries(site, DECIDED)
        if site in offering:
            batch = {"request": "0a" * 32, "artefact": "0b" * 32, "texts": 64, "outside_dp": True}
            entries.append(Offered(campaign="autumn", key="samples", **batch))
        logs.append(site_log(site, encoded(entries)))
    pooled = [entry for log in logs for entry in (*accepted_entries(log.origin, DECIDED), *countersigned(log))]
    return write_bundle([*logs, hub_log(encoded(pooled))], [DECIDED], STATED)


def decided_statement(*outside_dp: str) -> bytes:
    values = statement(plan=plan_digest(DECIDED))
    if outside_dp:
        values["privacy_parameters"] |= {"per_site": NONE, "consortium": NONE, "planned_epsilon": None}
        values |= {"outside_dp": list(outside_dp), "not_stated": "samples outside DP"}
    return as_file(values)
