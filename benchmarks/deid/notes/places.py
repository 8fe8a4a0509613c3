"""Made-up towns, streets, hospitals and organisations; states, area codes and postcode areas are real ones."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from benchmarks.deid.notes.people import community


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(";"))


# Abbreviation, name, first digits of its ZIP codes, area codes.
STATES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
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

_US_TOWNS = _list(
    "Larkmoor;Dunmore Falls;Tallow Creek;Pine Hollow;East Verity;Marrow Bay;Cinder Springs;Old Fennimore;Harlow;"
    "Quarry Heights;Saltbrook;North Ambry;Corliss;Willet's Crossing;Kettle Harbor;Mount Ashby;Ferris Grove;Bramwell;"
    "Sandusk Point;Copper Bend;Ellery;West Tamarack;Osprey Landing;Three Elms;Juniper Flats;Brackett;Lake Orrin;"
    "Vashti;Cedar Notch;Port Lanyon;Millrace;Santa Ynelda;Rio Blanquillo;Las Encinas;El Cerrillo;Hollis Ferry;"
    "Granby Mills;Thorn Valley;Redbud;Shady Ford;Crane's Mill;Tuckahaw;Bayou Verret;Pointe Cormier;Kalihuna;Wapasho"
)
_UK_TOWNS = _list(
    "Wexcombe;Little Harding;Thornaby-le-Moor;Ashcott Bridge;Penwarren;Llanfedw;Glenshiel;Kirkby Fold;Ballinakill;"
    "Carrigmore;Saltwick;Upper Denby;Marsh Tolland;Strathorne;Holmebeck;Burnt Oak End;Eastleach;Craigneuk;Porthvean;"
    "Rathkeale Cross;Fenny Barrow;Great Oulton"
)
_STREET_NAMES = _list(
    "Larkspur;Old Mill;Sycamore;Chestnut Ridge;Winding Creek;Jefferson;Harmon;Blackthorn;Meadowlark;Saint Clair;Depot;"
    "Foundry;Cottonwood;Bayberry;Quail Run;Tamarack;Juniper;Fourth;E 9th;N Lincoln;SW 14th;Orchard Hill;Pinecrest;"
    "Calle Ocotillo;Magnolia;Roosevelt;MLK Jr;Garfield;Stonegate;Heron;Schoolhouse;Wharf;Ridgeline;Dogwood;Union"
)
_US_STREET_KINDS = _list("St;Street;Ave;Avenue;Rd;Road;Ln;Lane;Ct;Dr;Blvd;Way;Terrace;Pl;Pike;Cir")
_US_UNITS = ("", "", "", "", " Apt 3B", ", Apt. 12", " #204", ", Unit 7", " Lot 18", " Apt C", ", 2nd Fl")
_UK_STREETS = _list(
    "Harrow Lane;Mill Brow;Station Road;Church Street;The Crescent;Priory Gardens;Weavers Row;Canal Side;Orchard Close;"
    "Bishop's Walk;Tannery Court;Hawthorn Avenue;Queen's Parade;Lower Dock Street;Abbey Mews;Moorfield Terrace"
)
_UK_HOUSES = ("", "", "", "Flat 2, ", "Flat 14B, ", "The Old Forge, ", "Rose Cottage, ")
_UK_POSTCODE_AREAS = _list("LS;BD;HX;TR;EX;CF;SA;EH;KY;PA;NR;IP;DE;WF;BT")
_COUNTRIES = _list(
    "Poland;Eritrea;Guatemala;Vietnam;the Philippines;Nigeria;El Salvador;Portugal;Bangladesh;Haiti;Lebanon;Ukraine;"
    "Ecuador;Ghana;Jamaica;Laos;Samoa;Greece;South Korea;Somalia"
)

_US_HOSPITALS = _list(
    "{town} General Hospital;{town} Regional Medical Center;{saint} Medical Center;{name} Memorial Hospital;"
    "{saint} Hospital;{river} Valley Medical Center;{town} Community Hospital;Mercy {river} Hospital;"
    "University Hospital at {town};{name} Children's Hospital;{river} Rehabilitation Institute;{town} Medical Center"
)
_UK_HOSPITALS = _list(
    "{town} Royal Infirmary;{saint} Hospital;{town} District General Hospital;{name} Cottage Hospital;"
    "Royal {town} Hospital;University Hospital of {town}"
)
_US_CLINICS = _list(
    "{river} Family Medicine;{town} Heart Associates;{saint} Primary Care;{river} Orthopedics and Sports Medicine;"
    "{town} Dialysis Center;{name} Eye Clinic;{town} Neurology Group;{river} Pain & Spine;{town} Health Center;"
    "{name} Dermatology;Women's Health of {town};{river} Oncology Partners;{river} Skilled Nursing & Rehab;"
    "{saint} Manor Nursing Home;{town} Wound Care Center"
)
_UK_CLINICS = _list(
    "{river} Surgery;{town} Health Centre;{name} House Medical Practice;{town} Walk-in Centre;{river} Medical Centre;"
    "{town} Family Practice;The {river} Practice;{saint} Road Surgery"
)
_SAINTS = _list(
    "St. Brannoc's;St Columba's;Saint Odile;Our Lady of the Harbor;St. Dymphna;Holy Cross;St Ninian's;Sacred Heart;"
    "St. Gerard;Good Shepherd;St. Casimir's;Santa Rosalia"
)
_RIVERS = _list(
    "Cedar Hollow;Bluestem;Lake Orrin;Otter Creek;Three Rivers;Granite Peak;Tidewater;Harborview;Sagebrush;Stillwater;"
    "Foxglove;Amber Ridge;Silver Birch;Northgate;Whitethorn;Prairie View"
)
_WARDS = _list(
    "Ward 7B;Larch Ward;5 North;4 West;Tower 6 East;Unit 3C;Ward 12;Rowan Ward;2 South;Magnolia Unit;Kestrel Ward;"
    "Pavilion 9;8 Tower;Maple Wing"
)
_EMPLOYERS = _list(
    "{river} Foods;{name} & Sons Roofing;{town} Unified School District;{river} Logistics;{name} Tool and Die;"
    "{town} Water Authority;{name} Brothers Freight;{river} Poultry Processing;Kettleman Paper Company;{name} Bakery;"
    "{town} Transit Authority;Brightwater Software;Ironwood Steel;{name}, {name} & {name} LLP;Halcyon Call Centers;"
    "{river} Nursery and Landscaping;{town} Fire Department;Tri-County Electric Cooperative"
)
_INSURERS = _list(
    "Meridian Mutual;Keystone Plains Health Plan;Harbor Shield;Summit Prairie Insurance;BlueHeron Health;"
    "Northern Lakes Assurance;Cardinal Select HMO;TrueNorth Benefits;Evergreen Workers' Compensation Fund;"
    "Atlas Casualty;Pinnacle Crest PPO;Commonwealth Care Advantage"
)
_SCHOOLS = _list(
    "{town} Elementary School;{river} Middle School;{town} High School;{saint} Academy;{name} Primary School;"
    "{town} Community College;{river} Montessori;{river} Preparatory"
)
_BANKS = _list(
    "First {town} Bank;{river} Credit Union;{name} Savings & Loan;{town} Building Society;Farmers & Drovers Bank;"
    "Halyard Bank;{river} Federal Savings;Cormorant Trust Company;Northmoor Bank plc"
)
_CHURCHES = _list(
    "{saint} Church;{town} Baptist Church;Mount Pisgah AME;{saint} Parish;Temple Beth Tikvah;{town} Islamic Center;"
    "Iglesia Roca Eterna;Grace Lutheran of {town};{town} Gurdwara;New Canaan Tabernacle"
)
_PHARMACIES = _list("{town} Pharmacy;{river} Drug;{name}'s Pharmacy;Corner Apothecary of {town};ValuMed {town}")

_US_PATTERNS = {"hosp": _US_HOSPITALS, "clinic": _US_CLINICS}
_UK_PATTERNS = {"hosp": _UK_HOSPITALS, "clinic": _UK_CLINICS}
_PATTERNS = {
    "employer": _EMPLOYERS,
    "insurer": _INSURERS,
    "school": _SCHOOLS,
    "bank": _BANKS,
    "church": _CHURCHES,
    "pharmacy": _PHARMACIES,
}


@dataclass(frozen=True, slots=True)
class Region:
    """Where a note plays: its state (or none), postcodes and area codes agree with each other."""

    uk: bool
    state: str
    state_name: str
    zip_prefix: str
    area_codes: tuple[str, ...]

    def town(self, random: Random) -> str:
        """A town of the region's country."""
        return random.choice(_UK_TOWNS if self.uk else _US_TOWNS)

    def street(self, random: Random) -> str:
        """House number, street and flat, without the town."""
        if self.uk:
            return f"{random.choice(_UK_HOUSES)}{random.randint(1, 180)} {random.choice(_UK_STREETS)}"
        if random.random() < 0.07:
            return random.choice(("PO Box {}", "P.O. Box {}", "RR 2 Box {}")).format(random.randint(10, 2400))
        number = random.randint(3, 9900)
        name, kind = random.choice(_STREET_NAMES), random.choice(_US_STREET_KINDS)
        return f"{number} {name} {kind}{random.choice(_US_UNITS)}"

    def postcode(self, random: Random) -> str:
        """A ZIP code, sometimes with its four further digits, or a British postcode."""
        if self.uk:
            letters = "".join(random.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
            return f"{self.zip_prefix}{random.randint(1, 28)} {random.randint(1, 9)}{letters}"
        code = f"{self.zip_prefix}{random.randint(1, 999):03}"
        return f"{code}-{random.randint(1, 9999):04}" if random.random() < 0.15 else code

    def named(self, kind: str, random: Random) -> str:
        """A hospital, clinic, employer, insurer, school, bank, church or pharmacy."""
        patterns = _PATTERNS.get(kind) or (_UK_PATTERNS if self.uk else _US_PATTERNS)[kind]
        text = random.choice(patterns)
        while "{" in text:  # one field at a time, so that two partners of a firm have two names
            text = text.replace("{town}", self.town(random), 1)
            text = text.replace("{saint}", random.choice(_SAINTS), 1).replace("{river}", random.choice(_RIVERS), 1)
            text = text.replace("{name}", random.choice(community(random).surnames), 1)
        return text


def region(random: Random, uk: bool) -> Region:
    """A state of the United States, or a postcode area of the United Kingdom."""
    if uk:
        return Region(
            True, "", "", random.choice(_UK_POSTCODE_AREAS), ("0113 496", "0161 496", "01632 960", "020 7946")
        )
    state, name, prefix, codes = random.choice(STATES)
    return Region(False, state, name, prefix, codes)


def ward(random: Random) -> str:
    """A ward's or unit's name."""
    return random.choice(_WARDS)


def country(random: Random) -> str:
    """A country where somebody lived before."""
    return random.choice(_COUNTRIES)
