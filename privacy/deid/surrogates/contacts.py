"""Surrogates of mail addresses, web addresses and network addresses, from ranges that are reserved for examples."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.name_pools import class_of
from fedaug.privacy.deid.surrogates.names import name_word
from fedaug.privacy.deid.surrogates.numbers import replaced_characters
from fedaug.privacy.deid.surrogates.words import plain

#: Reserved by RFC 2606, section 3.
_DOMAINS: Final = ("example.com", "example.org", "example.net")
#: RFC 5737 and RFC 3849.
_NETWORKS: Final = ("192.0.2.", "198.51.100.", "203.0.113.")
_IPV6: Final = "2001:db8:"
_PIECE: Final = re.compile(r"[^\W\d_]+|\d+")
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)?(?P<host>[^/?#\s]+)(?P<rest>[^\s]*)")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]+")


def surrogate_email(draw: Draw, value: str) -> str | None:
    """A mail address at an example domain; its names are those that the person has elsewhere."""
    local, at, domain = value.rpartition("@")
    if not at or not local or not domain:
        return None
    made = _PIECE.sub(lambda match: _local_piece(draw, match[0]), local.replace("'", "")).replace("'", "")
    return f"{made}@{_domain(draw, domain)}"


def surrogate_url(draw: Draw, value: str) -> str | None:
    """A web address at an example domain; its path is replaced letter by letter."""
    if "@" in value and "//" not in value:
        return surrogate_email(draw, value)
    match = _URL.fullmatch(value.strip())
    if match is None or "." not in match["host"]:
        return None
    host = match["host"].lower().rpartition("@")[2]
    www = "www." if host.startswith("www.") else ""
    return f"{match['scheme'] or ''}{www}{_domain(draw, host)}{replaced_characters(draw, 'path', match['rest'])}"


def surrogate_ip(draw: Draw, value: str) -> str | None:
    """A network address of a range for documentation; a port or a prefix length stays."""
    match = _ADDRESS.search(value)
    address = _address(match[0]) if match else None
    if match is None or address is None:
        return None
    written, found = address
    made = written
    for attempt in range(8):
        if made != written and str(found) != made:
            break
        number = draw.number("ip", str(found), attempt)
        made = _ip(number, found.version)
    return value[: match.start()] + made + value[match.start() + len(written) :]


def _ip(number: int, version: int) -> str:
    if version == 4:
        return f"{_NETWORKS[number % 3]}{1 + number // 3 % 254}"
    return _IPV6 + ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(0, 96, 16))


def _address(written: str) -> tuple[str, ipaddress.IPv4Address | ipaddress.IPv6Address] | None:
    for candidate in (written, written.rpartition(":")[0], written.rstrip(".:")):
        try:
            return candidate, ipaddress.ip_address(candidate)
        except ValueError:
            continue
    return None


def _local_piece(draw: Draw, piece: str) -> str:
    if piece.isdigit():
        return replaced_characters(draw, "number", piece)
    word = plain(piece)
    if len(word) > 3 and class_of(word) is None and (class_of(word[1:]) or "").endswith("last"):
        return plain(draw.initial(word[0]) + name_word(draw, word[1:]))  # jsmith
    if len(word) > 3 and class_of(word) is None and (class_of(word[:-1]) or "").endswith("last"):
        return plain(name_word(draw, word[:-1]) + draw.initial(word[-1]))  # smithj
    return plain(name_word(draw, piece, initials=False))


def _domain(draw: Draw, domain: str) -> str:
    others = [name for name in _DOMAINS if name != domain.lower()]
    return others[draw.number("domain", domain.lower()) % len(others)]
