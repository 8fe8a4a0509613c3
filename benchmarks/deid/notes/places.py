"""Made-up towns, streets, hospitals and organisations; states, area codes and postcode areas are real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from benchmarks.deid.notes.people import COMMUNITIES, NICKNAMES, Community, community

State = tuple[str, str, str, tuple[str, ...]]
US, UK = "us ", "uk "  # what the names of lists of one country begin with


def listed(text: str) -> tuple[str, ...]:
    """The names of a list."""
    return tuple(text.split(";"))


# Abbreviation, name, first digits of its ZIP codes, area codes.
STATES: tuple[State, ...] = (
    ("OH", "Ohio", "44", ("216", "419", "330")),
    ("PA", "Pennsylvania", "17", ("717", "570", "412")),
    ("NY", "New York", "13", ("315", "518", "716")),
    ("MA", "Massachusetts", "01", ("413", "508", "617")),
    ("ME", "Maine", "04", ("207",)),
    ("GA", "Georgia", "31", ("478", "912", "404")),
    ("FL", "Florida", "33", ("305", "561", "813")),
    ("NC", "North Carolina", "27", ("336", "919", "704")),
    ("TN", "Tennessee", "37", ("423", "615", "865")),
    ("TX", "Texas", "78", ("210", "512", "956")),
    ("LA", "Louisiana", "70", ("504", "985", "337")),
    ("MI", "Michigan", "49", ("231", "616", "313")),
    ("MN", "Minnesota", "55", ("218", "612", "507")),
    ("WI", "Wisconsin", "54", ("715", "920", "414")),
    ("IL", "Illinois", "61", ("309", "815", "773")),
    ("MO", "Missouri", "65", ("573", "660", "417")),
    ("CO", "Colorado", "80", ("303", "719", "970")),
    ("NM", "New Mexico", "87", ("505", "575")),
    ("AZ", "Arizona", "85", ("480", "520", "928")),
    ("CA", "California", "93", ("559", "661", "805")),
    ("OR", "Oregon", "97", ("503", "541")),
    ("WA", "Washington", "98", ("206", "253", "360")),
    ("MT", "Montana", "59", ("406",)),
    ("HI", "Hawaii", "96", ("808",)),
)

_US_TOWNS = listed(
    "Larkmoor;Dunmore Falls;Tallow Creek;Pine Hollow;East Verity;Marrow Bay;Cinder Springs;Old Fennimore;Harlow;"
    "Quarry Heights;Saltbrook;North Ambry;Corliss;Willet's Crossing;Kettle Harbor;Mount Ashby;Ferris Grove;Bramwell;"
    "Sandusk Point;Copper Bend;Ellery;West Tamarack;Osprey Landing;Three Elms;Juniper Flats;Brackett;Lake Orrin;"
    "Vashti;Cedar Notch;Port Lanyon;Millrace;Santa Ynelda;Rio Blanquillo;Las Encinas;El Cerrillo;Hollis Ferry;"
    "Granby Mills;Thorn Valley;Redbud;Shady Ford;Crane's Mill;Tuckahaw;Bayou Verret;Pointe Cormier;Kalihuna;Wapasho"
)
_UK_TOWNS = listed(
    "Wexcombe;Little Harding;Thornaby-le-Moor;Ashcott Bridge;Penwarren;Llanfedw;Glenshiel;Kirkby Fold;Ballinakill;"
    "Carrigmore;Saltwick;Upper Denby;Marsh Tolland;Strathorne;Holmebeck;Burnt Oak End;Eastleach;Craigneuk;Porthvean;"
    "Rathkeale Cross;Fenny Barrow;Great Oulton"
)
_STREET_NAMES = listed(
    "Larkspur;Old Mill;Sycamore;Chestnut Ridge;Winding Creek;Jefferson;Harmon;Blackthorn;Meadowlark;Saint Clair;Depot;"
    "Foundry;Cottonwood;Bayberry;Quail Run;Tamarack;Juniper;Fourth;E 9th;N Lincoln;SW 14th;Orchard Hill;Pinecrest;"
    "Calle Ocotillo;Magnolia;Roosevelt;MLK Jr;Garfield;Stonegate;Heron;Schoolhouse;Wharf;Ridgeline;Dogwood;Union"
)
_US_STREET_KINDS = listed("St;Street;Ave;Avenue;Rd;Road;Ln;Lane;Ct;Dr;Blvd;Way;Terrace;Pl;Pike;Cir")
_US_UNITS = ("", "", "", "", " Apt 3B", ", Apt. 12", " #204", ", Unit 7", " Lot 18", " Apt C", ", 2nd Fl")
_UK_STREETS = listed(
    "Harrow Lane;Mill Brow;Station Road;Church Street;The Crescent;Priory Gardens;Weavers Row;Canal Side;Orchard Close;"
    "Bishop's Walk;Tannery Court;Hawthorn Avenue;Queen's Parade;Lower Dock Street;Abbey Mews;Moorfield Terrace"
)
_UK_HOUSES = ("", "", "", "Flat 2, ", "Flat 14B, ", "The Old Forge, ", "Rose Cottage, ")
_UK_POSTCODE_AREAS = listed("LS;BD;HX;TR;EX;CF;SA;EH;KY;PA;NR;IP;DE;WF;BT")
_COUNTRIES = listed(
    "Poland;Eritrea;Guatemala;Vietnam;the Philippines;Nigeria;El Salvador;Portugal;Bangladesh;Haiti;Lebanon;Ukraine;"
    "Ecuador;Ghana;Jamaica;Laos;Samoa;Greece;South Korea;Somalia"
)

_US_HOSPITALS = listed(
    "{town} General Hospital;{town} Regional Medical Center;{saint} Medical Center;{name} Memorial Hospital;"
    "{saint} Hospital;{river} Valley Medical Center;{town} Community Hospital;Mercy {river} Hospital;"
    "University Hospital at {town};{name} Children's Hospital;{river} Rehabilitation Institute;{town} Medical Center"
)
_UK_HOSPITALS = listed(
    "{town} Royal Infirmary;{saint} Hospital;{town} District General Hospital;{name} Cottage Hospital;"
    "Royal {town} Hospital;University Hospital of {town}"
)
_US_CLINICS = listed(
    "{river} Family Medicine;{town} Heart Associates;{saint} Primary Care;{river} Orthopedics and Sports Medicine;"
    "{town} Dialysis Center;{name} Eye Clinic;{town} Neurology Group;{river} Pain & Spine;{town} Health Center;"
    "{name} Dermatology;Women's Health of {town};{river} Oncology Partners;{river} Skilled Nursing & Rehab;"
    "{saint} Manor Nursing Home;{town} Wound Care Center"
)
_UK_CLINICS = listed(
    "{river} Surgery;{town} Health Centre;{name} House Medical Practice;{town} Walk-in Centre;{river} Medical Centre;"
    "{town} Family Practice;The {river} Practice;{saint} Road Surgery"
)
_SAINTS = listed(
    "St. Brannoc's;St Columba's;Saint Odile;Our Lady of the Harbor;St. Dymphna;Holy Cross;St Ninian's;Sacred Heart;"
    "St. Gerard;Good Shepherd;St. Casimir's;Santa Rosalia"
)
_RIVERS = listed(
    "Cedar Hollow;Bluestem;Lake Orrin;Otter Creek;Three Rivers;Granite Peak;Tidewater;Harborview;Sagebrush;Stillwater;"
    "Foxglove;Amber Ridge;Silver Birch;Northgate;Whitethorn;Prairie View"
)
_WARDS = listed(
    "Ward 7B;Larch Ward;5 North;4 West;Tower 6 East;Unit 3C;Ward 12;Rowan Ward;2 South;Magnolia Unit;Kestrel Ward;"
    "Pavilion 9;8 Tower;Maple Wing"
)
_EMPLOYERS = listed(
    "{river} Foods;{name} & Sons Roofing;{town} Unified School District;{river} Logistics;{name} Tool and Die;"
    "{town} Water Authority;{name} Brothers Freight;{river} Poultry Processing;Kettleman Paper Company;{name} Bakery;"
    "{town} Transit Authority;Brightwater Software;Ironwood Steel;{name}, {name} & {name} LLP;Halcyon Call Centers;"
    "{river} Nursery and Landscaping;{town} Fire Department;Tri-County Electric Cooperative"
)
_INSURERS = listed(
    "Meridian Mutual;Keystone Plains Health Plan;Harbor Shield;Summit Prairie Insurance;BlueHeron Health;"
    "Northern Lakes Assurance;Cardinal Select HMO;TrueNorth Benefits;Evergreen Workers' Compensation Fund;"
    "Atlas Casualty;Pinnacle Crest PPO;Commonwealth Care Advantage"
)
_SCHOOLS = listed(
    "{town} Elementary School;{river} Middle School;{town} High School;{saint} Academy;{name} Primary School;"
    "{town} Community College;{river} Montessori;{river} Preparatory"
)
_BANKS = listed(
    "First {town} Bank;{river} Credit Union;{name} Savings & Loan;{town} Building Society;Farmers & Drovers Bank;"
    "Halyard Bank;{river} Federal Savings;Cormorant Trust Company;Northmoor Bank plc"
)
_CHURCHES = listed(
    "{saint} Church;{town} Baptist Church;Mount Pisgah AME;{saint} Parish;Temple Beth Tikvah;{town} Islamic Center;"
    "Iglesia Roca Eterna;Grace Lutheran of {town};{town} Gurdwara;New Canaan Tabernacle"
)
_PHARMACIES = listed("{town} Pharmacy;{river} Drug;{name}'s Pharmacy;Corner Apothecary of {town};ValuMed {town}")


@dataclass(frozen=True, slots=True)
class Values:
    """Where a set of notes takes its names from; ``named`` has the patterns of facilities and organisations."""

    communities: tuple[Community, ...]
    nicknames: tuple[str, ...]
    states: tuple[State, ...]
    towns: Mapping[str, tuple[str, ...]]
    countries: tuple[str, ...]
    street_names: tuple[str, ...]
    us_units: tuple[str, ...]
    uk_streets: tuple[str, ...]
    uk_houses: tuple[str, ...]
    uk_postcode_areas: tuple[str, ...]
    uk_area_codes: tuple[str, ...]
    saints: tuple[str, ...]
    rivers: tuple[str, ...]
    wards: tuple[str, ...]
    named: Mapping[str, tuple[str, ...]]
    home_hosts: tuple[str, ...]


FIRST = Values(
    communities=COMMUNITIES,
    nicknames=NICKNAMES,
    states=STATES,
    towns={US: _US_TOWNS, UK: _UK_TOWNS},
    countries=_COUNTRIES,
    street_names=_STREET_NAMES,
    us_units=_US_UNITS,
    uk_streets=_UK_STREETS,
    uk_houses=_UK_HOUSES,
    uk_postcode_areas=_UK_POSTCODE_AREAS,
    uk_area_codes=("0113 496", "0161 496", "01632 960", "020 7946"),
    saints=_SAINTS,
    rivers=_RIVERS,
    wards=_WARDS,
    named={
        US + "hosp": _US_HOSPITALS,
        UK + "hosp": _UK_HOSPITALS,
        US + "clinic": _US_CLINICS,
        UK + "clinic": _UK_CLINICS,
        "employer": _EMPLOYERS,
        "insurer": _INSURERS,
        "school": _SCHOOLS,
        "bank": _BANKS,
        "church": _CHURCHES,
        "pharmacy": _PHARMACIES,
    },
    home_hosts=(
        "homelink-mail.com",
        "lanternpost.net",
        "quickbrookmail.com",
        "tidewaterisp.net",
        "fennelmail.co.uk",
    ),
)


@dataclass(frozen=True, slots=True)
class Region:
    """Where a note plays: its state (or none), postcodes and area codes agree with each other."""

    values: Values
    uk: bool
    state: str
    state_name: str
    zip_prefix: str
    area_codes: tuple[str, ...]

    def town(self, random: Random) -> str:
        """A town of the region's country."""
        return random.choice(self.values.towns[UK if self.uk else US])

    def street(self, random: Random) -> str:
        """House number, street and flat, without the town."""
        if self.uk:
            house = f"{random.choice(self.values.uk_houses)}{random.randint(1, 180)}"
            return f"{house} {random.choice(self.values.uk_streets)}"
        if random.random() < 0.07:
            return random.choice(("PO Box {}", "P.O. Box {}", "RR 2 Box {}")).format(random.randint(10, 2400))
        number = random.randint(3, 9900)
        name, kind = random.choice(self.values.street_names), random.choice(_US_STREET_KINDS)
        return f"{number} {name} {kind}{random.choice(self.values.us_units)}"

    def postcode(self, random: Random) -> str:
        """A ZIP code, sometimes with its four further digits, or a British postcode."""
        if self.uk:
            letters = "".join(random.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
            return f"{self.zip_prefix}{random.randint(1, 28)} {random.randint(1, 9)}{letters}"
        code = f"{self.zip_prefix}{random.randint(1, 999):03}"
        return f"{code}-{random.randint(1, 9999):04}" if random.random() < 0.15 else code

    def named(self, kind: str, random: Random) -> str:
        """A hospital, clinic, employer, insurer, school, bank, church or pharmacy."""
        values = self.values
        text = random.choice(values.named.get(kind) or values.named[(UK if self.uk else US) + kind])
        while "{" in text:  # one field at a time, so that two partners of a firm have two names
            text = text.replace("{town}", self.town(random), 1)
            text = text.replace("{saint}", random.choice(values.saints), 1)
            text = text.replace("{river}", random.choice(values.rivers), 1)
            text = text.replace("{name}", random.choice(community(random, values.communities).surnames), 1)
        return text


def region(random: Random, uk: bool, values: Values = FIRST) -> Region:
    """A state of the United States, or a postcode area of the United Kingdom."""
    if uk:
        return Region(values, True, "", "", random.choice(values.uk_postcode_areas), values.uk_area_codes)
    state, name, prefix, codes = random.choice(values.states)
    return Region(values, False, state, name, prefix, codes)


def ward(random: Random, values: Values = FIRST) -> str:
    """A ward's or unit's name."""
    return random.choice(values.wards)


def country(random: Random, values: Values = FIRST) -> str:
    """A country where somebody lived before."""
    return random.choice(values.countries)
