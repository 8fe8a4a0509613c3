"""Tampering with transparency logs and their bundle: every change is found offline, and only our errors escape."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.independent_log_check import check
from tests.log_samples import (
    HUB,
    KEYS,
    PLAN,
    SITES,
    STATED,
    honest_bundle,
    honest_logs,
    hub_log,
    plan,
    signed,
    site_log,
)

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.transparency import agreement as log_agreement
from fedaug.privacy.transparency import verify as log_verify
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, read_bundle, write_bundle
from fedaug.privacy.transparency.entries import Sealed, encode_entry
from fedaug.privacy.transparency.heads import HeadRole
from fedaug.privacy.transparency.verify import verify_bundle

GOOD = honest_bundle()
RAW = {name: key.public_bytes_raw() for name, key in STATED.items()}
MALLORYS = encode_entry(Sealed(campaign="autumn", key="votes/0", request="ab" * 32, artefact="cd" * 32)).decode()

Values = dict[str, Any]


def passes(data: bytes) -> bool:
    """Whether anybody would rely on it. Any exception but ours is a failure of the test."""
    try:
        return verify_bundle(data, KEYS, coordinator=HUB).passed
    except ProtocolError:
        return False


def rewritten(change: Callable[[Values], object]) -> bytes:
    values = json.loads(GOOD)
    change(values)
    return canonical_json(values)


def places() -> list[tuple[int, int]]:
    """Every entry of every log."""
    logs = json.loads(GOOD)["logs"]
    return [(log, number) for log, values in enumerate(logs) for number in range(len(values["entries"]))]


def edited(entry: str) -> str:
    """Another well-formed entry: one digit of a digest, a number or a name changed."""
    values = json.loads(entry)
    for name in ("artefact", "root", "plan", "lineage"):
        if name in values:
            values[name] = ("0" if values[name][0] != "0" else "1") + values[name][1:]
            return canonical_json(values).decode()
    values["key"] += "0"
    return canonical_json(values).decode()


def dropped(entries: list[str], number: int) -> None:
    del entries[number]


def swapped(entries: list[str], number: int) -> None:
    other = number + 1 if number + 1 < len(entries) else 0
    entries[number], entries[other] = entries[other], entries[number]


def duplicated(entries: list[str], number: int) -> None:
    entries.insert(number, entries[number])


def replaced(entries: list[str], number: int) -> None:
    entries[number] = edited(entries[number])


def broken(entries: list[str], number: int) -> None:
    entries[number] = entries[number][:-1]


def inserted(entries: list[str], number: int) -> None:
    entries.insert(number, edited(entries[number]))


CHANGES = [replaced, broken, dropped, swapped, duplicated, inserted]


def changed_entries(change: Callable[[list[str], int], None]) -> Iterator[bytes]:
    for log, number in places():
        yield rewritten(lambda values, log=log, number=number: change(values["logs"][log]["entries"], number))


def test_the_untouched_bundle_passes() -> None:
    assert passes(GOOD)
    assert check(GOOD, RAW) == []


@pytest.mark.parametrize("change", CHANGES)
def test_each_of_100_entries_changed_is_found(change: Callable[[list[str], int], None]) -> None:
    tried = list(changed_entries(change))
    assert len(set(tried) - {GOOD}) == len(tried) >= 100
    assert [number for number, data in enumerate(tried) if passes(data)] == []


@pytest.mark.parametrize("change", [replaced, dropped, swapped, duplicated, inserted])
def test_a_checker_without_fedaug_finds_the_same(change: Callable[[list[str], int], None]) -> None:
    tried = list(changed_entries(change))[::10]
    assert len(tried) >= 10
    assert all(check(data, RAW) for data in tried)


def test_a_checker_that_does_not_recompute_roots_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeded defect: signatures alone are checked, as if a signed head vouched for whatever stands beside it."""
    monkeypatch.setattr(log_verify, "_root_faults", lambda *_: iter(()))
    monkeypatch.setattr(log_agreement, "check_countersigned", lambda *_: None)
    monkeypatch.setattr(log_verify, "check_countersigned", lambda *_: None)
    assert any(map(passes, changed_entries(replaced)))
    assert any(map(passes, changed_entries(swapped)))


def own_history_rewritten() -> Iterator[bytes]:
    """A site changes its log and signs it anew; the coordinator's countersignatures are what it cannot make."""
    north, south, hub = honest_logs()
    for number in range(len(north.entries)):
        for change in (replaced, dropped):
            texts = [entry.decode() for entry in north.entries]
            change(texts, number)
            entries = tuple(text.encode() for text in texts)
            forged = replace(north, entries=entries, heads=(signed("north", entries, HeadRole.SITE),))
            yield write_bundle([forged, south, hub], [PLAN], STATED)


def test_a_site_that_rewrites_and_signs_its_own_history_is_found() -> None:
    tried = list(own_history_rewritten())
    assert len(tried) == 56
    for data in tried:
        findings = verify_bundle(data, KEYS, coordinator=HUB)
        assert {"countersignature", "countersigned"} <= {check.name for check in findings.failed}


