"""Numbers and addresses of the network that identify: record, account and card numbers, telephones, mails, devices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from random import Random

from tools.ner_corpus.draw import between, chance, digits, pick, shaped
from tools.ner_corpus.listed import listed
from tools.ner_corpus.people import Person, made_up

_LISTS = listed("numbers")
_DOMAINS = _LISTS["domains"]
_TLDS = _LISTS["tlds"]
_HEX = "0123456789abcdef"
_SHAPES = listed("shapes")
_PHONES = _LISTS["phones"]
_IBANS = {
    "GB": "@@@@##############",
    "DE": "##################",
    "FR": "##########%%%%%%%%%%%##",
    "ES": "####################",
    "NL": "@@@@##########",
    "IT": "@##########%%%%%%%%%%%%",
    "CH": "#####%%%%%%%%%%%%",
    "IE": "@@@@##############",
    "PL": "########################",
    "BE": "############",
}


def number(rng: Random, kind: str) -> str:
    """A number of a kind of `_SHAPES`."""
    shape = pick(rng, _SHAPES[kind])
    if "~" in shape or "^" in shape:
        shape = re.sub("~", lambda _: pick(rng, _HEX), shape)
        return re.sub(r"\^", lambda _: pick(rng, "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789"), shape)
    return shaped(rng, shape)


def telephone(rng: Random) -> str:
    """A telephone number of some country, seldom with an extension."""
    found = shaped(rng, pick(rng, _PHONES))
    if chance(rng, 0.06):
        found += f" {pick(rng, ('x', 'ext. ', 'ext ', 'x ', 'extension '))}{digits(rng, between(rng, 2, 5))}"
    return found


def card(rng: Random) -> str:
    """A payment card: 13 to 19 digits, with or without groups."""
    start = pick(rng, ("4", "5", "37", "34", "6011", "35", "30", "180", "2131", "675"))
    length = pick(rng, (16, 16, 16, 16, 15, 14, 19, 13))
    run = start + "".join(pick(rng, "0123456789") for _ in range(length - len(start)))
    draw = rng.random()
    if draw < 0.5:
        return run
    separator = pick(rng, (" ", "-"))
    return separator.join(run[index : index + 4] for index in range(0, length, 4))


def iban(rng: Random) -> str:
    """An IBAN, in one run or in groups of four."""
    country = pick(rng, tuple(_IBANS))
    run = f"{country}{shaped(rng, '##')}{shaped(rng, _IBANS[country])}"
    return run if chance(rng, 0.6) else " ".join(run[index : index + 4] for index in range(0, len(run), 4))


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", folded) or "info"


def domain(rng: Random) -> str:
    """A host name."""
    if chance(rng, 0.5):
        return pick(rng, _DOMAINS)
    name = made_up(rng, between(rng, 1, 3)).lower()
    return f"{_plain(name)}{pick(rng, ('', '', '-health', 'group', '-bank', 'med', 'shop'))}.{pick(rng, _TLDS)}"


def mail(rng: Random, who: Person) -> str:
    """A mail address, mostly made of the name."""
    first, last = _plain(who.first), _plain(who.last)
    local = pick(rng, _LISTS["locals"]).format(
        first=first,
        last=last,
        f=first[0],
        First=who.first.replace(" ", ""),
        Last=who.last.replace(" ", ""),
        made=_plain(made_up(rng, 2)),
        n=between(rng, 1, 99),
        year=between(rng, 50, 2010),
    )
    local = local if local.isascii() else _plain(local)
    return f"{local}@{domain(rng)}"


def url(rng: Random) -> str:
    """A web address."""
    host = f"{pick(rng, ('www.', '', 'portal.', 'my.', 'secure.'))}{domain(rng)}"
    made, number = made_up(rng, 2).lower(), digits(rng, 4)
    path = pick(rng, ("", "", "/", f"/{made}", f"/p/{number}", "/login", f"/index.php?id={number}", "/patients/portal"))
    return (
        f"{pick(rng, ('https://', 'http://', '', ''))}{host}{path}"
        if path or host.startswith("www") or chance(rng, 0.8)
        else host
    )


def handle(rng: Random, who: Person) -> str:
    """A user name of a network."""
    first, last = _plain(who.first), _plain(who.last)
    made = f"{made_up(rng, 2).lower()}{digits(rng, 3)}"
    name = pick(rng, (f"{first}{digits(rng, 2)}", f"{first}_{last}", made, f"{last}{first[0]}"))
    return name if chance(rng, 0.35) else f"@{name}"


def ip(rng: Random) -> str:
    """An address of the Internet Protocol."""
    if chance(rng, 0.85):
        return ".".join(str(between(rng, 1, 254)) for _ in range(4))
    return ":".join("".join(pick(rng, _HEX) for _ in range(4)) for _ in range(pick(rng, (8, 8, 4)))).replace(
        ":0", "::", 1
    )


def spoken_code(rng: Random) -> str:
    """A post code or number as a transcript has it: "m l 7 b 2 q p", "six two double four"."""
    if chance(rng, 0.6):
        run = shaped(rng, pick(rng, ("@@# #@@", "@## #@@", "@@## #@@", "#####", "######", "@# #@@"))).replace(" ", "")
        return pick(rng, (" ", " ", "-", ", ")).join(run if chance(rng, 0.3) else run.lower())
    return " ".join(pick(rng, _LISTS["spoken_digits"]) for _ in range(between(rng, 4, 10)))


MAKERS: dict[str, Callable[[Random], str]] = {
    "phone": telephone,
    "card": card,
    "iban": iban,
    "url": url,
    "domain": domain,
    "ip": ip,
    "spoken_code": spoken_code,
}
KINDS = frozenset(_SHAPES)
