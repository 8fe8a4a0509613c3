"""Hostile bytes against the envelope: every mutation is refused, and by an error of ours."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.envelope import ENVELOPE_BYTES, key_id, open_envelope, seal_envelope
from fedaug.privacy.limits import LIMITS

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = SIGNER.public_key()
BODY = b"noisy votes of one site, as bytes"
MAGIC = 8


def sealed(body: bytes = BODY, **changes: Any) -> bytes:
    fields = {
        "campaign": "autumn",
        "key": "votes/0",
        "site": "st-elsewhere",
        "request_digest": digest(b"a request"),
        "nonce": bytes(range(16)),
        "signer": SIGNER,
    }
    return seal_envelope(body, **fields | changes)


GOOD = sealed()
HEADER_SIZE = int.from_bytes(GOOD[MAGIC : MAGIC + 4])
HEADER = slice(MAGIC + 4, MAGIC + 4 + HEADER_SIZE)
SIGNATURE = slice(HEADER.stop, HEADER.stop + 64)


def rebuilt(header: bytes, signature: bytes | None = None, body: bytes = BODY, *, signer: Any = None) -> bytes:
    """An envelope from parts; signed by whoever is named, or with the good one's signature."""
    if signature is None:
        signature = signer.sign(b"fedaug envelope\x00" + header) if signer else GOOD[SIGNATURE]
    return GOOD[:MAGIC] + len(header).to_bytes(4) + header + signature + len(body).to_bytes(8) + body


def fields() -> dict[str, Any]:
    return asdict(open_envelope(GOOD, PUBLIC)[0])


def bit_flips() -> Iterator[bytes]:
    """One bit in every byte: no byte is free to change."""
    chosen = random.Random(1)
    for position in range(len(GOOD)):
        changed = bytearray(GOOD)
        changed[position] ^= 1 << chosen.randrange(8)
        yield bytes(changed)


def truncations() -> Iterator[bytes]:
    for length in range(len(GOOD)):
        yield GOOD[:length]


def extensions() -> Iterator[bytes]:
    for tail in (b"\x00", b"x", GOOD):
        yield GOOD + tail
        yield tail + GOOD


def swaps() -> Iterator[bytes]:
    """Header, signature or body of another envelope that the same site really signed."""
    for other_body, changes in [
        (b"the body of another release as here", {"key": "votes/1"}),
        (BODY, {"key": "votes/1"}),
        (BODY, {"campaign": "winter"}),
        (BODY, {"site": "county"}),
        (BODY, {"request_digest": digest(b"another request")}),
        (BODY, {"nonce": bytes(range(1, 17))}),
    ]:
        other = sealed(other_body, **changes)
        size = int.from_bytes(other[MAGIC : MAGIC + 4])
        header, signature = other[MAGIC + 4 : MAGIC + 4 + size], other[MAGIC + 4 + size : MAGIC + 4 + size + 64]
        yield rebuilt(header)
        yield rebuilt(GOOD[HEADER], signature)
        if other_body != BODY:
            yield rebuilt(GOOD[HEADER], body=other_body)
            yield rebuilt(header, signature)


def forgeries() -> Iterator[bytes]:
    """Well-formed and self-consistent, but not signed by the site."""
    own = fields() | {"key_id": key_id(MALLORY.public_key())}
    yield rebuilt(canonical_json(own), signer=MALLORY)
    yield rebuilt(GOOD[HEADER], signer=MALLORY)
    yield rebuilt(canonical_json(fields() | {"body_digest": digest(b"mine")}), body=b"mine", signer=MALLORY)
    yield rebuilt(GOOD[HEADER], bytes(64))
    # Right key, wrong purpose: the header signed without the envelope's domain.
    yield rebuilt(GOOD[HEADER], SIGNER.sign(GOOD[HEADER]))


