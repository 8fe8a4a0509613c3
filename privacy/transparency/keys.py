"""Whose keys count when a bundle is checked: named one by one, listed in a file, or from a signed enrolment list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import ConfigError, OutdatedEnrolment, ProtocolError
from fedaug.privacy.enrolment import Role, signed_list
from fedaug.privacy.files import read_at_most
from fedaug.privacy.public_key import given_keys, public_key_of

_MOST_KEYS_BYTES: Final = 2**20  # ten thousand names and keys


@dataclass(frozen=True)
class KnownKeys:
    """What a checker was told.

    Attributes:
        keys: Name -> the public keys whose signatures count as that name's.
        coordinator: The consortium's coordinator; None if nobody said.
        doubts: What of this could not be made sure of, in plain words.
    """

    keys: dict[str, tuple[Ed25519PublicKey, ...]]
    coordinator: str | None = None
    doubts: tuple[str, ...] = ()


def given_pairs(named: Iterable[str], file: Path | None) -> list[tuple[str, Ed25519PublicKey]]:
    """Names and keys as a command is given them: in a file, and each as ``NAME=KEY``.

    Raises:
        ConfigError: One of them is malformed.
        MissingFile: A file is not there.
        ProtocolError: A key cannot be used.
    """
    pairs = [] if file is None else listed_keys(_text(file))
    for pair in named:
        name, _, key = pair.partition("=")
        if not (name and key):
            raise ConfigError("--key is not NAME=KEY", "write a log's owner, = and its public key")
        pairs += [(name, found) for found in given_keys(key)]
    return pairs


def listed_keys(text: str) -> list[tuple[str, Ed25519PublicKey]]:
    """Names and keys, one pair a line; empty lines and those that begin with # are passed over.

    Raises:
        ConfigError: A line is anything else; its number is told.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        try:
            name, digits = words
            found.append((name, public_key_of(digits)))
        except (ValueError, ProtocolError):
            raise ConfigError(
                f"line {number} of the keys' file is not a name and a public key",
                "write one name and 64 hexadecimal digits a line",
            ) from None
    return found


def gathered(pairs: Iterable[tuple[str, Ed25519PublicKey]], coordinator: str | None = None) -> KnownKeys:
    """Keys that were named one by one; a name may have several, of which one replaced the other."""
    keys: dict[str, tuple[Ed25519PublicKey, ...]] = {}
    for name, key in pairs:
        keys[name] = (*keys.get(name, ()), key)
    return KnownKeys(keys, coordinator)


def enrolled_keys(
    data: bytes,
    authority: Ed25519PublicKey,
    now: float,
    *,
    beside: Iterable[tuple[str, Ed25519PublicKey]] = (),
    coordinator: str | None = None,
) -> KnownKeys:
    """The keys on an enrolment list. One that has expired still tells whose keys were whose, and says so.

    Args:
        data: The list, of untrusted origin.
        authority: Who has to have signed it.
        now: Seconds since 1970, UTC.
        beside: Keys that count too, such as one that the list no longer holds.
        coordinator: Which of several coordinators on the list is meant.

    Raises:
        ProtocolError: The list is malformed.
        BadSignature: It is not signed by the authority.
        ConfigError: It does not settle who the coordinator is.
    """
    enrolment = signed_list(data, authority)
    names = {role: {member.name for member in enrolment.members if member.role is role} for role in Role}
    coordinators = names[Role.COORDINATOR]
    chosen = coordinator or (next(iter(coordinators)) if len(coordinators) == 1 else None)
    if chosen not in coordinators:
        raise ConfigError(
            "the enrolment list does not settle who the coordinator is", "name one that it holds with --coordinator"
        )
    # A name is unique in its role, but in a bundle altogether: a site that is called like the coordinator is left out.
    counted = [
        (member.name, member.key)
        for member in enrolment.members
        if (member.name == chosen) == (member.role is Role.COORDINATOR)
    ]
    try:
        enrolment.check_time(now)
    except OutdatedEnrolment as error:
        doubt = f"whether the keys are still enrolled: {error.what}"
        return KnownKeys(gathered([*counted, *beside]).keys, chosen, (doubt,))
    return gathered([*counted, *beside], chosen)


def _text(path: Path) -> str:
    try:
        return read_at_most(path, _MOST_KEYS_BYTES).decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", "write names and keys as plain text") from None
