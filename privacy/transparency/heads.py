"""Signed heads of transparency logs: who says that a log of so many entries has this root.

Three signatures are told apart by what is signed: a site's over the head of its own log, a coordinator's over the head
of its own, and a coordinator's countersignature under a site's. Each has its own domain, so that none passes for
another, even where one key makes two of them:

    signature = Ed25519(domain of the role | canonical JSON of {"head", "key_id", "role"})

A log that shows two roots for one size, both signed by one key, has been forked: :func:`equivocation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.envelope import key_id
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.merkle import merkle_root

_REMEDY: Final = "refuse the head, and keep it: it may be evidence"

Origin = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LIMITS.name_chars)]
HexDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class HeadRole(StrEnum):
    """In which capacity a head is signed."""

    SITE = "site"
    COORDINATOR = "coordinator"
    COUNTERSIGNATURE = "countersignature"


_DOMAINS: Final = {role: f"fedaug log head: {role}\0".encode() for role in HeadRole}


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class LogHead(_Closed):
    """The state of a log.

    Attributes:
        origin: Whose log it is, by name.
        size: Number of entries.
        root: Merkle root over them, hexadecimal.
    """

    origin: Origin
    size: int = Field(ge=0, le=LIMITS.log_entries)
    root: HexDigest

    @classmethod
    def of(cls, origin: str, entries: Sequence[bytes]) -> Self:
        """The head of a log that holds these entries."""
        return cls(origin=origin, size=len(entries), root=merkle_root(entries).hex())


class SignedHead(_Closed):
    """A head and one signature under it. Untrusted until :func:`verify_head` has passed.

    Attributes:
        head: What is signed.
        role: In which capacity.
        key_id: Of the public key that the signature verifies against.
        signature: 64 bytes, hexadecimal.
    """

    head: LogHead
    role: HeadRole
    key_id: HexDigest
    signature: str = Field(pattern="^[0-9a-f]{128}$")

    def as_dict(self) -> dict[str, Any]:
        """The signed head as plain values."""
        return self.model_dump(mode="json")


def sign_head(head: LogHead, role: HeadRole, signer: Ed25519PrivateKey) -> SignedHead:
    """Sign a head. Equal arguments give an equal signature (Ed25519 is deterministic, RFC 8032)."""
    identity = key_id(signer.public_key())
    signature = signer.sign(_signed_bytes(head, role, identity))
    return SignedHead(head=head, role=role, key_id=identity, signature=signature.hex())


def verify_head(signed: SignedHead, role: HeadRole, public_key: Ed25519PublicKey) -> LogHead:
    """Check a signature of untrusted origin.

    Args:
        signed: What came.
        role: The capacity in which the head has to be signed. Never take it from ``signed``.
        public_key: Of whoever has that capacity.

    Returns:
        The head that was signed.

    Raises:
        BadSignature: It was signed in another capacity, with another key, or not so.
    """
    if signed.role is not role:
        raise BadSignature(f"a head is signed as {signed.role}, not as {role}", _REMEDY)
    if signed.key_id != key_id(public_key):
        raise BadSignature("a head was signed with another key than the expected one", _REMEDY)
    try:
        public_key.verify(bytes.fromhex(signed.signature), _signed_bytes(signed.head, role, signed.key_id))
    except InvalidSignature:
        raise BadSignature("a head's signature does not match", _REMEDY) from None
    return signed.head


def equivocation(first: SignedHead, second: SignedHead, public_key: Ed25519PublicKey) -> bool:
    """Whether two heads prove that the holder of a key signed two different logs as one.

    They do if both carry a valid signature of that key in one role, for one origin and size, over different roots. The
    two heads together are the evidence: anybody with the public key can repeat the check. Heads of different sizes need
    a consistency proof that fails (:func:`fedaug.privacy.transparency.verify_consistency`) or the entries.
    """
    try:
        one, other = (verify_head(signed, first.role, public_key) for signed in (first, second))
    except BadSignature:
        return False
    return (one.origin, one.size) == (other.origin, other.size) and one.root != other.root


def encode_head(signed: SignedHead) -> bytes:
    """A signed head as canonical JSON."""
    return canonical_json(signed.as_dict())


def decode_head(data: bytes) -> SignedHead:
    """Read a signed head of untrusted origin; its signature is not checked yet.

    Raises:
        ProtocolError: The bytes are too many, malformed or not in canonical form.
    """
    if len(data) > LIMITS.log_head_bytes:
        raise ProtocolError("a log's head is over the size limit", _REMEDY)
    try:
        signed = SignedHead.model_validate_json(data)
    except ValidationError:
        raise ProtocolError("a log's head is malformed", _REMEDY) from None
    if encode_head(signed) != data:
        raise ProtocolError("a log's head is not in canonical form", _REMEDY)
    return signed


def _signed_bytes(head: LogHead, role: HeadRole, identity: str) -> bytes:
    signed = {"head": head.model_dump(mode="json"), "key_id": identity, "role": str(role)}
    return _DOMAINS[role] + canonical_json(signed)
