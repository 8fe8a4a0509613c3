"""What an enrolment list says: which key is whose in a consortium, and which are revoked; and the rules that it keeps.

Each list has a higher epoch than the one before, and an end, so that an old one cannot be passed off as the newest for
longer than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fedaug.errors import NotEnrolled, OutdatedEnrolment, ProtocolError
from fedaug.privacy.canonical import digest
from fedaug.privacy.enrolment.roles import Reason, Role
from fedaug.privacy.envelope import key_id
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.public_key import public_key_of

#: Changes whenever the form or the meaning of a list changes.
LIST_FORMAT: Final = 1
#: A list may not be valid for longer: so long can a thief of a key keep its revocation from a member.
MOST_VALID_S: Final = 400 * 86_400
#: How far a member's clock may be behind the authority's.
CLOCK_SKEW_S: Final = 300

_MOST_EPOCH: Final = 2**31 - 1
_MOST_TIME: Final = 2**40  # some thirty-five thousand years
REMEDY: Final = "refuse the list, and ask the consortium's office"

Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LIMITS.name_chars)]
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Epoch = Annotated[int, Field(ge=1, le=_MOST_EPOCH)]
Seconds = Annotated[int, Field(ge=0, le=_MOST_TIME)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Member(_Part):
    """One key of one member.

    Attributes:
        name: The site's or coordinator's; unique whatever its role and the case of its letters.
        role: What the key may be used for.
        public_key: Ed25519, 32 bytes, hexadecimal.
        not_after_epoch: None for the member's key. For one that another replaced, the last epoch that accepts it.
    """

    name: Name
    role: Role
    public_key: Hex32
    not_after_epoch: Epoch | None = None

    @cached_property
    def key(self) -> Ed25519PublicKey:
        """The public key."""
        return public_key_of(self.public_key)

    @cached_property
    def key_id(self) -> str:
        """Of the public key."""
        return key_id(self.key)


class Revocation(_Part):
    """A key that is accepted no more, and never again.

    Attributes:
        key_id: Of the key.
        epoch: Of the first list that revoked it.
        reason: Why.
    """

    key_id: Hex32
    epoch: Epoch
    reason: Reason


class Enrolment(_Part):
    """A list's content. Its rules are checked when it is made.

    Attributes:
        format: Of the list.
        consortium: Its name.
        epoch: One more than the list before, at least.
        issued: Seconds since 1970, UTC.
        expires: Likewise; from then on nobody accepts the list.
        authority: The public key that signs the list, hexadecimal.
        next_authority: The key that may sign the next one in its place, hexadecimal.
        members: Their keys.
        revoked: All keys that were ever revoked.
    """

    format: Annotated[int, Field(ge=LIST_FORMAT, le=LIST_FORMAT)] = LIST_FORMAT
    consortium: Name
    epoch: Epoch
    issued: Seconds
    expires: Seconds
    authority: Hex32
    next_authority: Hex32 | None = None
    members: Annotated[tuple[Member, ...], Field(max_length=LIMITS.enrolment_members)] = ()
    revoked: Annotated[tuple[Revocation, ...], Field(max_length=LIMITS.enrolment_revocations)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for broken, what in _rules(self):
            if broken:
                raise ProtocolError(f"an enrolment list {what}", REMEDY)
        return self

    @cached_property
    def _by_id(self) -> dict[str, Member]:
        return {member.key_id: member for member in self.members}

    @cached_property
    def _by_name(self) -> dict[tuple[str, Role], Member]:
        return {(member.name, member.role): member for member in self.members if member.not_after_epoch is None}

    def key_of(self, name: str, role: Role, key_id: str | None = None) -> Ed25519PublicKey:
        """A member's public key.

        Args:
            name: The member's, letter by letter.
            role: What the key shall be used for.
            key_id: Of one of the member's keys, such as a message names: the current one, or one that was replaced and
                is still accepted. By default the current one.

        Raises:
            NotEnrolled: There is no such key, not for that name and role, or it was revoked.
        """
        if key_id is None:
            current = self._by_name.get((name, role))
            if current is None:
                raise NotEnrolled(f"no {role} of that name is on the enrolment list", "ask the consortium's office")
            return current.key
        found = self.member(key_id)
        if (found.name, found.role) != (name, role):
            raise NotEnrolled(
                "a key is enrolled for another member or role", "refuse the message; tell the consortium's office"
            )
        return found.key

    def member(self, key_id: str) -> Member:
        """Whose a key is.

        Raises:
            NotEnrolled: Nobody's; the message tells whether it was revoked.
        """
        found = self._by_id.get(key_id)
        if found is None:
            revoked = any(entry.key_id == key_id for entry in self.revoked)
            raise NotEnrolled(
                "a key was revoked" if revoked else "a key is not on the enrolment list",
                "refuse the message; compare its key id (fedaug keys) with the consortium's office",
            )
        return found

    def accepts(self, key_id: str, role: Role) -> bool:
        """Whether a key may be used for a role."""
        found = self._by_id.get(key_id)
        return found is not None and found.role is role

    def check_time(self, now: float) -> None:
        """Check that the list is valid at a time, in seconds since 1970.

        Raises:
            OutdatedEnrolment: It is expired, or not valid yet.
        """
        if not now < self.expires:
            raise OutdatedEnrolment("the enrolment list is expired", "get the newest one from the consortium's office")
        if not now >= self.issued - CLOCK_SKEW_S:
            raise OutdatedEnrolment("the enrolment list is not valid yet", "check this machine's clock")


def check_successor(old: Enrolment, new: Enrolment) -> None:
    """Check that a list may take the place of another that was seen before.

    Raises:
        OutdatedEnrolment: It is older, or another list of the same epoch.
        ProtocolError: It is another consortium's, or forgets a revocation.
    """
    if not new.epoch >= old.epoch:
        raise OutdatedEnrolment("an enrolment list is older than one seen before", REMEDY)
    if new.epoch == old.epoch and new != old:
        raise OutdatedEnrolment(
            "there are two enrolment lists of one epoch", "refuse both: the authority's key may be in two hands"
        )
    if new.consortium != old.consortium:
        raise ProtocolError("an enrolment list is another consortium's", REMEDY)
    if not set(new.revoked) >= set(old.revoked):
        raise ProtocolError("an enrolment list forgets a key that was revoked", REMEDY)


def _rules(found: Enrolment) -> Iterable[tuple[bool, str]]:
    """What makes a list contradict itself; in each case whether it does so, and what is said then."""
    authorities = [key for key in (found.authority, found.next_authority) if key is not None]
    keys = [*authorities, *(member.public_key for member in found.members)]
    ids = {digest(bytes.fromhex(key)) for key in keys}
    current = {(member.name, member.role) for member in found.members if member.not_after_epoch is None}
    replaced = [member for member in found.members if member.not_after_epoch is not None]
    # Logs are told apart by name alone. Names are ASCII, so that lower case is enough.
    folded = Counter(name.lower() for name, _ in current)
    revoked = Counter(entry.key_id for entry in found.revoked)
    yield not 0 < found.expires - found.issued <= MOST_VALID_S, "is valid for no time at all, or for over 400 days"
    yield not all(map(_usable, keys)), "holds a public key that cannot be used"
    yield len(set(keys)) < len(keys), "holds a key twice"
    yield len(current) + len(replaced) < len(found.members), "holds two keys of one member, none of them replaced"
    yield folded.total() > len(folded), "holds two members of one name"
    yield (
        any((member.name, member.role) not in current for member in replaced),
        "holds a replaced key without a new one",
    )
    yield any((member.not_after_epoch or 0) < found.epoch for member in replaced), "holds a key that has run out"
    yield revoked.total() > len(revoked), "revokes a key twice"
    yield any(entry.epoch > found.epoch for entry in found.revoked), "revokes a key in a later epoch"
    yield not ids.isdisjoint(revoked), "holds a key that it also revokes"


def _usable(key: str) -> bool:
    try:
        public_key_of(key)
    except ProtocolError:
        return False
    return True
