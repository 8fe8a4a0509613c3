"""A small consortium whose enrolment lists tests sign, change and forge."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.enrolment import Enrolment, Member, Role, sign_list
from fedaug.privacy.envelope import key_id

NOW = 1_790_000_000
DAY = 86_400
DOMAIN = b"fedaug enrolment list\x00"


def private(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def hexed(signer: Ed25519PrivateKey) -> str:
    return signer.public_key().public_bytes_raw().hex()


def id_of(signer: Ed25519PrivateKey) -> str:
    return key_id(signer.public_key())


AUTHORITY, SUCCESSOR, MALLORY = private(1), private(2), private(3)
COORDINATOR, COUNTY, COUNTY_BEFORE, ST_MARY, STOLEN = (private(number) for number in range(4, 9))


def body(**changes: Any) -> dict[str, Any]:
    """Of a list with a coordinator, two sites, a replaced key and a revoked one; as JSON."""
    return {
        "format": 1,
        "consortium": "lakeside",
        "epoch": 3,
        "issued": NOW - DAY,
        "expires": NOW + 30 * DAY,
        "authority": hexed(AUTHORITY),
        "next_authority": None,
        "members": [
            member("hub", COORDINATOR, role="coordinator"),
            member("county", COUNTY_BEFORE, not_after_epoch=3),
            member("county", COUNTY),
            member("st-mary", ST_MARY),
        ],
        "revoked": [{"key_id": id_of(STOLEN), "epoch": 2, "reason": "stolen"}],
    } | changes


def member(name: str, signer: Ed25519PrivateKey, **changes: Any) -> dict[str, Any]:
    return {"name": name, "role": "site", "public_key": hexed(signer), "not_after_epoch": None} | changes


def forged(body_: Any, signer: Ed25519PrivateKey = AUTHORITY) -> bytes:
    """A list of any content, well signed."""
    return canonical_json({"body": body_, "signature": signer.sign(DOMAIN + canonical_json(body_)).hex()})


def listed(signer: Ed25519PrivateKey = AUTHORITY, **changes: Any) -> bytes:
    """A list by the real way."""
    made = Enrolment.model_validate_json(canonical_json(body(authority=hexed(signer)) | changes))
    return sign_list(made, signer)


def site(name: str, signer: Ed25519PrivateKey) -> Member:
    return Member(name=name, role=Role.SITE, public_key=hexed(signer))
