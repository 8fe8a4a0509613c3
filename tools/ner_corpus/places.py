"""Places: towns, states, countries and the addresses of many countries, in one line or several."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tools.ner_corpus.draw import between, chance, digits, pick, shaped
from tools.ner_corpus.listed import listed
from tools.ner_corpus.people import made_up
from tools.ner_corpus.pools import LOCALES, UNROMANISED, pool, unromanised

_LISTS = listed("places")
STATES = {short: name for short, _, name in (pair.partition(":") for pair in _LISTS["states"])}
_ABBREVIATIONS = tuple(STATES)
COUNTRIES = _LISTS["countries"]
_TOWNS = _LISTS["towns"]
_REGIONS = _LISTS["regions"]
_STEMS = _LISTS["stems"]
_KINDS = _LISTS["kinds"]
_PREFIXES = _LISTS["prefixes"]
_TOWN_ENDS = _LISTS["town_ends"]
_TOWN_STARTS = _LISTS["town_starts"]
_LOCALES = tuple(locale for locale, weight in LOCALES.items() for _ in range(weight))
_POSTCODES = {
    "en_GB": ("@## #@@", "@# #@@", "@@# #@@", "@@## #@@", "@#@ #@@"),
    "en_CA": ("@#@ #@#",),
    "en_IE": ("@## @#@#", "D0# %%%%"),
    "en_AU": ("####",),
    "nl_NL": ("#### @@", "####@@"),
    "pl_PL": ("##-###",),
    "sv_SE": ("### ##",),
    "cs_CZ": ("### ##",),
    "pt_BR": ("#####-###",),
    "pt_PT": ("####-###",),
    "en_IN": ("######", "### ###"),
    "ja_JP": ("###-####",),
    "da_DK": ("####",),
    "no_NO": ("####",),
    "hu_HU": ("####",),
}


@dataclass(frozen=True)
class Address:
    """The parts of an address, each as it is written."""

    street: str
    unit: str
    city: str
    state: str
    postcode: str
    country: str


def state(rng: Random) -> str:
    """A state of the USA, abbreviated or not."""
    short = pick(rng, _ABBREVIATIONS)
    return short if chance(rng, 0.6) else STATES[short]


def zip_code(rng: Random) -> str:
    """A postal code; mostly of the USA."""
    draw = rng.random()
    if draw < 0.5:
        return shaped(rng, "#####")
    if draw < 0.6:
        return shaped(rng, "#####-####")
    if draw < 0.7:
        return shaped(rng, "####")
    return postcode(rng, pick(rng, tuple(_POSTCODES)))


def postcode(rng: Random, locale: str) -> str:
    """A postal code in the form of a country; five digits where none is known."""
    return shaped(rng, pick(rng, _POSTCODES.get(locale, ("#####",))))


def city(rng: Random, locale: str | None = None) -> str:
    """A town: known ones, those of a locale, and made-up ones; some in capitals, as gazetteers and forms have them."""
    town = _town(rng, locale)
    return town.upper() if rng.random() < 0.08 else town


def _town(rng: Random, locale: str | None) -> str:
    draw = rng.random()
    if draw < 0.012:
        return pick(rng, unromanised(pick(rng, UNROMANISED)).cities)
    if locale is None and draw < 0.34:
        return pick(rng, _TOWNS)
    if draw < 0.46:
        name = made_up(rng, between(rng, 1, 2)) + pick(rng, _TOWN_ENDS)
        return name if chance(rng, 0.6) else f"{pick(rng, _TOWN_STARTS)} {name}"
    if draw < 0.52:
        return f"{pick(rng, _TOWN_STARTS)} {pick(rng, pool(pick(rng, _LOCALES)).last or _TOWNS)}"
    towns = pool(locale or pick(rng, _LOCALES)).cities or pool("en_US").cities
    return pick(rng, towns)


def place(rng: Random) -> str:
    """Anything that a map names."""
    draw = rng.random()
    if draw < 0.5:
        return city(rng)
    if draw < 0.75:
        return pick(rng, COUNTRIES)
    return pick(rng, _REGIONS) if draw < 0.88 else STATES[pick(rng, _ABBREVIATIONS)]


def street_name(rng: Random, locale: str | None = None) -> str:
    """A street without a number."""
    draw = rng.random()
    if locale is None or locale.startswith("en") or draw < 0.2:
        if draw < 0.1:
            number = f"{between(rng, 1, 240)}{pick(rng, ('th', 'st', 'nd'))}"
            return f"{pick(rng, ('', 'W ', 'E ', 'N. ', 'SW '))}{number} {pick(rng, _KINDS)}"
        stem = pick(rng, _STEMS) if draw < 0.5 else pick(rng, pool(pick(rng, _LOCALES)).last or _STEMS)
        stem = made_up(rng, 2) if draw > 0.93 else stem
        prefix = f"{pick(rng, _PREFIXES)} " if chance(rng, 0.15) else ""
        return f"{prefix}{stem} {pick(rng, _KINDS)}"
    if draw > 0.97:
        return pick(rng, unromanised(pick(rng, UNROMANISED)).streets)
    return pick(rng, pool(locale).streets or ("Rue Haute",))


def unit(rng: Random) -> str:
    """Flat, suite or floor."""
    shape = pick(rng, ("#", "##", "###", "#@", "@", "0##"))
    return f"{pick(rng, _LISTS['units'])} {shaped(rng, shape)}".replace("# ", "#")


def house_number(rng: Random) -> str:
    """The number of a house."""
    draw = rng.random()
    number = digits(rng, between(rng, 1, 5))
    return (
        number if draw < 0.9 else f"{number}{pick(rng, 'ABCab')}" if draw < 0.95 else f"{number}-{between(rng, 1, 99)}"
    )


def address(rng: Random) -> Address:
    """An address of some country."""
    locale = "en_US" if chance(rng, 0.45) else pick(rng, _LOCALES)
    name, number = street_name(rng, locale), house_number(rng)
    american = locale in {"en_US", "en_CA"}
    before = locale.startswith(("en", "fr", "ga")) or chance(rng, 0.15)
    street = f"{number} {name}" if before else f"{name} {number}"
    region = pick(rng, _ABBREVIATIONS) if american and chance(rng, 0.8) else state(rng) if american else ""
    extra = unit(rng) if chance(rng, 0.3) else ""
    country = pick(rng, COUNTRIES) if (not american and chance(rng, 0.5)) or chance(rng, 0.06) else ""
    code = postcode(rng, locale) if not chance(rng, 0.06) else ""
    return Address(street, extra, city(rng, locale), region, code, country)


def street(rng: Random) -> str:
    """A street, mostly with a number, or a corner or box."""
    draw = rng.random()
    if draw < 0.05:
        return box(rng)
    if draw < 0.1:
        return corner(rng)
    if draw < 0.13:
        return street_name(rng)
    parts = address(rng)
    return f"{parts.street}{pick(rng, (', ', ' ', ', '))}{parts.unit}" if parts.unit else parts.street


def corner(rng: Random) -> str:
    """Where two streets meet; the second may carry a number, as forms have it."""
    before = pick(rng, ("corner of ", "the corner of ", "the intersection of ", "", ""))
    second = street_name(rng) if chance(rng, 0.7) else address(rng).street
    return f"{before}{street_name(rng)} {pick(rng, ('and', 'and', '&'))} {second}"


def box(rng: Random) -> str:
    """A box at a post office."""
    return (
        f"P{pick(rng, ('.O.', 'O', '. O.', '.O'))} {pick(rng, ('Box', 'Box', 'BOX'))} {digits(rng, between(rng, 2, 5))}"
    )


def last_line(rng: Random, parts: Address) -> str:
    """Town, state and code in the order of the country, or an odd one."""
    if parts.state:
        comma = pick(rng, (", ", ", ", " ", ","))
        return f"{parts.city}{comma}{parts.state} {parts.postcode}".rstrip()
    draw = rng.random()
    if draw < 0.5:
        return f"{parts.postcode} {parts.city}".lstrip()
    return f"{parts.city}{pick(rng, (', ', ' '))}{parts.postcode}".rstrip(", ")


def lines(rng: Random) -> list[str]:
    """An address as the lines of a block."""
    draw = rng.random()
    if draw < 0.05:
        return [
            f"PSC {digits(rng, 4)}, Box {digits(rng, 4)}",
            f"{pick(rng, ('APO', 'FPO', 'DPO'))} {pick(rng, ('AA', 'AE', 'AP'))} {shaped(rng, '#####')}",
        ]
    if draw < 0.08:
        return [
            f"{pick(rng, ('USS', 'USNS', 'Unit'))} {made_up(rng, 2)}",
            f"FPO {pick(rng, ('AA', 'AE', 'AP'))} {shaped(rng, '#####')}",
        ]
    if draw < 0.12:
        return [corner(rng)]
    parts = address(rng)
    first = f"P.O. Box {digits(rng, 4)}" if chance(rng, 0.06) else parts.street
    found = [first, parts.unit, last_line(rng, parts), parts.country]
    if parts.unit and chance(rng, 0.5):
        found = [f"{first}{pick(rng, (', ', ' '))}{parts.unit}", last_line(rng, parts), parts.country]
    if chance(rng, 0.12):  # forms that a database prints: town and code on lines of their own
        found = [first, parts.unit, parts.city, f"{parts.country or parts.state} {parts.postcode}".strip()]
    if chance(rng, 0.15):
        found = [line.upper() if index else line for index, line in enumerate(found)]
    return [line for line in found if line]


def one_line(rng: Random) -> str:
    """A whole address in one line."""
    return pick(rng, (", ", ", ", ", ", " ", " - ")).join(lines(rng))
