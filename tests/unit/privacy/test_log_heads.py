"""Heads are signed in a capacity, and a signature made in one never counts in another."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.envelope import key_id
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import (
    HeadRole,
    LogHead,
    SignedHead,
    decode_head,
    encode_head,
    equivocation,
    sign_head,
    verify_head,
)

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = SIGNER.public_key()
HEAD = LogHead.of("north", [b"one", b"two"])
SIGNED = sign_head(HEAD, HeadRole.SITE, SIGNER)


@pytest.mark.parametrize("role", HeadRole)
def test_a_signed_head_verifies_and_survives_its_bytes(role: HeadRole) -> None:
    signed = sign_head(HEAD, role, SIGNER)
    assert verify_head(decode_head(encode_head(signed)), role, PUBLIC) == HEAD


def test_what_is_signed_is_the_domain_and_all_but_the_signature() -> None:
    values = SIGNED.as_dict()
    signature = bytes.fromhex(values.pop("signature"))
    PUBLIC.verify(signature, b"fedaug log head: site\x00" + canonical_json(values))


@pytest.mark.parametrize(("made", "wanted"), list(itertools.permutations(HeadRole, 2)))
def test_a_signature_made_in_one_role_is_none_in_another(made: HeadRole, wanted: HeadRole) -> None:
    signed = sign_head(HEAD, made, SIGNER)
    with pytest.raises(BadSignature, match=f"FA402: a head is signed as {made}, not as {wanted}"):
        verify_head(signed, wanted, PUBLIC)
    with pytest.raises(BadSignature, match="FA402: a head's signature does not match"):
        verify_head(signed.model_copy(update={"role": wanted}), wanted, PUBLIC)


def test_a_signature_without_a_domain_counts_in_no_role() -> None:
    """The defect that the domains are there against: one text for every role."""
    text = canonical_json({"head": HEAD.model_dump(mode="json"), "key_id": key_id(PUBLIC)})
    careless = SIGNER.sign(text)
    PUBLIC.verify(careless, text)  # nothing in it says in which capacity
    for role in HeadRole:
        forged = SIGNED.model_copy(update={"role": role, "signature": careless.hex()})
        with pytest.raises(BadSignature, match="FA402"):
            verify_head(forged, role, PUBLIC)


@pytest.mark.parametrize("change", [{"origin": "south"}, {"size": 3}, {"size": 0}, {"root": "00" * 32}])
def test_a_changed_head_is_refused(change: dict[str, Any]) -> None:
    forged = SIGNED.model_copy(update={"head": HEAD.model_copy(update=change)})
    with pytest.raises(BadSignature, match="FA402: a head's signature does not match"):
        verify_head(forged, HeadRole.SITE, PUBLIC)


def test_another_ones_signature_is_refused() -> None:
    with pytest.raises(BadSignature, match="FA402: a head was signed with another key"):
        verify_head(sign_head(HEAD, HeadRole.SITE, MALLORY), HeadRole.SITE, PUBLIC)
    claimed = sign_head(HEAD, HeadRole.SITE, MALLORY).model_copy(update={"key_id": key_id(PUBLIC)})
    with pytest.raises(BadSignature, match="FA402: a head's signature does not match"):
        verify_head(claimed, HeadRole.SITE, PUBLIC)


def test_two_roots_of_one_size_are_evidence_and_nothing_else_is() -> None:
    fork = LogHead.of("north", [b"one", b"other"])
    other = sign_head(fork, HeadRole.SITE, SIGNER)
    assert equivocation(SIGNED, other, PUBLIC)
    assert equivocation(other, SIGNED, PUBLIC)

    assert not equivocation(SIGNED, SIGNED, PUBLIC)
    longer = sign_head(LogHead.of("north", [b"one", b"two", b"three"]), HeadRole.SITE, SIGNER)
    assert not equivocation(SIGNED, longer, PUBLIC)
    elsewhere = sign_head(fork.model_copy(update={"origin": "south"}), HeadRole.SITE, SIGNER)
    assert not equivocation(SIGNED, elsewhere, PUBLIC)
    # What somebody else signed, or signed for another purpose, must not convict the key's holder.
    assert not equivocation(SIGNED, sign_head(fork, HeadRole.SITE, MALLORY), PUBLIC)
    assert not equivocation(SIGNED, sign_head(fork, HeadRole.COUNTERSIGNATURE, SIGNER), PUBLIC)
    assert not equivocation(SIGNED, SIGNED.model_copy(update={"head": fork}), PUBLIC)


def malformed() -> list[bytes]:
    good = SIGNED.as_dict()
    heads = [
        good | {"head": good["head"] | change}
        for change in [
            {"origin": ""},
            {"origin": "../north"},
            {"origin": "n" * (LIMITS.name_chars + 1)},
            {"size": -1},
            {"size": 2.0},
            {"size": "2"},
            {"size": True},
            {"size": LIMITS.log_entries + 1},
            {"size": 2**70},
            {"root": "AB" * 32},
            {"root": "ab" * 31},
            {"root": None},
            {"extra": 1},
        ]
    ]
    outside = [
        good | {"role": "auditor"},
        good | {"role": None},
        good | {"key_id": good["key_id"][:-1]},
        good | {"signature": "0" * 127},
        good | {"extra": 1},
        {name: value for name, value in good.items() if name != "role"},
    ]
    text = encode_head(SIGNED)
    raw = [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 900,
        text[:-1],
        text + b" ",
        json.dumps(good).encode(),
        text.replace(b'"role":', b'"role":"site","role":'),
        text.replace(b"north", b"n\\u006frth"),
        text + bytes(LIMITS.log_head_bytes),
    ]
    return [canonical_json(values) for values in (*heads, *outside)] + raw


def test_malformed_heads_are_refused() -> None:
    tried = malformed()
    assert len(tried) == len(set(tried)) == 30
    for data in tried:
        with pytest.raises(ProtocolError, match=r"FA401: a log's head is (malformed|not in canonical form|over the)"):
            decode_head(data)


def test_a_malformed_head_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_head(canonical_json(SIGNED.as_dict() | {"Jane Doe, born 1950": 1}))
    assert "Jane" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert isinstance(decode_head(encode_head(SIGNED)), SignedHead)