def test_every_truncation_of_a_log_is_found() -> None:
    tried = 0
    for place, log in enumerate(json.loads(GOOD)["logs"]):
        for size in range(len(log["entries"])):
            assert not passes(rewritten(lambda v, place=place, size=size: v["logs"][place]["entries"].__delitem__(
                slice(size, None)
            )))  # fmt: skip
            tried += 1
    assert tried >= 100


def test_every_older_copy_that_a_site_signs_anew_is_found() -> None:
    north, south, hub = honest_logs()
    for size in range(len(north.entries)):
        older = north.entries[:size]
        restored = replace(north, entries=older, heads=(signed("north", older, HeadRole.SITE),))
        assert not passes(write_bundle([restored, south, hub], [PLAN], STATED))
        # Hiding the countersignatures does not help: the coordinator lists them.
        hidden = replace(restored, countersignatures=())
        assert not passes(write_bundle([hidden, south, hub], [PLAN], STATED))


def confused_roles() -> Iterator[tuple[str, list[BundledLog]]]:
    north, south, hub = honest_logs()
    own, hubs, (early, late) = north.heads[0], hub.heads[0], north.countersignatures
    yield "heads swapped between sites", [
        replace(north, heads=south.heads), replace(south, heads=north.heads), hub
    ]  # fmt: skip
    yield "another site's countersignatures", [replace(north, countersignatures=south.countersignatures), south, hub]
    yield "a site's head as its countersignature", [replace(north, countersignatures=(early, own)), south, hub]
    yield "a countersignature as the site's head", [replace(north, heads=(late,)), south, hub]
    yield (
        "the hub's own head as a countersignature",
        [replace(north, countersignatures=(early, hubs)), south, hub],
    )
    relabelled = own.model_copy(update={"role": HeadRole.COUNTERSIGNATURE})
    yield "a site's head relabelled", [replace(north, countersignatures=(early, relabelled)), south, hub]
    by_itself = signed("north", north.entries, HeadRole.COUNTERSIGNATURE)
    yield "a site that countersigns itself", [replace(north, countersignatures=(early, by_itself)), south, hub]
    by_other = signed("north", north.entries, HeadRole.COUNTERSIGNATURE, "south")
    yield "a site countersigned by another site", [replace(north, countersignatures=(early, by_other)), south, hub]
    by_mallory = signed("north", north.entries, HeadRole.SITE, "mallory")
    yield "a head by Mallory", [replace(north, heads=(by_mallory,)), south, hub]
    as_site = signed(HUB, hub.entries, HeadRole.SITE)
    yield "the hub signing as a site", [north, south, replace(hub, heads=(as_site,))]
    as_hub = signed("north", north.entries, HeadRole.COORDINATOR)
    yield "a site signing as a coordinator", [replace(north, heads=(as_hub,)), south, hub]
    other_origin = signed("south", north.entries, HeadRole.SITE, "north")
    yield "a head of another origin", [replace(north, heads=(other_origin,)), south, hub]
    yield "no head", [replace(north, heads=()), south, hub]
    yield "only an older head", [replace(north, heads=(signed("north", north.entries[:9], HeadRole.SITE),)), south, hub]
    yield "a site as the coordinator", [north, BundledLog("south", LogRole.COORDINATOR, hub.entries, (
        signed("south", hub.entries, HeadRole.COORDINATOR),))]  # fmt: skip
    yield "no last countersignature", [replace(north, countersignatures=(early,)), south, hub]
    fork = (*north.entries[:-1], north.entries[0])
    forked = signed("north", fork, HeadRole.SITE)
    yield "two roots of one size", [replace(north, heads=(own, forked)), south, hub]
    yield "a site's log dropped and another renamed", [replace(north, origin="south"), hub]
    yield "a renamed site", [replace(north, origin="nowhere"), south, hub]
    yield "an acceptance dropped, and the log signed by a site", [north, south, replace(
        hub_log(hub.entries[:-1]), heads=(signed(HUB, hub.entries[:-1], HeadRole.COORDINATOR, "south"),)
    )]  # fmt: skip


CONFUSED = list(confused_roles())


@pytest.mark.parametrize("logs", [logs for _, logs in CONFUSED], ids=[name for name, _ in CONFUSED])
def test_a_signature_out_of_place_is_found(logs: list[BundledLog]) -> None:
    data = write_bundle(logs, [PLAN])
    assert data != write_bundle(honest_logs(), [PLAN])
    assert not passes(data)


