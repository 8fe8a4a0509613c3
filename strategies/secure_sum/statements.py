"""What a site signs in a masked sum: the public keys it will use, and the set of survivors.

Both signatures are made with the site's enrolled identity key, over canonical JSON that names round, site and key,
behind a domain of its own: none passes for another round's, another site's, or another statement.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.envelope import key_id
from fedaug.strategies.base import Message
from fedaug.strategies.secure_sum.terms import HexDigest, KeyOf, SiteName, SumTerms

_KEYS: Final = b"fedaug secure sum: keys\x00"
_SURVIVORS: Final = b"fedaug secure sum: survivors\x00"
_REMEDY: Final = "end the round, and tell the consortium's office"

Signature = Annotated[str, Field(pattern="^[0-9a-f]{128}$")]


class SiteKeys(Message):
    """A site's public keys for one round.

    Attributes:
        site: Whose.
        key_id: Of the identity key that signed them.
        mask_key: X25519, hexadecimal: masks are agreed on with it. Its private half is shared, and joined if the site
            drops out.
        share_key: X25519, hexadecimal: shares are sealed with it. Its private half never leaves the site.
        signature: Ed25519, hexadecimal, over all of this and the round.
    """

    site: SiteName
    key_id: HexDigest
    mask_key: HexDigest
    share_key: HexDigest
    signature: Signature


class SurvivorSignature(Message):
    """That a site agrees to one set of survivors, and will agree to no other in this round."""

    site: SiteName
    signature: Signature


def sign_keys(terms: SumTerms, site: str, mask_key: bytes, share_key: bytes, signer: Ed25519PrivateKey) -> SiteKeys:
    """Sign a site's keys for one round."""
    identity = key_id(signer.public_key())
    said = {"site": site, "key_id": identity, "mask_key": mask_key.hex(), "share_key": share_key.hex()}
    return SiteKeys(**said, signature=signer.sign(_bytes(_KEYS, terms, said)).hex())


def check_keys(terms: SumTerms, keys: SiteKeys, key_of: KeyOf) -> None:
    """Check who signed a site's keys, and that it was for this round.

    Raises:
        BadSignature: Somebody else, or for another round or site, or nobody.
        NotEnrolled: The key that signed is not that site's.
    """
    said = keys.model_dump(mode="json", exclude={"signature"})
    _verify(key_of, keys.site, keys.key_id, keys.signature, _bytes(_KEYS, terms, said))


def check_roster(terms: SumTerms, roster: Sequence[SiteKeys], key_of: KeyOf) -> None:
    """Check the whole list of who takes part.

    Raises:
        ProtocolError: They are too few or too many, not in order, or two of them show one key.
        BadSignature, NotEnrolled: As for :func:`check_keys`.
    """
    event = terms.mechanism
    if not event.survivors <= len(roster) <= event.sites:
        raise ProtocolError("a masked sum's sites are fewer or more than its terms say", _REMEDY)
    check_ascending([keys.site for keys in roster])
    public = {key for keys in roster for key in (keys.mask_key, keys.share_key)}
    if len(public) < 2 * len(roster):
        raise ProtocolError("two keys of a masked sum are the same", _REMEDY)
    for keys in roster:
        check_keys(terms, keys, key_of)


def check_ascending(names: Sequence[str]) -> None:
    """Check that names are in order, each once.

    Raises:
        ProtocolError: They are not.
    """
    if any(not one < other for one, other in itertools.pairwise(names)):
        raise ProtocolError("a masked sum's sites are not in order, or one is there twice", _REMEDY)


def roster_digest(terms: SumTerms, roster: Sequence[SiteKeys]) -> str:
    """SHA-256 of round and roster, hexadecimal; every key of the round is derived with it."""
    said = [keys.model_dump(mode="json") for keys in roster]
    return digest(canonical_json({"round": terms.digest, "roster": said}))


class Survivors(Message):
    """Which sites' masked values are in the sum.

    Attributes:
        round: Digest of the terms.
        roster: Digest of the roster.
        shared: Sites whose shares were handed on: every one of them masked against every other.
        survivors: Those of them whose masked values arrived.
    """

    round: HexDigest
    roster: HexDigest
    shared: tuple[SiteName, ...]
    survivors: tuple[SiteName, ...]


def sign_survivors(survivors: Survivors, site: str, signer: Ed25519PrivateKey) -> SurvivorSignature:
    """Sign a set of survivors. A site does this once in a round."""
    return SurvivorSignature(site=site, signature=signer.sign(_survivor_bytes(survivors, site)).hex())


def check_survivors(
    survivors: Survivors, signed: SurvivorSignature, roster: Mapping[str, SiteKeys], key_of: KeyOf
) -> None:
    """Check that a survivor signed this very set, with the identity key that signed its keys.

    Raises:
        ProtocolError: It is none of the survivors.
        BadSignature, NotEnrolled: As for :func:`check_keys`.
    """
    if signed.site not in survivors.survivors:
        raise ProtocolError("a set of survivors is signed by a site that is not one of them", _REMEDY)
    text = _survivor_bytes(survivors, signed.site)
    _verify(key_of, signed.site, roster[signed.site].key_id, signed.signature, text)


def _survivor_bytes(survivors: Survivors, site: str) -> bytes:
    return _SURVIVORS + canonical_json({**survivors.model_dump(mode="json"), "site": site})


def _bytes(domain: bytes, terms: SumTerms, said: Mapping[str, Any]) -> bytes:
    return domain + canonical_json({**said, "round": terms.digest})


def _verify(key_of: KeyOf, site: str, identity: str, signature: str, text: bytes) -> None:
    public = key_of(site, identity)
    if key_id(public) != identity:
        raise BadSignature("a masked sum's statement was signed with another key than the site's", _REMEDY)
    try:
        public.verify(bytes.fromhex(signature), text)
    except InvalidSignature:
        raise BadSignature("a masked sum's signature does not match", _REMEDY) from None
