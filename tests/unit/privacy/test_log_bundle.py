"""A bundle has one form, and what is no bundle is refused as one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.log_samples import (
    HUB,
    PLAN,
    SITES,
    STATED,
    accepted_entries,
    encoded,
    honest_bundle,
    honest_logs,
    plan,
    plan_digest,
    signed,
    site_entries,
    site_log,
)

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.bundle import LogRole, read_bundle, write_bundle
from fedaug.privacy.transparency.entries import encode_entry, read_coordinator_entry, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole

GOOD = honest_bundle()


def rewritten(change: Callable[[dict[str, Any]], object]) -> bytes:
    values = json.loads(GOOD)
    change(values)
    return canonical_json(values)


def test_a_bundle_is_read_as_it_was_written() -> None:
    bundle = read_bundle(GOOD)
    assert [log.origin for log in bundle.logs] == [HUB, *SITES]
    assert {log.origin: log for log in bundle.logs} == {log.origin: log for log in honest_logs()}
    assert [log.origin for log in bundle.of_role(LogRole.SITE)] == list(SITES)
    assert list(bundle.plans) == [plan_digest(PLAN)]
    assert bundle.keys == {name: key.public_bytes_raw().hex() for name, key in STATED.items()}
    assert write_bundle(bundle.logs, [PLAN], STATED) == GOOD


def test_entries_and_plans_stand_in_the_file_byte_for_byte() -> None:
    values = json.loads(GOOD)
    north = next(log for log in values["logs"] if log["origin"] == "north")
    assert [entry.encode() for entry in north["entries"]] == list(encoded(site_entries("north")))
    assert [digest(text.encode()) for text in values["plans"]] == [plan_digest(PLAN)]


def test_the_order_in_which_parts_are_given_does_not_matter() -> None:
    logs = [replace(log, countersignatures=log.countersignatures[::-1]) for log in honest_logs()[::-1]]
    assert write_bundle(logs, [PLAN, PLAN], dict(reversed(STATED.items()))) == GOOD


def test_a_log_without_entries_is_well_formed() -> None:
    data = write_bundle([site_log("north", ())])
    assert read_bundle(data).logs[0].entries == ()


MALFORMED: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("another format", lambda v: v.update(format="fedaug-log/2")),
    ("an extra field", lambda v: v.update(note="")),
    ("no plans", lambda v: v.pop("plans")),
    ("no log", lambda v: v.update(logs=[])),
    ("logs out of order", lambda v: v["logs"].reverse()),
    ("a log twice", lambda v: v["logs"].insert(1, v["logs"][0])),
    ("two coordinators", lambda v: v["logs"][1].update(role="coordinator", countersignatures=[], entries=[])),
    ("a countersigned coordinator", lambda v: v["logs"][0].update(countersignatures=v["logs"][1]["countersignatures"])),
    ("an unknown role", lambda v: v["logs"][0].update(role="auditor")),
    ("a log without heads' field", lambda v: v["logs"][0].pop("heads")),
    ("a head twice", lambda v: v["logs"][1]["heads"].append(v["logs"][1]["heads"][0])),
    ("heads out of order", lambda v: v["logs"][1]["countersignatures"].reverse()),
    ("a plan twice", lambda v: v["plans"].append(v["plans"][0])),
    ("a plan that is no object", lambda v: v.update(plans=["[]"])),
    ("a plan with a space", lambda v: v.update(plans=[v["plans"][0] + " "])),
    ("a plan without δ", lambda v: v.update(plans=[canonical_json({**PLAN, "delta": None}).decode()])),
    ("a plan of unknown events", lambda v: v.update(plans=[canonical_json(plan(events=[{"key": "x"}])).decode()])),
    ("a key of a stranger", lambda v: v["keys"].update(mallory="ab" * 32)),
    ("a key that is none", lambda v: v["keys"].update(north="ab" * 31)),
    ("an entry that is no text", lambda v: v["logs"][1]["entries"].append(7)),
    ("an entry that is no JSON", lambda v: v["logs"][1]["entries"].append("")),
    ("an entry with a space", lambda v: v["logs"][1]["entries"].append(v["logs"][1]["entries"][0] + " ")),
    ("a site's entry at the hub", lambda v: v["logs"][0]["entries"].append(v["logs"][1]["entries"][0])),
    ("a hub's entry at a site", lambda v: v["logs"][1]["entries"].append(v["logs"][0]["entries"][0])),
    ("an unknown entry", lambda v: v["logs"][1]["entries"].append('{"entry":"forgotten"}')),
]


@pytest.mark.parametrize("change", [change for _, change in MALFORMED], ids=[name for name, _ in MALFORMED])
def test_a_malformed_bundle_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    data = rewritten(change)
    assert data != GOOD
    with pytest.raises(ProtocolError, match=r"FA401: .*; ask for the bundle again, and rely on nothing in this one"):
        read_bundle(data)


def test_where_a_bundle_is_malformed_is_told_but_not_what_stands_there() -> None:
    with pytest.raises(ProtocolError, match=r"FA401: a bundle is malformed \(at logs\.0\.heads\.0\.signature\);"):
        read_bundle(rewritten(lambda v: v["logs"][0]["heads"][0].update(signature="Jane")))
    with pytest.raises(ProtocolError, match=r"FA401: a bundle is malformed \(at logs\.0\);"):
        read_bundle(rewritten(lambda v: v["logs"][0].update({"Jane Doe": 1})))
    with pytest.raises(ProtocolError, match=r"FA401: entry 3 of the log of north: a log's entry is malformed"):
        read_bundle(rewritten(lambda v: v["logs"][1]["entries"].insert(2, '{"entry":"Jane"}')))


def test_an_oversized_bundle_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedaug.privacy.transparency.bundle._WireBundle", None)
    with pytest.raises(ProtocolError, match="FA401: a bundle is over the size limit"):
        read_bundle(GOOD + bytes(LIMITS.bundle_bytes))


def crowd(value: bytes, count: int) -> bytes:
    return GOOD[:-1] + b',"note":[' + b",".join([value] * count) + b"]}"


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b'""', b'"\\""', b'"\\\\"', b'{"a":[]}', b'"[[[","]"'])
def test_a_bundle_of_very_many_values_is_refused_before_it_is_parsed(
    value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three bytes, "[],", can become 150 of memory: 32 MiB of them took 1.8 GB to refuse."""
    with pytest.raises(ProtocolError, match="FA401: a bundle is malformed"):
        read_bundle(crowd(value, 10))
    monkeypatch.setattr("fedaug.privacy.transparency.bundle._WireBundle", None)
    with pytest.raises(ProtocolError, match="FA401: a bundle holds more values than any bundle needs"):
        read_bundle(crowd(value, LIMITS.bundle_values))