def bit_flips() -> Iterator[bytes]:
    chosen = random.Random(6962)
    for position in range(0, len(GOOD), len(GOOD) // 199):
        flipped = bytearray(GOOD)
        flipped[position] ^= 1 << chosen.randrange(8)
        yield bytes(flipped)


def truncations() -> Iterator[bytes]:
    for length in [*range(40), *range(40, len(GOOD), len(GOOD) // 60), len(GOOD) - 1]:
        yield GOOD[:length]


def extensions() -> Iterator[bytes]:
    for tail in (b"\x00", b" ", b"\n", b"x", b"\xef\xbb\xbf", b"{}", GOOD):
        yield GOOD + tail
        yield tail + GOOD


def cut_pieces() -> Iterator[bytes]:
    """A stretch left out, written twice, or overwritten by another part of the file."""
    chosen = random.Random(9162)
    for _ in range(40):
        start, other = sorted(chosen.randrange(len(GOOD) - 200) for _ in range(2))
        length = chosen.randrange(1, 200)
        yield GOOD[:start] + GOOD[start + length :]
        yield GOOD[: start + length] + GOOD[start:]
        yield GOOD[:start] + GOOD[other : other + length] + GOOD[start + length :]


def wrong_values() -> Iterator[bytes]:
    """Every field set to what it cannot be."""
    for value in (None, True, 1.0, -1, 2**70, "", "x" * 5_000, "\x00", [], {}, [[]], {"a": {}}):
        for path in FIELDS:
            yield rewritten(lambda values, path=path, value=value: assigned(values, path, value))


FIELDS: list[tuple[Any, ...]] = [
    ("format",),
    ("logs",),
    ("logs", 0),
    ("logs", 1, "origin"),
    ("logs", 1, "role"),
    ("logs", 1, "entries"),
    ("logs", 1, "entries", 1),
    ("logs", 1, "heads"),
    ("logs", 1, "heads", 0),
    ("logs", 1, "heads", 0, "head"),
    ("logs", 1, "heads", 0, "head", "size"),
    ("logs", 1, "heads", 0, "head", "root"),
    ("logs", 1, "heads", 0, "role"),
    ("logs", 1, "heads", 0, "key_id"),
    ("logs", 1, "heads", 0, "signature"),
    ("logs", 1, "countersignatures"),
    ("logs", 1, "countersignatures", 1),
    ("plans",),
    ("plans", 0),
    ("keys", "north"),
]


def assigned(values: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        values = values[step]
    values[path[-1]] = value


def odd_json() -> Iterator[bytes]:
    yield from (b"", b"null", b"[]", b"{}", b"0", b'"fedaug-log/1"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000)
    yield b"1" * 100_000
    yield GOOD.replace(b'"logs":', b'"logs":[],"logs":', 1)
    yield GOOD.replace(b'"size":28', b'"size":28.0', 1)
    yield GOOD.replace(b'"size":28', b'"size":NaN', 1)
    yield GOOD.replace(b'"size":28', b'"size":1e999', 1)
    yield GOOD.replace(b'"size":28', b'"size":' + b"9" * 5_000, 1)
    yield GOOD.replace(b"north", b"n\\u006frth", 1)
    yield GOOD.replace(b"north", b"\\ud800", 1)
    yield GOOD.replace(b"na\xc3\xafve", b"na\xefve", 1)
    yield json.dumps(json.loads(GOOD), indent=1).encode()
    yield json.dumps(json.loads(GOOD), sort_keys=True, separators=(",", ":")).encode()  # escapes what is not ASCII
    yield rewritten(lambda values: values.update(plans=[canonical_json(plan(labels=["other"])).decode()]))
    yield rewritten(lambda values: values["logs"][0]["entries"].clear())
    yield rewritten(lambda values: values["logs"][1]["entries"].append(MALLORYS))
    yield rewritten(lambda values: values["keys"].update(north=values["keys"]["south"]))
    deep = '{"entry":' + "[" * 100 + "]" * 100 + "}"
    yield rewritten(lambda values: values["logs"][1]["entries"].append(deep))


MUTATIONS: list[tuple[Callable[[], Iterator[bytes]], int]] = [
    (bit_flips, 199),
    (truncations, 100),
    (extensions, 14),
    (cut_pieces, 120),
    (wrong_values, 230),
    (odd_json, 25),
]


@pytest.mark.parametrize(("mutations", "at_least"), MUTATIONS)
def test_a_mutated_bundle_never_passes_and_only_our_errors_escape(
    mutations: Callable[[], Iterator[bytes]], at_least: int
) -> None:
    tried = 0
    for data in mutations():
        if data != GOOD:
            assert not passes(data)
            tried += 1
    assert tried >= at_least


def test_a_failed_check_names_its_log_and_not_what_stands_in_it() -> None:
    for data in changed_entries(replaced):
        findings = verify_bundle(data, KEYS, coordinator=HUB)
        assert findings.failed
        assert {check.subject for check in findings.failed} <= {HUB, *SITES}
        assert "lineage-" not in " ".join(check.told for check in findings.failed)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_let_only_our_errors_escape(data: bytes) -> None:
    for attempt in (data, GOOD[:-1] + data, GOOD[:500] + data + GOOD[500:]):
        if attempt != GOOD:
            with pytest.raises(ProtocolError, match="FA40"):
                read_bundle(attempt)


def test_a_log_of_which_nothing_is_signed_does_not_pass() -> None:
    assert not passes(write_bundle([replace(site_log("north", ()), heads=(), countersignatures=())]))
