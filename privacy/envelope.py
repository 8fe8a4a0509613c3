"""Signed envelopes: the form in which every reply leaves a site, and a coordinator's requests reach it.

An envelope is a canonical JSON header, an Ed25519 signature over it, and a body whose SHA-256 the header holds:

    magic (8 bytes) | header length (4) | header | signature (64) | body length (8) | body        integers big-endian

There is exactly one way to write an envelope, so bytes that are accepted can be hashed, logged and compared as they
are. An envelope shows who sent what in answer to which request; it hides nothing (the transport does that). Whether its
nonce and request were seen before is for the receiver to check.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.limits import LIMITS

#: Changes whenever the wire format or the meaning of a header field changes.
ENVELOPE_VERSION: Final = 1

#: The ``request_digest`` of an envelope that is itself a request; no SHA-256 is known to be it.
NO_REQUEST: Final = "0" * 64

_MAGIC: Final = b"fedaug\x00\x01"
#: What is signed begins with this, so that no signature made for another purpose with the same key can pass for one.
_DOMAIN: Final = b"fedaug envelope\x00"
_SIGNATURE_BYTES: Final = 64
_FIXED_BYTES: Final = len(_MAGIC) + 4 + _SIGNATURE_BYTES + 8
#: Longest envelope that is looked at.
ENVELOPE_BYTES: Final = LIMITS.message_bytes + LIMITS.envelope_header_bytes + _FIXED_BYTES

_REMEDY: Final = "refuse the message"

_Name = Annotated[str, Field(max_length=LIMITS.name_chars)]
_Key = Annotated[str, Field(max_length=LIMITS.key_chars)]
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class Header:
    """What a site signs.

    Attributes:
        version: Of the envelope format.
        campaign: The campaign that the body belongs to; empty outside any.
        key: The release within the campaign, empty if the body is none; of a request, the site that it is for, empty
            only while the coordinator does not know who will answer.
        site: Who signed: the site, or the coordinator by its name.
        nonce: 16 to 64 random bytes, hexadecimal; never used twice by a site.
        request_digest: SHA-256 of the request that the body answers, hexadecimal; all zeros if the body is a request.
        body_digest: SHA-256 of the body, hexadecimal.
        key_id: Of the public key that the signature verifies against.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    version: Annotated[int, Field(ge=ENVELOPE_VERSION, le=ENVELOPE_VERSION)]
    campaign: _Name
    key: _Key
    site: Annotated[_Name, Field(min_length=1)]
    nonce: Annotated[str, Field(pattern="^([0-9a-f]{2}){16,64}$")]
    request_digest: _Digest
    body_digest: _Digest
    key_id: _Digest


_HEADERS: Final = TypeAdapter(Header)


def key_id(public_key: Ed25519PublicKey) -> str:
    """SHA-256 of a public key's 32 raw bytes, hexadecimal."""
    return digest(public_key.public_bytes_raw())


def seal_envelope(
    body: bytes,
    *,
    campaign: str,
    key: str,
    site: str,
    request_digest: str,
    nonce: bytes,
    signer: Ed25519PrivateKey,
) -> bytes:
    """Sign a body. Equal arguments give equal bytes (Ed25519 is deterministic, RFC 8032).

    Args:
        body: What is sent.
        campaign: As in :class:`Header`.
        key: As in :class:`Header`.
        site: As in :class:`Header`.
        request_digest: As in :class:`Header`.
        nonce: 16 to 64 bytes from :meth:`fedaug.privacy.noise.NoiseSource.token`.
        signer: The site's private key.

    Raises:
        ProtocolError: A field or the body is malformed or too long.
    """
    if len(body) > LIMITS.message_bytes:
        raise ProtocolError("a body is over the size limit", "send less at once")
    text = canonical_json(
        {
            "version": ENVELOPE_VERSION,
            "campaign": campaign,
            "key": key,
            "site": site,
            "nonce": nonce.hex(),
            "request_digest": request_digest,
            "body_digest": digest(body),
            "key_id": key_id(signer.public_key()),
        }
    )
    _read_header(text)
    if len(text) > LIMITS.envelope_header_bytes:
        raise ProtocolError("an envelope's header is over the size limit", "use shorter names")
    signature = signer.sign(_DOMAIN + text)
    return b"".join((_MAGIC, len(text).to_bytes(4), text, signature, len(body).to_bytes(8), body))


