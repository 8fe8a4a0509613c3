"""What a consortium's office does to its enrolment list: each change gives the next list, one epoch on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from fedaug.errors import ConfigError, NotEnrolled, ProtocolError
from fedaug.privacy.enrolment.lists import Enrolment, Member, Revocation
from fedaug.privacy.enrolment.roles import Reason, Role


def first_list(consortium: str, authority: str, now: int, valid_s: int) -> Enrolment:
    """A list without members.

    Args:
        consortium: Its name.
        authority: Who will sign it: a public key, hexadecimal.
        now: Seconds since 1970, UTC.
        valid_s: How long it is accepted, in seconds.

    Raises:
        ConfigError: The name or the key is malformed.
    """
    with _own_words():
        return Enrolment(consortium=consortium, epoch=1, issued=now, expires=now + valid_s, authority=authority)


def next_list(
    old: Enrolment,
    authority: str,
    now: int,
    valid_s: int,
    *,
    members: Iterable[Member] | None = None,
    revoked: Iterable[Revocation] = (),
    next_authority: str | None = None,
) -> Enrolment:
    """The list after another one.

    Args:
        old: The one before.
        authority: Who will sign it: the authority of the one before, or the one to which that one hands over.
        now: Seconds since 1970, UTC.
        valid_s: How long it is accepted, in seconds.
        members: Those of the one before by default. Replaced keys whose last epoch has passed are left out.
        revoked: What is revoked in addition.
        next_authority: Who may sign the list after this one; the one that was named before by default.

    Raises:
        ConfigError: The authority may not sign it, or the list would break a rule.
    """
    if authority not in (old.authority, old.next_authority):
        raise ConfigError(
            "these are not the keys of the list's authority, nor of the one that it hands over to",
            "use the authority's folder",
        )
    named = old.next_authority if authority == old.authority else None
    epoch = old.epoch + 1
    kept = old.members if members is None else members
    lasting = (member for member in kept if member.not_after_epoch is None or member.not_after_epoch >= epoch)
    with _own_words():
        return Enrolment(
            consortium=old.consortium,
            epoch=epoch,
            issued=now,
            expires=now + valid_s,
            authority=authority,
            next_authority=next_authority or named,
            members=tuple(lasting),
            revoked=(*old.revoked, *revoked),
        )


def with_key(old: Enrolment, name: str, role: Role, public_key: str) -> tuple[Member, ...]:
    """The members and a new one.

    Raises:
        ConfigError: There is one of that name or with that key, or the name or key is malformed.
    """
    if any(member.name.lower() == name.lower() for member in old.members):
        raise ConfigError("a member of that name is enrolled already", "fedaug enrolment rotate replaces its key")
    _require_new(old, public_key)
    return (*old.members, _member(name, role, public_key))


def with_replaced_key(old: Enrolment, name: str, role: Role, public_key: str, overlap: int) -> tuple[Member, ...]:
    """The members, one of them with a new key.

    Args:
        old: The list before.
        name: The member's.
        role: Its role.
        public_key: The new key.
        overlap: For so many epochs the old key is accepted too, beginning with the next; 0 for not at all.

    Raises:
        NotEnrolled: There is no such member.
        ConfigError: The key is malformed, or enrolled already.
    """
    old.key_of(name, role)
    _require_new(old, public_key)
    outgoing = [
        _member(name, role, member.public_key, old.epoch + overlap)
        if (member.name, member.role, member.not_after_epoch) == (name, role, None)
        else member
        for member in old.members
    ]
    return (*outgoing, _member(name, role, public_key))


def without_key(old: Enrolment, who: str, reason: Reason) -> tuple[tuple[Member, ...], tuple[Revocation, ...]]:
    """The members without a key, or without a member, and what is revoked with that.

    With a member's newest key all its keys are revoked: those that it replaced must not come into force again.

    Args:
        old: The list before.
        who: A key's id, or a member's name.
        reason: Why.

    Raises:
        NotEnrolled: There is no such key or member.
    """
    named = [member for member in old.members if who in (member.key_id, member.name)]
    if not named:
        raise NotEnrolled("no key of that id, and no member of that name, is on the list", "see fedaug enrolment show")
    if any(member.not_after_epoch is None for member in named):
        named = [member for member in old.members if member.name == named[0].name]
    gone = tuple(Revocation(key_id=member.key_id, epoch=old.epoch + 1, reason=reason) for member in named)
    return tuple(member for member in old.members if member not in named), gone


def _require_new(old: Enrolment, public_key: str) -> None:
    for member in old.members:
        if member.public_key == public_key and (member.not_after_epoch is None or member.not_after_epoch > old.epoch):
            raise ConfigError(f"that key is enrolled already, as {member.name}", "each key has one member and one role")


def _member(name: str, role: Role, public_key: str, not_after_epoch: int | None = None) -> Member:
    with _own_words():
        return Member(name=name, role=role, public_key=public_key, not_after_epoch=not_after_epoch)


@contextmanager
def _own_words() -> Iterator[None]:
    """What would have a reader refuse the list has its author give something else."""
    try:
        yield
    except ValidationError:
        raise ConfigError(
            "a name or key is malformed, or there are too many",
            "names are of letters, digits, dots, dashes and underlines; keys are of 64 hexadecimal digits",
        ) from None
    except ProtocolError as error:
        raise ConfigError(f"the change cannot be made: {error.what}", "the list is as it was") from None
