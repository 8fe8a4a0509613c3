"""Who signed a manifest: one Ed25519 signature by a member of the consortium, in a domain of its own."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field

from fedaug.errors import BadSignature
from fedaug.privacy.bundle.manifest import Part, SignerFact, read_part
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.enrolment import Role
from fedaug.privacy.envelope import key_id
from fedaug.privacy.transparency.bundle import ASK_AGAIN
from fedaug.privacy.transparency.heads import HexDigest, Origin

#: What is signed begins with this, so that no signature made for another purpose with the same key can pass for one.
_DOMAIN: Final = b"fedaug release bundle\x00"
_SIGNATURE_BYTES: Final = 2_048


class _Signature(Part):
    format: Literal["fedaug-release-signature/1"] = "fedaug-release-signature/1"
    key_id: HexDigest
    manifest: HexDigest
    name: Origin
    role: Annotated[Role, Field(strict=False)]
    signature: Annotated[str, Field(pattern="^[0-9a-f]{128}$")]


def sign_manifest(data: bytes, signer: SignerFact, key: Ed25519PrivateKey) -> bytes:
    """The signature's file, for a manifest's bytes. Equal arguments give equal bytes (RFC 8032)."""
    signature = key.sign(_signed(data, signer))
    made = _Signature(
        key_id=signer.key_id, manifest=digest(data), name=signer.name, role=signer.role, signature=signature.hex()
    )
    return canonical_json(made.model_dump(mode="json"))


def verify_manifest(data: bytes, signature: bytes, signer: SignerFact, key: Ed25519PublicKey) -> None:
    """Check that a manifest is signed by whom it names.

    Args:
        data: The manifest's bytes.
        signature: The signature's file, of untrusted origin.
        signer: As the manifest names it.
        key: That member's public key, which never comes from the bundle's own word.

    Raises:
        ProtocolError: The signature's file is malformed.
        BadSignature: It is another's, over another manifest, or does not match.
    """
    found = read_part(_Signature, signature, "signature", _SIGNATURE_BYTES)
    if (found.name, found.role, found.key_id) != (signer.name, signer.role, signer.key_id):
        raise BadSignature("the signature is by another than the manifest names", ASK_AGAIN)
    if found.manifest != digest(data):
        raise BadSignature("the signature is over another manifest", ASK_AGAIN)
    if key_id(key) != signer.key_id:
        raise BadSignature("the manifest was signed with another key than its signer's", ASK_AGAIN)
    try:
        key.verify(bytes.fromhex(found.signature), _signed(data, signer))
    except InvalidSignature:
        raise BadSignature("the manifest's signature does not match", ASK_AGAIN) from None


def _signed(data: bytes, signer: SignerFact) -> bytes:
    return _DOMAIN + canonical_json({"manifest": digest(data), **signer.model_dump(mode="json")})
