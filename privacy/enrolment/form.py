"""The form in which an enrolment list travels. Values in, values out; no clock, no disk.

A list is canonical JSON, ``{"body": …, "signature": …}``, with an Ed25519 signature over the body. There is exactly one
way to write it, so two lists are the same if their bytes are.
"""

from __future__ import annotations

import re
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from fedaug.errors import BadSignature, OutdatedEnrolment, ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.enrolment.lists import REMEDY, Enrolment
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.public_key import public_key_of

#: What is signed begins with this, so that no signature made for another purpose with the same key can pass for one.
_DOMAIN: Final = b"fedaug enrolment list\x00"
#: Maps and lists: the whole, its body, members, revocations, and one for each of these; no name holds a bracket.
_MOST_VALUES: Final = 4 + LIMITS.enrolment_members + LIMITS.enrolment_revocations


def sign_list(enrolment: Enrolment, signer: Ed25519PrivateKey) -> bytes:
    """The list's bytes.

    Raises:
        ProtocolError: The signer is not the list's authority, or the list is one that readers would refuse.
    """
    if signer.public_key().public_bytes_raw().hex() != enrolment.authority:
        raise ProtocolError("an enrolment list names another authority than its signer", "sign it with that one's keys")
    body = enrolment.model_dump(mode="json")
    signature = signer.sign(_DOMAIN + canonical_json(body))
    data = canonical_json({"body": body, "signature": signature.hex()})
    if len(data) > LIMITS.enrolment_bytes:
        raise ProtocolError("an enrolment list is over the size limit", "use shorter names")
    signed_list(data, signer.public_key())  # what readers would refuse is not let out
    return data


def read_list(data: bytes, authority_key: Ed25519PublicKey, now: float, minimum_epoch: int = 1) -> Enrolment:
    """Check a list of untrusted origin.

    Args:
        data: The list.
        authority_key: Who has to have signed it.
        now: Seconds since 1970, UTC.
        minimum_epoch: The epoch of the newest list that was seen before.

    Raises:
        ProtocolError: The bytes are too many, malformed, not in canonical form, or break a rule.
        BadSignature: Another authority signed it, or nobody did.
        OutdatedEnrolment: It is expired or not valid yet, or older than one that was seen.
    """
    enrolment = signed_list(data, authority_key)
    if not enrolment.epoch >= minimum_epoch:
        raise OutdatedEnrolment("an enrolment list is older than one seen before", REMEDY)
    enrolment.check_time(now)
    return enrolment


def signed_list(data: bytes, authority_key: Ed25519PublicKey) -> Enrolment:
    """As :func:`read_list`, whatever the time: for showing a list, and for checking the next one against it.

    Raises:
        ProtocolError, BadSignature: As for :func:`read_list`.
    """
    body, signature = _split(data)
    if body.get("authority") != authority_key.public_bytes_raw().hex():
        raise BadSignature("an enrolment list is from another authority than the expected one", REMEDY)
    try:
        authority_key.verify(signature, _DOMAIN + canonical_json(body))
    except InvalidSignature:
        raise BadSignature("an enrolment list's signature does not match", REMEDY) from None
    return _read_body(body)


def claimed_authority(data: bytes) -> Ed25519PublicKey:
    """The authority that a list itself names. Checked with this key, a list vouches for nothing but itself.

    Raises:
        ProtocolError: The bytes are no list.
    """
    return public_key_of(_split(data)[0].get("authority"))


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Body and signature."""
    if not isinstance(data, bytes):
        raise ProtocolError("an enrolment list is not bytes", REMEDY)
    if len(data) > LIMITS.enrolment_bytes:
        raise ProtocolError("an enrolment list is over the size limit", REMEDY)
    if data.count(b"{") + data.count(b"[") > _MOST_VALUES:  # before they are parsed: each takes far more than its bytes
        raise ProtocolError("an enrolment list holds more members or revocations than any may", REMEDY)
    try:
        found = parse_json(data)
    except ProtocolError:
        raise ProtocolError("the enrolment list is cut off or damaged", REMEDY) from None
    match found:
        case {"body": dict(body), "signature": str(signature), **rest} if not rest and canonical_json(found) == data:
            pass
        case _:
            raise ProtocolError("an enrolment list is malformed, or not in canonical form", REMEDY)
    if not re.fullmatch("[0-9a-f]{128}", signature):
        raise ProtocolError("an enrolment list's signature is malformed", REMEDY)
    return body, bytes.fromhex(signature)


def _read_body(body: dict[str, Any]) -> Enrolment:
    try:
        found = Enrolment.model_validate_json(canonical_json(body))
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"][:1]
        # The name of an unknown field came from outside, so only known names are repeated.
        field = where[0] if where and where[0] in Enrolment.model_fields else "whole list"
        raise ProtocolError(f"an enrolment list is malformed ({field})", REMEDY) from None
    if found.model_dump(mode="json") != body:  # a field with a default was left out
        raise ProtocolError("an enrolment list is malformed (whole list)", REMEDY)
    return found
