"""Places: towns, states, countries and the addresses of many countries, in one line or several."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tools.ner_corpus.draw import between, chance, digits, pick, shaped
from tools.ner_corpus.people import made_up
from tools.ner_corpus.pools import LOCALES, pool

STATES = dict(
    pair.split(":")
    for pair in (
        "AL:Alabama,AK:Alaska,AZ:Arizona,AR:Arkansas,CA:California,CO:Colorado,CT:Connecticut,DE:Delaware,FL:Florida,"
        "GA:Georgia,HI:Hawaii,ID:Idaho,IL:Illinois,IN:Indiana,IA:Iowa,KS:Kansas,KY:Kentucky,LA:Louisiana,ME:Maine,"
        "MD:Maryland,MA:Massachusetts,MI:Michigan,MN:Minnesota,MS:Mississippi,MO:Missouri,MT:Montana,NE:Nebraska,"
        "NV:Nevada,NH:New Hampshire,NJ:New Jersey,NM:New Mexico,NY:New York,NC:North Carolina,ND:North Dakota,OH:Ohio,"
        "OK:Oklahoma,OR:Oregon,PA:Pennsylvania,RI:Rhode Island,SC:South Carolina,SD:South Dakota,TN:Tennessee,TX:Texas,"
        "UT:Utah,VT:Vermont,VA:Virginia,WA:Washington,WV:West Virginia,WI:Wisconsin,WY:Wyoming,DC:District of Columbia"
    ).split(",")
)
_ABBREVIATIONS = tuple(STATES)
COUNTRIES = (
    "Afghanistan,Albania,Algeria,Argentina,Armenia,Australia,Austria,Bangladesh,Belgium,Bolivia,Bosnia,Brazil,Bulgaria,"
    "Cambodia,Cameroon,Canada,Chile,China,Colombia,Costa Rica,Croatia,Cuba,Cyprus,Czech Republic,Denmark,Dominican "
    "Republic,Ecuador,Egypt,El Salvador,Eritrea,Estonia,Ethiopia,Fiji,Finland,France,Georgia,Germany,Ghana,Greece,"
    "Guatemala,Guyana,Haiti,Honduras,Hungary,Iceland,India,Indonesia,Iran,Iraq,Ireland,Israel,Italy,Jamaica,Japan,Jordan,"
    "Kazakhstan,Kenya,Kosovo,Kuwait,Laos,Latvia,Lebanon,Liberia,Libya,Lithuania,Malaysia,Mali,Malta,Mexico,Moldova,"
    "Mongolia,Morocco,Mozambique,Myanmar,Nepal,Netherlands,the Netherlands,New Zealand,Nicaragua,Nigeria,North Macedonia,"
    "Norway,Oman,Pakistan,Panama,Paraguay,Peru,the Philippines,Philippines,Poland,Portugal,Puerto Rico,Qatar,Romania,Russia,"
    "Rwanda,Saudi Arabia,Senegal,Serbia,Sierra Leone,Singapore,Slovakia,Slovenia,Somalia,South Africa,South Korea,South Sudan,"
    "Spain,Sri Lanka,Sudan,Sweden,Switzerland,Syria,Taiwan,Tanzania,Thailand,Tonga,Trinidad and Tobago,Tunisia,Turkey,"
    "Uganda,Ukraine,United Arab Emirates,UAE,United Kingdom,UK,U.K.,England,Scotland,Wales,Northern Ireland,USA,U.S.,US,"
    "United States,United States of America,Uruguay,Uzbekistan,Venezuela,Vietnam,Yemen,Zambia,Zimbabwe,Greenland,Guam,Samoa,"
    "Brunei Darussalam,Korea,Republic of Ireland,DR Congo,Ivory Coast"
).split(",")
_TOWNS = (
    "London,Paris,Berlin,Madrid,Rome,Chicago,Boston,Houston,Dallas,Phoenix,Seattle,Denver,Atlanta,Miami,Detroit,Cleveland,"
    "Pittsburgh,Baltimore,Memphis,Nashville,Tulsa,Omaha,Tucson,Fresno,Sacramento,San Diego,San Antonio,San Jose,Los Angeles,"
    "New York,New York City,NYC,LA,Brooklyn,Queens,Manhattan,the Bronx,Philadelphia,Portland,Milwaukee,Minneapolis,St. Louis,"
    "St. Paul,Kansas City,Salt Lake City,Las Vegas,Reno,Boise,Spokane,Tacoma,Buffalo,Rochester,Albany,Syracuse,Hartford,"
    "Providence,Worcester,Springfield,Columbus,Cincinnati,Dayton,Toledo,Akron,Lansing,Ann Arbor,Flint,Gary,Madison,Des Moines,"
    "Wichita,Little Rock,Baton Rouge,New Orleans,Mobile,Savannah,Charleston,Raleigh,Durham,Richmond,Norfolk,Toronto,Montreal,"
    "Vancouver,Calgary,Ottawa,Halifax,Dublin,Cork,Galway,Belfast,Glasgow,Edinburgh,Leeds,Manchester,Liverpool,Birmingham,Bristol,"
    "Cardiff,Swansea,Newcastle,Sheffield,Nottingham,Leicester,Oxford,Cambridge,York,Bath,Reading,Sydney,Melbourne,Brisbane,Perth,"
    "Adelaide,Darwin,Auckland,Wellington,Christchurch,Mumbai,Delhi,Chennai,Kolkata,Bangalore,Hyderabad,Lahore,Karachi,Dhaka,"
    "Tokyo,Osaka,Kyoto,Seoul,Beijing,Shanghai,Hong Kong,Bangkok,Manila,Cebu,Jakarta,Hanoi,Saigon,Cairo,Lagos,Nairobi,Accra,"
    "Kampala,Addis Ababa,Cape Town,Johannesburg,Durban,Istanbul,Ankara,Tehran,Baghdad,Basra,Damascus,Aleppo,Beirut,Amman,Kabul,"
    "Mexico City,Tijuana,Bogotá,Medellín,Lima,Quito,Caracas,São Paulo,Rio de Janeiro,Buenos Aires,Santiago,Havana,San Juan,"
    "Vienna,Zurich,Geneva,Munich,Hamburg,Cologne,Amsterdam,Rotterdam,Brussels,Antwerp,Lyon,Marseille,Milan,Naples,Turin,Lisbon,"
    "Porto,Barcelona,Seville,Warsaw,Kraków,Prague,Budapest,Bucharest,Sofia,Belgrade,Zagreb,Athens,Oslo,Bergen,Stockholm,"
    "Copenhagen,Aarhus,Helsinki,Tampere,Riga,Vilnius,Tallinn,Kyiv,Lviv,Odesa,Moscow,Minsk"
).split(",")
_REGIONS = (
    "Punjab,Kerala,Gujarat,Bavaria,Saxony,Tuscany,Sicily,Catalonia,Andalusia,Brittany,Normandy,Flanders,Ontario,Quebec,"
    "British Columbia,Nova Scotia,Alberta,Manitoba,Queensland,New South Wales,Victoria,Tasmania,Yorkshire,Cornwall,Kent,Essex,"
    "Devon,County Clare,Orange County,Cook County,Long Island,Cape Cod,the Midwest,the Bay Area,the Pacific Northwest,Silicon "
    "Valley,upstate New York,Southern California,New England,Lake Tahoe,the Bahamas,Hawaii,the Panhandle,Staten Island,Appalachia,"
    "Harris County,Oaxaca,Jalisco,Michoacán,Bahia,Patagonia,Anatolia,Kurdistan,Crimea,Siberia,Luzon,Mindanao,Java,Bali,Okinawa"
).split(",")
_STEMS = "Oak Maple Cedar Elm Pine Willow Birch Chestnut Main Church Mill Park Lake River Hill Spring Station High Market King Queen Victoria Washington Lincoln Jefferson Franklin Madison Highland Sunset Meadow Forest Ridge Valley Prospect Grove Orchard Harbor Bay Ocean Garden School College Union Liberty Pleasant Walnut Hickory Sycamore Magnolia Dogwood Juniper Laurel Cherry Peach Fox Deer Eagle Hawk Heron Quail Stone Rock Bridge Creek Brook Summit Crescent Center Central Broad Front Water Canal Bayview Lakeshore Fairview Clover Ivy Windsor Essex Bristol Hampton Chelsea Cambridge Oxford".split()
_KINDS = "Street St St. Avenue Ave Ave. Road Rd Rd. Lane Ln Ln. Drive Dr Dr. Court Ct Place Pl Way Terrace Circle Cir Boulevard Blvd Blvd. Parkway Pkwy Trail Loop Square Sq Crescent Close Highway Hwy Row Gardens Grove Mews Alley Walk Pike Turnpike Crossing Run Path".split()
_PREFIXES = (
    "North",
    "South",
    "East",
    "West",
    "N",
    "S",
    "E",
    "W",
    "N.",
    "S.",
    "NW",
    "SE",
    "Old",
    "New",
    "Upper",
    "Lower",
)
_TOWN_ENDS = (
    "ville ton field burg ford port mouth bury ham wick dale wood land stead view haven minster worth by thorpe".split()
)
_TOWN_STARTS = (
    "Port",
    "Lake",
    "New",
    "East",
    "West",
    "North",
    "South",
    "St.",
    "Fort",
    "Mount",
    "Upper",
    "Great",
    "San",
    "Santa",
    "El",
    "Bad",
    "Saint",
    "Kirk",
    "Los",
    "Villa",
    "Little",
    "Nova",
    "Glen",
)
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
    if draw < 0.62:
        return shaped(rng, "#####-####")
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
            return f"{pick(rng, ('', 'W ', 'E ', 'N. ', 'SW '))}{between(rng, 1, 240)}{pick(rng, ('th', 'st', 'nd'))} {pick(rng, _KINDS)}"
        stem = pick(rng, _STEMS) if draw < 0.5 else pick(rng, pool(pick(rng, _LOCALES)).last or _STEMS)
        stem = made_up(rng, 2) if draw > 0.93 else stem
        prefix = f"{pick(rng, _PREFIXES)} " if chance(rng, 0.15) else ""
        return f"{prefix}{stem} {pick(rng, _KINDS)}"
    return pick(rng, pool(locale).streets or ("Rue Haute",))


def unit(rng: Random) -> str:
    """Flat, suite or floor."""
    number = pick(
        rng,
        (
            str(between(rng, 1, 40)),
            str(between(rng, 100, 999)),
            shaped(rng, "#@"),
            shaped(rng, "@"),
            f"{between(rng, 0, 999):03}",
        ),
    )
    return f"{pick(rng, ('Apt.', 'Apt', 'Apartment', 'Suite', 'Ste', 'Unit', 'Flat', '#', 'Apt #', 'Room', 'Floor', 'Bldg'))} {number}".replace(
        "# ", "#"
    )


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
        return f"P{pick(rng, ('.O.', 'O', '. O.'))} Box {digits(rng, between(rng, 2, 5))}"
    if draw < 0.1:
        return f"{pick(rng, ('corner of ', 'the corner of ', 'the intersection of ', ''))}{street_name(rng)} {pick(rng, ('and', '&'))} {street_name(rng)}"
    if draw < 0.13:
        return street_name(rng)
    parts = address(rng)
    return f"{parts.street}{pick(rng, (', ', ' ', ', '))}{parts.unit}" if parts.unit else parts.street


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