def test_marks_within_text_are_not_counted_as_values() -> None:
    entry = canonical_json("[[,{" * LIMITS.bundle_values)
    assert len(entry) < LIMITS.bundle_bytes
    with pytest.raises(ProtocolError, match="FA401: a bundle is malformed"):
        read_bundle(crowd(entry, 1))


def test_a_log_that_is_no_text_cannot_be_bundled() -> None:
    with pytest.raises(ProtocolError, match="FA401: a log's entry is not UTF-8"):
        write_bundle([site_log("north", [b"\xff"])])


def test_entries_survive_their_bytes_and_know_their_log() -> None:
    for entry in site_entries("north"):
        assert read_site_entry(encode_entry(entry)) == entry
        with pytest.raises(ProtocolError, match="FA401: a log's entry is malformed or unknown"):
            read_coordinator_entry(encode_entry(entry))
    for accepted in accepted_entries("north"):
        assert read_coordinator_entry(encode_entry(accepted)) == accepted


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"\xff", b"[" * 5_000, b'{"entry":NaN}', b'{"entry":"voided","campaign":"a"}', b"7" * 5_000],
)
def test_malformed_entries_are_refused(data: bytes) -> None:
    for read in (read_site_entry, read_coordinator_entry):
        with pytest.raises(ProtocolError, match="FA401"):
            read(data)
    with pytest.raises(ProtocolError, match="FA401: a log's entry is over the size limit"):
        read_site_entry(bytes(LIMITS.log_entry_bytes + 1))


def test_a_bundle_does_not_show_entries_in_its_repr() -> None:
    assert "lineage-north" not in repr(read_bundle(GOOD))
    assert signed("north", [b"x"], HeadRole.SITE).head.size == 1
