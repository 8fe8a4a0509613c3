"""Sealing and opening envelopes between honest parties; hostile bytes are in tests/attacks."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import ENVELOPE_VERSION, Header, key_id, open_envelope, seal_envelope
from fedaug.privacy.limits import LIMITS

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FIELDS: dict[str, Any] = {
    "campaign": "autumn",
    "key": "votes/0",
    "site": "st-elsewhere",
    "request_digest": digest(b"a request"),
    "nonce": bytes(range(16)),
    "signer": SIGNER,
}


@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 100])
def test_what_was_sealed_comes_out(body: bytes) -> None:
    header, opened = open_envelope(seal_envelope(body, **FIELDS), SIGNER.public_key())
    assert opened == body
    assert header == Header(
        version=ENVELOPE_VERSION,
        campaign="autumn",
        key="votes/0",
        site="st-elsewhere",
        nonce=bytes(range(16)).hex(),
        request_digest=digest(b"a request"),
        body_digest=digest(body),
        key_id=key_id(SIGNER.public_key()),
    )


def test_equal_arguments_give_equal_bytes() -> None:
    assert seal_envelope(b"body", **FIELDS) == seal_envelope(b"body", **FIELDS)


def test_an_answer_outside_any_campaign_has_empty_names() -> None:
    header, _ = open_envelope(seal_envelope(b"", **FIELDS | {"campaign": "", "key": ""}), SIGNER.public_key())
    assert (header.campaign, header.key) == ("", "")


@pytest.mark.parametrize(
    "name", ["ä" * LIMITS.name_chars, "\U0001f600" * LIMITS.name_chars, "\x01" * LIMITS.name_chars]
)
def test_names_of_the_longest_allowed_length_fit(name: str) -> None:
    fields = FIELDS | {"campaign": name, "site": name, "key": name[0] * LIMITS.key_chars, "nonce": bytes(64)}
    header, _ = open_envelope(seal_envelope(b"", **fields), SIGNER.public_key())
    assert header.site == name


def test_another_sites_key_does_not_open_it() -> None:
    with pytest.raises(BadSignature, match="FA402: an envelope was signed with another key"):
        open_envelope(seal_envelope(b"body", **FIELDS), Ed25519PrivateKey.generate().public_key())


def test_without_a_key_the_body_is_still_checked_against_its_hash() -> None:
    sealed = seal_envelope(b"body", **FIELDS)
    assert open_envelope(sealed, None)[1] == b"body"
    with pytest.raises(BadSignature, match="FA402: a body is not the one"):
        open_envelope(sealed[:-4] + b"BODY", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("campaign", "x" * (LIMITS.name_chars + 1)),
        ("key", "x" * (LIMITS.key_chars + 1)),
        ("site", ""),
        ("campaign", 7),
        ("nonce", bytes(15)),
        ("nonce", bytes(65)),
        ("request_digest", ""),
        ("request_digest", "A" * 64),
        ("request_digest", digest(b"") + "\n"),
        ("request_digest", None),
    ],
)
def test_a_malformed_field_is_not_signed(field: str, value: object) -> None:
    with pytest.raises(ProtocolError, match=rf"FA401: an envelope's header is malformed \({field}\)"):
        seal_envelope(b"body", **FIELDS | {field: value})


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    body = bytes(LIMITS.message_bytes)
    assert len(open_envelope(seal_envelope(body, **FIELDS), SIGNER.public_key())[1]) == LIMITS.message_bytes
    with pytest.raises(ProtocolError, match="FA401: a body is over the size limit"):
        seal_envelope(body + b"x", **FIELDS)
