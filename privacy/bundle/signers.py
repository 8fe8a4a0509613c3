"""Who may have signed a release bundle: an enrolment list that its checker trusts, keys given one by one, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import ConfigError, NotEnrolled
from fedaug.privacy.bundle.manifest import SignerFact
from fedaug.privacy.enrolment import Enrolment, Role, claimed_authority, signed_list
from fedaug.privacy.envelope import key_id
from fedaug.privacy.transparency.keys import KnownKeys, enrolled_keys, gathered


@dataclass(frozen=True)
class Trust:
    """What a checker brings along. Nothing in a bundle adds to it.

    Attributes:
        authority: Who has to have signed the enrolment list; None where keys are given one by one.
        enrolment: The newest list; without it the bundle's own, which the authority has to have signed too.
        pairs: Keys that count beside it, such as one that the list no longer holds.
        coordinator: Which of several coordinators is meant.
    """

    authority: Ed25519PublicKey | None = None
    enrolment: bytes | None = None
    pairs: Sequence[tuple[str, Ed25519PublicKey]] = ()
    coordinator: str | None = None


@dataclass(frozen=True)
class Signers:
    """Whose keys count, and how sure of that the checker may be."""

    known: KnownKeys
    enrolment: Enrolment | None

    def key_of(self, signer: SignerFact) -> Ed25519PublicKey:
        """The public key of a bundle's signer.

        Raises:
            NotEnrolled: It was revoked, or is nobody's, or another member's, or enrolled in another role.
        """
        todo = "refuse the bundle; compare the key id with the consortium's office"
        if self.enrolment is not None:
            if any(entry.key_id == signer.key_id for entry in self.enrolment.revoked):
                raise NotEnrolled("the key that signed the bundle was revoked", todo)
            if any(member.key_id == signer.key_id for member in self.enrolment.members):
                return self.enrolment.key_of(signer.name, signer.role, signer.key_id)
        keys = {key_id(key): key for key in self.known.keys.get(signer.name, ())}
        is_coordinator = signer.name == self.known.coordinator
        if signer.key_id not in keys or (
            self.known.coordinator is not None and is_coordinator != (signer.role is Role.COORDINATOR)
        ):
            raise NotEnrolled("the key that signed the bundle is not enrolled for its signer", todo)
        return keys[signer.key_id]


def signers_of(trust: Trust, bundled: bytes, now: float) -> Signers:
    """Whose keys count.

    Args:
        trust: What the checker brings.
        bundled: The list that lies in the bundle.
        now: Seconds since 1970, UTC.

    Raises:
        ConfigError: The checker brings no key, or the list does not settle who the coordinator is.
        ProtocolError, BadSignature: The list is malformed, or not signed by the authority.
    """
    if trust.authority is None:
        if not trust.pairs:
            raise ConfigError(
                "no public key was given", "give the authority's or the members' keys: the bundle's own count nothing"
            )
        return Signers(gathered(trust.pairs, trust.coordinator), None)
    data = bundled if trust.enrolment is None else trust.enrolment
    enrolment = signed_list(data, trust.authority)
    if any(member.role is Role.COORDINATOR for member in enrolment.members):
        known = enrolled_keys(data, trust.authority, now, beside=trust.pairs, coordinator=trust.coordinator)
    else:  # its key was revoked, which is to be told as the reason why a bundle that it signed is refused
        members = [(member.name, member.key) for member in enrolment.members]
        known = gathered([*members, *trust.pairs], trust.coordinator)
    own = signed_list(bundled, claimed_authority(bundled))
    doubts = list(known.doubts)
    if trust.enrolment is None:
        doubts.append(f"whether a key was revoked since: the list is the bundle's own, of epoch {own.epoch}")
    elif own.epoch > enrolment.epoch:
        doubts.append(f"whether a key was revoked since epoch {enrolment.epoch}: the bundle's own list is newer")
    return Signers(KnownKeys(known.keys, known.coordinator, tuple(doubts)), enrolment)
