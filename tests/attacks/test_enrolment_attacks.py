"""Hostile enrolment lists, and keys that are not, or no longer, what they say: all refused, and by an error of ours."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.enrolment_lists import (
    AUTHORITY,
    COORDINATOR,
    COUNTY,
    DAY,
    DOMAIN,
    MALLORY,
    NOW,
    ST_MARY,
    STOLEN,
    SUCCESSOR,
    body,
    forged,
    hexed,
    id_of,
    listed,
    member,
)

from fedaug.errors import BadSignature, NotEnrolled, OutdatedEnrolment, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.enrolment import EnrolmentStore, Role, claimed_authority, read_list
from fedaug.privacy.envelope import open_envelope, seal_envelope
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.public_key import public_key_of

PUBLIC = AUTHORITY.public_key()
GOOD = listed()
SIGNATURE = json.loads(GOOD)["signature"]
Mutations = Iterator[tuple[str, bytes]]


def bit_flips() -> Mutations:
    chosen = random.Random(1)
    for position in range(0, len(GOOD), 5):
        changed = bytearray(GOOD)
        changed[position] ^= 1 << chosen.randrange(8)
        yield f"bit of byte {position}", bytes(changed)


def truncations() -> Mutations:
    for length in range(0, len(GOOD), 9):
        yield f"first {length} bytes", GOOD[:length]


def other_spellings() -> Mutations:
    """The same values, written in another way."""
    parsed = json.loads(GOOD)
    yield "indented", json.dumps(parsed, indent=1, sort_keys=True).encode()
    yield "spaces", json.dumps(parsed, sort_keys=True).encode()
    yield "other order", json.dumps(dict(reversed(parsed.items())), separators=(",", ":")).encode()
    yield "line at the end", GOOD + b"\n"
    yield "byte order mark", b"\xef\xbb\xbf" + GOOD
    yield "escaped letter", GOOD.replace(b"lakeside", b"\\u006cakeside")
    yield "signature in capitals", GOOD.replace(SIGNATURE.encode(), SIGNATURE.upper().encode())
    yield "signature with a space", GOOD.replace(SIGNATURE.encode(), f"{SIGNATURE} ".encode())
    yield "key given twice", GOOD.replace(b'"epoch":3,', b'"epoch":2,"epoch":3,', 1)
    yield "number with a point", GOOD.replace(b'"format":1', b'"format":1.0')
    yield "UTF-16", GOOD.decode().encode("utf-16")
    yield "twice", GOOD + GOOD


def wrong_wrappings() -> Mutations:
    for name, value in {
        "no signature": {"body": body()},
        "no body": {"signature": SIGNATURE},
        "more beside the body": {"body": body(), "signature": SIGNATURE, "note": ""},
        "body is text": {"body": "{}", "signature": SIGNATURE},
        "body is a list": {"body": [], "signature": SIGNATURE},
        "body is null": {"body": None, "signature": SIGNATURE},
        "signature is null": {"body": body(), "signature": None},
        "signature is a number": {"body": body(), "signature": 7},
        "signature is empty": {"body": body(), "signature": ""},
        "signature is cut": {"body": body(), "signature": SIGNATURE[:-2]},
        "signature is zero": {"body": body(), "signature": "00" * 64},
        "signature is of another list": {"body": body(epoch=4), "signature": SIGNATURE},
        "signature without its domain": {"body": body(), "signature": AUTHORITY.sign(canonical_json(body())).hex()},
        "signature for an envelope": {
            "body": body(),
            "signature": AUTHORITY.sign(b"fedaug envelope\x00" + canonical_json(body())).hex(),
        },
        "signature with S beyond the order": {"body": body(), "signature": SIGNATURE[:64] + "ff" * 32},
        "null": None,
        "a list": [body(), SIGNATURE],
        "a text": "enrolment",
    }.items():
        yield name, canonical_json(value)
    for depth in (100, 900, 1_000, 1_100, 5_000, 100_000):
        yield f"{depth} lists deep", b"[" * depth + b"]" * depth
        yield f"{depth} maps deep", b'{"body":' * depth + b"1" + b"}" * depth
    yield "number of a million digits", b"1" * 1_000_000
    yield "infinity", b'{"body":{"epoch":1e999},"signature":""}'
    yield "not a number", b'{"body":{"epoch":NaN},"signature":""}'


def forgeries() -> Mutations:
    """Well-formed, but not signed by the authority."""
    yield "another authority", listed(MALLORY)
    yield "another signer", forged(body(), MALLORY)
    yield "a member signs", forged(body(), COORDINATOR)
    yield "the successor signs at once", listed(SUCCESSOR)
    yield "names itself as next", listed(MALLORY, next_authority=hexed(AUTHORITY))


WRONG: tuple[Any, ...] = (
    None,
    True,
    1.5,
    -1,
    2**70,
    [],
    {},
    "",
    "\x00",
    "x" * 5_000,
    "../..",
    {"__class__": "os.system"},
)
#: Where one of these is not wrong.
RIGHT = {("next_authority", "None"), ("not_after_epoch", "None"), ("members", "[]"), ("revoked", "[]")}


def wrong_values() -> Mutations:
    """Signed by the authority itself, so only the rules stand in the way."""
    for name in body():
        for value in WRONG:
            if (name, str(value)) not in RIGHT:
                yield f"{name} = {str(value)[:20]}", forged(body(**{name: value}))
        yield f"no {name}", forged({key: value for key, value in body().items() if key != name})
    for part in ("members", "revoked"):
        for name in body()[part][0]:
            for value in WRONG:
                if (name, str(value)) not in RIGHT:
                    changed = copy.deepcopy(body())
                    changed[part][0][name] = value
                    yield f"{part}.{name} = {str(value)[:20]}", forged(changed)
            changed = copy.deepcopy(body())
            del changed[part][0][name]  # also where it has a default: a list is written in one way
            yield f"{part} without {name}", forged(changed)
        changed = copy.deepcopy(body())
        changed[part][0]["note"] = "x"
        yield f"{part} with a note", forged(changed)
        yield f"{part} of texts", forged(body(**{part: ["x"]}))


NAMES = {
    "empty": "",
    "space": "st mary",
    "space after": "st-mary ",
    "line end": "st-mary\n",
    "NUL": "st-mary\x00",
    "NUL and more": "st-mary\x00.evil",
    "Cyrillic a": "st-m\u0430ry",
    "Greek omicron": "c\u03bfunty",
    "full width": "\uff53t-mary",
    "accent": "st-m\u00e1ry",
    "combining accent": "st-ma\u0301ry",
    "zero width": "st-\u200bmary",
    "right to left": "\u202eyram-ts",
    "soft hyphen": "st\u00admary",
    "dotted capital I": "cl\u0130nic",
    "long s": "\u017ft-mary",
    "Kelvin": "\u212a-clinic",
    "path": "../hub",
    "slash": "a/b",
    "backslash": "a\\b",
    "leading dot": ".hidden",
    "leading dash": "-rf",
    "percent": "a%00",
    "markup": "<b>",
    "quote": 'a"b',
    "too long": "x" * (LIMITS.name_chars + 1),
}


def wrong_names() -> Mutations:
    for why, name in NAMES.items():
        yield f"member's name: {why}", forged(body(members=[member(name, ST_MARY)]))
        yield f"consortium's name: {why}", forged(body(consortium=name))


def wrong_keys() -> Mutations:
    for why, key in {
        "zero": "00" * 32,
        "the neutral point": "01" + "00" * 31,
        "beyond the field": "ff" * 32,
        "the field's order": (2**255 - 19).to_bytes(32, "little").hex(),
        "capitals": hexed(ST_MARY).upper(),
        "too short": hexed(ST_MARY)[:-2],
        "too long": hexed(ST_MARY) + "00",
        "a key id": "sha256:" + id_of(ST_MARY),
    }.items():
        yield f"member's key: {why}", forged(body(members=[member("a", ST_MARY, public_key=key)]))
        yield f"next authority: {why}", forged(body(next_authority=key))


def contradictions() -> Mutations:
    for why, changes in {
        "case of a name": {"members": [member("county", COUNTY), member("COUNTY", ST_MARY)]},
        "one key, two names": {"members": [member("a", COUNTY), member("b", COUNTY)]},
        "one key, two roles": {"members": [member("a", COUNTY), member("a", COUNTY, role="coordinator")]},
        "two keys of a member": {"members": [member("a", COUNTY), member("a", ST_MARY)]},
        "active and revoked": {"members": [member("a", STOLEN)]},
        "replaced and revoked": {"members": [member("a", COUNTY), member("a", STOLEN, not_after_epoch=9)]},
        "authority revoked": {"revoked": [{"key_id": id_of(AUTHORITY), "epoch": 1, "reason": "lost"}]},
        "authority is a member": {"members": [member("a", AUTHORITY)]},
        "successor is a member": {"members": [member("a", SUCCESSOR)], "next_authority": hexed(SUCCESSOR)},
        "run out": {"members": [member("a", COUNTY), member("a", ST_MARY, not_after_epoch=1)]},
        "replaced by nothing": {"members": [member("a", COUNTY, not_after_epoch=9)]},
        "revoked twice": {"revoked": body()["revoked"] * 2},
        "revoked later": {"revoked": [body()["revoked"][0] | {"epoch": 4}]},
        "reason unknown": {"revoked": [body()["revoked"][0] | {"reason": "because"}]},
        "role unknown": {"members": [member("a", COUNTY, role="auditor")]},
        "role in capitals": {"members": [member("a", COUNTY, role="SITE")]},
        "role of both": {"members": [member("a", COUNTY, role="site,coordinator")]},
        "ends before it begins": {"expires": NOW - 2 * DAY},
        "valid for ever": {"expires": NOW + 500 * DAY},
        "expired": {"issued": NOW - 9 * DAY, "expires": NOW},
        "of tomorrow": {"issued": NOW + DAY},
        "another format": {"format": 2},
        "epoch zero": {"epoch": 0},
        "too many members": {"members": [member(f"s-{n}", COUNTY) for n in range(LIMITS.enrolment_members + 1)]},
    }.items():
        yield why, forged(body(**changes))
    yield "over the size limit", GOOD + b" " * LIMITS.enrolment_bytes


MUTATIONS: list[tuple[Callable[[], Mutations], int]] = [
    (bit_flips, 200),
    (truncations, 110),
    (other_spellings, 12),
    (wrong_wrappings, 30),
    (forgeries, 5),
    (wrong_values, 190),
    (wrong_names, 52),
    (wrong_keys, 16),
    (contradictions, 25),
]


@pytest.mark.parametrize(("mutations", "at_least"), MUTATIONS)
def test_a_mutated_list_is_refused_by_an_error_of_ours(mutations: Callable[[], Mutations], at_least: int) -> None:
    names = set()
    for name, data in mutations():
        assert data != GOOD, name
        assert refusal(data) in {"FA401", "FA402", "FA405"}, name
        names.add(name)
    assert len(names) >= at_least


def refusal(data: bytes) -> str | None:
    """The code of the error that a list is refused with."""
    try:
        read_list(data, PUBLIC, NOW)
    except ProtocolError as error:
        return error.code
    return None


def test_the_list_that_is_mutated_is_itself_accepted() -> None:
    assert read_list(GOOD, PUBLIC, NOW).epoch == 3
    assert forged(body()) == GOOD, "forgeries differ from real lists in more than was meant"


def test_reading_the_claimed_authority_lets_only_our_errors_escape() -> None:
    for mutations, _ in MUTATIONS:
        for _, data in mutations():
            try:
                claimed_authority(data)
            except ProtocolError:
                continue


@given(st.binary(max_size=300))
def test_arbitrary_bytes_let_only_our_errors_escape(data: bytes) -> None:
    for attempt in (data, GOOD[:9] + data, b'{"body":{},"signature":"' + data + b'"}'):
        with pytest.raises(ProtocolError, match="FA40"):
            read_list(attempt, PUBLIC, NOW)


@pytest.mark.parametrize("data", [None, "text", 7, [GOOD]])
def test_something_that_is_not_bytes_is_refused(data: Any) -> None:
    with pytest.raises(ProtocolError, match="FA401: an enrolment list is not bytes"):
        read_list(data, PUBLIC, NOW)


def test_an_unknown_fields_name_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ProtocolError) as caught:
        read_list(forged(body(**{"Jane Doe, born 1950": 1})), PUBLIC, NOW)
    assert "Jane" not in str(caught.value)


# Messages signed with keys that are not, or no longer, enrolled.


def message(site: str, signer: Ed25519PrivateKey) -> bytes:
    fields = {"campaign": "autumn", "key": "votes/0", "request_digest": digest(b"a request"), "nonce": bytes(16)}
    return seal_envelope(b"noisy votes", site=site, signer=signer, **fields)


def arrives(store: EnrolmentStore, data: bytes, role: Role = Role.SITE, now: float = NOW) -> bytes:
    """What a receiver does: the key is looked up when the message arrives."""
    header, _ = open_envelope(data, None)
    key = store.current(now).key_of(header.site, role, header.key_id)
    return open_envelope(data, key)[1]


@pytest.fixture
def store(tmp_path: Path) -> EnrolmentStore:
    made = EnrolmentStore(tmp_path, PUBLIC)
    made.accept(GOOD, NOW)
    return made


def revoking(signer: Ed25519PrivateKey) -> bytes:
    gone = {"key_id": id_of(signer), "epoch": 4, "reason": "stolen"}
    kept = [found for found in body()["members"] if found["name"] == "hub"]
    return listed(epoch=4, members=kept, revoked=[*body()["revoked"], gone])


def test_a_message_that_was_under_way_when_its_key_was_revoked_is_refused(store: EnrolmentStore) -> None:
    under_way = message("st-mary", ST_MARY)
    looked_up_too_early = store.current(NOW)
    assert arrives(store, under_way) == b"noisy votes"
    store.accept(revoking(ST_MARY), NOW)
    with pytest.raises(NotEnrolled, match="FA404: a key was revoked"):
        arrives(store, under_way)
    # The seeded defect: a receiver that looks keys up when it asks, and not when the answer arrives.
    assert looked_up_too_early.accepts(id_of(ST_MARY), Role.SITE)


def test_an_older_list_does_not_bring_a_revoked_key_back(store: EnrolmentStore, tmp_path: Path) -> None:
    store.accept(revoking(ST_MARY), NOW)
    for replayed in (GOOD, listed(epoch=2, members=[member("st-mary", ST_MARY)])):
        for holder in (store, EnrolmentStore(tmp_path, PUBLIC)):  # and after a restart
            with pytest.raises(OutdatedEnrolment, match="FA405: an enrolment list is older than one seen before"):
                holder.accept(replayed, NOW)
            with pytest.raises(NotEnrolled, match="FA404: a key was revoked"):
                arrives(holder, message("st-mary", ST_MARY))
    # The seeded defect: a receiver that remembers no epoch.
    assert read_list(GOOD, PUBLIC, NOW).accepts(id_of(ST_MARY), Role.SITE)


def test_a_list_that_is_withheld_lets_nobody_in_for_ever(store: EnrolmentStore) -> None:
    with pytest.raises(OutdatedEnrolment, match="FA405: the enrolment list is expired"):
        arrives(store, message("st-mary", ST_MARY), now=NOW + 30 * DAY)


def test_a_sites_key_is_no_coordinators_and_the_other_way_round(store: EnrolmentStore) -> None:
    assert arrives(store, message("hub", COORDINATOR), Role.COORDINATOR) == b"noisy votes"
    for name, signer, role in (
        ("st-mary", ST_MARY, Role.COORDINATOR),
        ("hub", ST_MARY, Role.COORDINATOR),
        ("hub", COORDINATOR, Role.SITE),
        ("st-mary", COORDINATOR, Role.SITE),
    ):
        with pytest.raises(NotEnrolled, match="FA404: a key is enrolled for another member or role"):
            arrives(store, message(name, signer), role)
        assert not store.current(NOW).accepts(id_of(signer), role)


def test_one_site_does_not_speak_for_another_nor_a_stranger_for_any(store: EnrolmentStore) -> None:
    for name, signer in (("county", ST_MARY), ("County", COUNTY), ("st-mary", MALLORY), ("sybil-1", MALLORY)):
        with pytest.raises(NotEnrolled, match="FA404"):
            arrives(store, message(name, signer))


def test_a_stolen_name_and_key_id_without_the_key_are_of_no_use(store: EnrolmentStore) -> None:
    honest = message("st-mary", ST_MARY)
    mallorys = message("st-mary", MALLORY).replace(id_of(MALLORY).encode(), id_of(ST_MARY).encode())
    assert arrives(store, honest) == b"noisy votes"
    with pytest.raises(BadSignature, match="FA402"):
        arrives(store, mallorys)


P = 2**255 - 19
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL = [y + sign * 2**255 for y in (0, 1, P - 1, ORDER_8, P - ORDER_8) for sign in (0, 1)]


@pytest.mark.parametrize("number", SMALL)
def test_a_key_under_which_anybody_can_sign_is_refused(number: int) -> None:
    raw = number.to_bytes(32, "little")
    with pytest.raises(ProtocolError, match="FA401: a public key is one that cannot be used"):
        public_key_of(raw.hex())


def test_such_keys_would_really_let_anybody_sign() -> None:
    """Why they are refused: with S = 0 and R of small order, about one message in eight verifies, by nobody's key."""
    forgeable = 0
    for number in SMALL:
        key = Ed25519PublicKey.from_public_bytes(number.to_bytes(32, "little"))
        forgeable += any(
            verifies(key, candidate.to_bytes(32, "little") + bytes(32), bytes([text]))
            for candidate in SMALL
            for text in range(64)
        )
    assert forgeable == len(SMALL)


def verifies(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, DOMAIN + text)
    except InvalidSignature:
        return False
    return True


def test_a_key_has_one_spelling_and_so_one_id() -> None:
    for y in range(P, 2**255):
        for sign in (0, 1):
            with pytest.raises(ProtocolError, match="FA401"):
                public_key_of((y + sign * 2**255).to_bytes(32, "little").hex())