def malformed_headers() -> Iterator[bytes]:
    """Signed by the site itself, so only the parser stands in the way."""
    for name in fields():
        for value in (None, True, 1.0, [], {}, "", "x" * 5_000, -1, 2**70, "\x00", ["a"] * 9):
            if value in ("", "\x00") and (name in ("campaign", "key") or (name, value) == ("site", "\x00")):
                continue  # these are well-formed
            yield rebuilt(
                json.dumps(fields() | {name: value}, sort_keys=True, separators=(",", ":")).encode(), signer=SIGNER
            )
        yield rebuilt(canonical_json({key: value for key, value in fields().items() if key != name}), signer=SIGNER)
    for text in [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 4_000,
        b'{"a":' * 800,
        b"1" * 4_096,
        b'{"version":NaN}',
        canonical_json(fields() | {"extra": 1}),
        canonical_json(fields() | {"__class__": "os.system"}),
        json.dumps(fields()).encode(),  # other order and spacing than canonical
        canonical_json(fields()).replace(b'"key":', b'"key":"x","key":'),
        canonical_json(fields()).replace(b"autumn", b"\\u0061utumn"),
        canonical_json(fields()).replace(b"autumn", b"\\ud800"),
        canonical_json(fields()).replace(b'"version":1', b'"version":1.0'),
        canonical_json(fields()).replace(b'"version":1', b'"version":2'),
    ]:
        yield rebuilt(text, signer=SIGNER)


def lying_lengths() -> Iterator[bytes]:
    for size in (0, 1, HEADER_SIZE - 1, HEADER_SIZE + 1, LIMITS.envelope_header_bytes, 2**31, 2**32 - 1):
        yield GOOD[:MAGIC] + size.to_bytes(4) + GOOD[MAGIC + 4 :]
    for size in (0, 1, len(BODY) - 1, len(BODY) + 1, LIMITS.message_bytes + 1, 2**63, 2**64 - 1):
        yield GOOD[: SIGNATURE.stop] + size.to_bytes(8) + BODY


MUTATIONS: list[tuple[Callable[[], Iterator[bytes]], int]] = [
    (bit_flips, 400),
    (truncations, 400),
    (extensions, 6),
    (swaps, 14),
    (forgeries, 5),
    (malformed_headers, 90),
    (lying_lengths, 14),
]


@pytest.mark.parametrize(("mutations", "at_least"), MUTATIONS)
def test_a_mutated_envelope_is_refused_by_an_error_of_ours(
    mutations: Callable[[], Iterator[bytes]], at_least: int
) -> None:
    tried = 0
    for data in mutations():
        assert data != GOOD
        with pytest.raises(ProtocolError, match=r"FA40[12]: .*; refuse"):
            open_envelope(data, PUBLIC)
        tried += 1
    assert tried >= at_least


def test_a_replaced_body_or_signature_is_a_bad_signature_not_a_malformed_message() -> None:
    for data in (*forgeries(), *swaps()):
        with pytest.raises(BadSignature, match="FA402"):
            open_envelope(data, PUBLIC)


def test_without_a_key_only_form_and_body_are_checked_and_nothing_else_escapes() -> None:
    for mutations, _ in MUTATIONS:
        for data in mutations():
            try:
                header, body = open_envelope(data, None)
            except ProtocolError:
                continue
            assert digest(body) == header.body_digest


@given(st.binary(max_size=300))
def test_arbitrary_bytes_let_only_our_errors_escape(data: bytes) -> None:
    for attempt in (data, GOOD[:MAGIC] + data, GOOD[: HEADER.start] + data, GOOD[: HEADER.stop] + data):
        with pytest.raises(ProtocolError, match="FA40"):
            open_envelope(attempt, PUBLIC)


def test_an_oversized_envelope_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedaug.privacy.envelope._read_header", lambda _: pytest.fail("parsed"))
    with pytest.raises(ProtocolError, match="FA401: an envelope is over the size limit"):
        open_envelope(GOOD + bytes(ENVELOPE_BYTES), PUBLIC)


@pytest.mark.parametrize("data", [None, "text", 7, [GOOD]])
def test_something_that_is_not_bytes_is_refused(data: Any) -> None:
    with pytest.raises(ProtocolError, match="FA401: an envelope is not bytes"):
        open_envelope(data, PUBLIC)


def test_an_unknown_fields_name_is_not_repeated_in_the_message() -> None:
    text = canonical_json(fields() | {"Jane Doe, born 1950": 1})
    with pytest.raises(ProtocolError) as caught:
        open_envelope(rebuilt(text, signer=SIGNER), PUBLIC)
    assert "Jane" not in str(caught.value)
    assert "whole header" in str(caught.value)