def seal_request(
    body: bytes, *, campaign: str, sender: str, receiver: str, nonce: bytes, signer: Ed25519PrivateKey
) -> bytes:
    """Sign a coordinator's request; arguments as those of :func:`seal_envelope`, and whom it is for: see ``key``."""
    return seal_envelope(
        body, campaign=campaign, key=receiver, site=sender, request_digest=NO_REQUEST, nonce=nonce, signer=signer
    )


def open_envelope(data: bytes, public_key: Ed25519PublicKey | None) -> tuple[Header, bytes]:
    """Check an envelope of untrusted origin and take it apart.

    Args:
        data: The envelope.
        public_key: Of the site that is expected to have signed. With None the form and the body's hash are checked but
            not the signature: only for a site's first answer, whose body carries the key; open it again with that key.

    Raises:
        ProtocolError: The bytes are too many, cut short, malformed, or not in canonical form.
        BadSignature: The body is not the one that was signed, or the key or signature is not the expected one.
    """
    text, signature, body = _split(data)
    header = _read_header(text)
    if canonical_json(asdict(header)) != text:
        raise ProtocolError("an envelope's header is not in canonical form", _REMEDY)
    if not hmac.compare_digest(header.body_digest, digest(body)):
        raise BadSignature("a body is not the one that its envelope was made for", _REMEDY)
    if public_key is not None:
        _verify(header, text, signature, public_key)
    return header, body


def is_envelope(data: bytes) -> bool:
    """Whether bytes begin as an envelope of this version does; nothing else about them is checked."""
    return data[: len(_MAGIC)] == _MAGIC


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, signature and body, by their length prefixes; the lengths have to add up exactly."""
    if not isinstance(data, bytes):
        raise ProtocolError("an envelope is not bytes", _REMEDY)
    if len(data) > ENVELOPE_BYTES:
        raise ProtocolError("an envelope is over the size limit", _REMEDY)
    start = len(_MAGIC) + 4
    if len(data) < _FIXED_BYTES or not is_envelope(data):
        raise ProtocolError("an envelope of this version was expected", _REMEDY)
    header_size = int.from_bytes(data[len(_MAGIC) : start])
    if header_size > min(LIMITS.envelope_header_bytes, len(data) - _FIXED_BYTES):
        raise ProtocolError("an envelope's header is malformed", _REMEDY)
    body_at = header_size + _FIXED_BYTES
    signature_at = start + header_size
    body_size = int.from_bytes(data[signature_at + _SIGNATURE_BYTES : body_at])
    if body_size != len(data) - body_at or body_size > LIMITS.message_bytes:
        raise ProtocolError("an envelope's body is cut short or too long", _REMEDY)
    return data[start:signature_at], data[signature_at : signature_at + _SIGNATURE_BYTES], data[body_at:]


def _read_header(text: bytes) -> Header:
    try:
        return _HEADERS.validate_json(text)
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"][:1]
        # The name of an unknown field came from outside, so only known names are repeated.
        field = where[0] if where and where[0] in Header.__dataclass_fields__ else "whole header"
        raise ProtocolError(f"an envelope's header is malformed ({field})", _REMEDY) from None


def _verify(header: Header, text: bytes, signature: bytes, public_key: Ed25519PublicKey) -> None:
    if header.key_id != key_id(public_key):
        raise BadSignature("an envelope was signed with another key than the expected one", _REMEDY)
    try:
        public_key.verify(signature, _DOMAIN + text)
    except InvalidSignature:
        raise BadSignature("an envelope's signature does not match", _REMEDY) from None
