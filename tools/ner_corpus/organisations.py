"""Organisations: hospitals, wards, banks, employers, schools, agencies, bands."""

from __future__ import annotations

from random import Random

from tools.ner_corpus.draw import LETTERS, between, chance, pick
from tools.ner_corpus.people import made_up
from tools.ner_corpus.places import STATES, city
from tools.ner_corpus.pools import LOCALES, pool

_LOCALES = tuple(locale for locale, weight in LOCALES.items() for _ in range(weight))
_STATES = tuple(STATES.values())
_SAINTS = "Mary Luke Joseph Jude Vincent Anthony Elizabeth Thomas Mark Francis John Anne Michael James Peter Catherine Barnabas Raphael Camillus Bridget".split()
_HOSPITALS = (
    "{place} General Hospital", "{place} Medical Center", "{place} Regional Medical Center", "{place} Memorial Hospital",
    "{place} Community Hospital", "{name} Memorial Hospital", "{name} Clinic", "St. {saint}'s Hospital", "St {saint}'s",
    "Saint {saint} Medical Center", "St. {saint} Hospital", "University Hospital of {place}", "{place} University Hospital",
    "{place} County Hospital", "{name} Children's Hospital", "{place} VA Medical Center", "{name} Cancer Institute",
    "{place} Health", "{name} Health System", "{place} Infirmary", "Royal {place} Hospital", "{place} District Hospital",
    "{place} General", "{name} Rehabilitation Center", "{name} Nursing Home", "{tree} Manor", "{tree} Grove Assisted Living",
    "Our Lady of {virtue} Hospital", "{virtue} Hospital", "{tree} Ridge Hospice", "{name} & {name} Dental", "{place} Eye Associates",
    "{place} Family Practice", "{name} Surgery", "{tree} Street Surgery", "{place} Dialysis Center", "{place} Urgent Care",
    "{tree} Valley Medical Group", "{place} Orthopedic Associates", "Mount {name} Hospital", "{place} Behavioral Health",
    "{letters} Medical Center", "Hôpital {name}", "Klinikum {place}", "Hospital {place}", "{name} Skilled Nursing Facility",
    "{place} Pediatrics", "{virtue} Hospice of {place}", "{place} Imaging", "{place} NHS Trust", "{place} Diagnostics",
)  # fmt: skip
_WARDS = (
    "Ward {n}", "Ward {n}{l}", "{n} West", "{n} East", "{n} North", "{n} South Tower", "{tree} Ward", "{tree} Unit", "Unit {n}{l}",
    "the {name} Ward", "{name} Pavilion", "Tower {n}", "{virtue} Ward", "{name} Wing", "{tree} Suite", "Pod {l}", "Floor {n} {l} wing",
    "{name} Building", "{tree} House", "Clinic {n}{l}",
)  # fmt: skip
_COMPANIES = (
    "{name} Inc.", "{name} Inc", "{name} LLC", "{name} Ltd", "{name} & Sons", "{name} and {name}", "{name}, {name} and {name}",
    "{name}-{name}", "{name} Group", "{name} PLC", "{name} Corp.", "{name} Holdings", "{made}", "{made}", "{made} Technologies",
    "{made} Systems", "{made} Labs", "{made}{made2}", "{place} Plumbing", "{name} Construction", "{name} Trucking", "{name} Logistics",
    "{tree} Partners", "{tree}stone Capital", "{name} GmbH", "{name} AG", "{name} S.A.", "{name} S.p.A.", "{name} Oy", "{made} AB",
    "{made}.io", "{made}.com", "{letters}", "{letters} International", "{letters} Group", "{name} Bros.", "{name}'s Diner", "{made} Foods",
    "{place} Steel", "{place} Transit", "{place} Power & Light", "{made} Analytics", "{name} Consulting", "Open{made}", "{made}ify",
    "{word}ly", "{word}{word2}", "{word} {word2}", "{word} {word2} Inc.", "{virtue} Foods", "{word}works", "The {word} Company",
    "{place} {word}", "{name} Motors", "{name} Realty", "{word} Media", "{word} Networks", "{tree} Street Bakery", "{name} Law Group",
    "{name}, {name} & {name} LLP", "{word} Energy", "{place} Fire Department", "{made} Airlines", "{word} Mobile", "{name} Electric",
)  # fmt: skip
_BANKS = (
    "{place} Savings Bank", "Bank of {place}", "First {place} Bank", "First National Bank of {place}", "{name} Bank", "{place} Credit Union",
    "{name} & Co.", "{word} Bank", "{made} Bank", "{place} Building Society", "Banco {place}", "{tree} Federal Credit Union", "{letters} Bank",
    "{name} Trust", "{word} Financial", "{place} Mutual", "Crédit {place}", "Sparkasse {place}", "{made}Pay", "{word} Card Services", "{word} Mortgage",
    "{name} Lending", "{made} Loan Servicing", "National Bank of {place}", "{name} Brothers Bank", "{virtue} Bank",
)  # fmt: skip
_KNOWN_BANKS = "Wells Fargo,Chase,JPMorgan Chase,Citibank,Bank of America,Capital One,HSBC,Barclays,Santander,TD Bank,PNC,U.S. Bank,Discover,American Express,Equifax,Experian,TransUnion,PayPal,Navient,Ally,Lloyds,NatWest,Deutsche Bank,BNP Paribas,Revolut,Monzo,Zelle,Venmo,Western Union,Fidelity,Vanguard,Schwab,USAA,Synchrony,Goldman Sachs,Morgan Stanley,UBS,ING,Nationwide,Halifax".split(
    ","
)
_KNOWN = "Google,Amazon,Apple,Microsoft,Facebook,IBM,Walmart,Target,Costco,Home Depot,UPS,FedEx,Boeing,Ford,Toyota,General Motors,Intel,Netflix,Uber,Starbucks,McDonald's,Verizon,AT&T,Comcast,Tesco,Sainsbury's,Siemens,Bosch,Nokia,Samsung,Sony,Nestlé,Shell,BP,Exxon,Pfizer,Merck,Disney,NASA,the BBC,CNN,Fox News,The New York Times,Reuters,Exxon Mobil,Lowe's,Kroger,Safeway,Marriott,Delta,United Airlines,Ryanair,Airbnb,eBay,Spotify,Twitter,Tesla".split(
    ","
)
_AGENCIES = "FBI,the FBI,IRS,DMV,Social Security Administration,Department of Veterans Affairs,the VA,NHS,Medicare,Medicaid,FDA,CDC,WHO,CFPB,Federal Trade Commission,FTC,SEC,HMRC,DVLA,Home Office,Red Cross,Salvation Army,UNICEF,United Nations,European Union,Interpol,Child Protective Services,USPS,Better Business Bureau,Army,US Navy,Coast Guard,Congress,the Senate,Parliament,Supreme Court,NATO,Amnesty International,YMCA,Alcoholics Anonymous,Meals on Wheels,Department of Justice,OSHA,Homeland Security".split(
    ","
)
_LOCAL_AGENCIES = (
    "{place} Police Department",
    "{place} County Sheriff's Office",
    "{place} City Council",
    "{state} Department of Health",
    "{place} Fire Department",
    "State of {state}",
    "{state} DMV",
    "{place} Housing Authority",
    "{place} Library",
    "{place} Chamber of Commerce",
    "{place} EMS",
)
_SCHOOLS = (
    "{place} High School",
    "{name} Elementary",
    "{name} Middle School",
    "{place} Academy",
    "St. {saint}'s School",
    "{tree} Hill School",
    "{name} Preschool",
    "{place} Community College",
    "{name} Primary School",
    "{virtue} Christian School",
    "{place} Grammar School",
    "{tree} Grove Elementary School",
)
_UNIVERSITIES = (
    "University of {place}",
    "{place} University",
    "{state} State University",
    "{name} College",
    "{name} University",
    "{place} Institute of Technology",
    "Technical University of {place}",
    "Universidad de {place}",
    "{place} School of Medicine",
    "{state} State",
    "{name} Law School",
    "Université de {place}",
)
_INSURERS = (
    "Blue Cross Blue Shield",
    "Blue Cross Blue Shield of {state}",
    "Aetna",
    "Cigna",
    "UnitedHealthcare",
    "Humana",
    "Kaiser Permanente",
    "Anthem",
    "{name} Mutual",
    "{made} Health Plan",
    "{state} Farm Bureau",
    "{word} Insurance",
    "{place} Life",
    "Allianz",
    "AXA",
    "Geico",
    "Progressive",
    "State Farm",
    "Allstate",
    "{name} Assurance",
    "{virtue} Health",
    "{tree} Health Plans",
    "Tricare",
    "Molina",
    "{word} Benefit Administrators",
    "{letters} Insurance",
    "{place} Casualty",
)
_PHARMACIES = (
    "CVS",
    "Walgreens",
    "Rite Aid",
    "Walmart Pharmacy",
    "Boots",
    "{name} Pharmacy",
    "{place} Pharmacy",
    "{name}'s Drugs",
    "{tree} Street Pharmacy",
    "{word} Apothecary",
    "{name} Chemist",
    "CVS {place}",
    "Walgreens on {name} Ave",
)
_BANDS = (
    "The {word}s",
    "The {name}s",
    "{word} {word2}",
    "{place} Symphony Orchestra",
    "{place} Philharmonic",
    "{name} Quartet",
    "{place} United",
    "{place} City FC",
    "{place} {word}s",
    "{name} Records",
    "{name} Films",
    "{word} Studios",
    "{name} Foundation",
    "{place} Museum of Art",
    "{virtue} Lutheran Church",
    "St. {saint} Parish",
    "{name} Theatre",
    "{place} Opera",
    "Institute of {word} Studies",
    "Save the {word}s",
    "{letters} Party",
    "{word} Records",
)
_TREES = "Oak Maple Cedar Elm Pine Willow Birch Chestnut Magnolia Aspen Sycamore Laurel Juniper Hawthorn Rosewood Redwood Spruce Hazel Linden Cypress".split()
_VIRTUES = (
    "Mercy Grace Hope Providence Good Samaritan Trinity Unity Concordia Charity Sacred Heart Assumption Holy Cross Good Shepherd".replace(
        "Good Samaritan", "Good_Samaritan"
    )
    .replace("Sacred Heart", "Sacred_Heart")
    .replace("Holy Cross", "Holy_Cross")
    .replace("Good Shepherd", "Good_Shepherd")
    .split()
)
_WORDS = "Blue Red Silver Golden Bright Clear True Open Smart Swift Solid North Summit Pioneer Liberty Global Prime Vista Nova Apex Delta Sigma Orbit Pixel Cloud Data Path Stone River Harbor Anchor Beacon Compass Lantern Falcon Eagle Wolf Fox Bear Raven Cobalt Ember Iron Copper Crystal Echo Fusion Helix Ion Jet Key Lumen Metro Nimbus Onyx Pulse Quest Ridge Spark Terra Urban Vertex Wave Zenith Maven Trust Health Home Pay Fin Med Care Life Green Solar Farm Fresh".split()

_KINDS = {
    "hospital": _HOSPITALS,
    "ward": _WARDS,
    "company": _COMPANIES,
    "bank": _BANKS,
    "local_agency": _LOCAL_AGENCIES,
    "school": _SCHOOLS,
    "university": _UNIVERSITIES,
    "insurer": _INSURERS,
    "pharmacy": _PHARMACIES,
    "band": _BANDS,
}


def _last(rng: Random) -> str:
    return pick(rng, pool("en_US" if chance(rng, 0.5) else pick(rng, _LOCALES)).last or pool("en_US").last)


def organisation(rng: Random, kind: str) -> str:
    """An organisation of a kind: one of `_KINDS`, or "agency", "employer", "any"."""
    if kind == "any":
        kind = pick(
            rng,
            (
                "company",
                "company",
                "company",
                "bank",
                "hospital",
                "university",
                "agency",
                "band",
                "band",
                "insurer",
                "school",
            ),
        )
    if kind == "employer":
        kind = pick(
            rng,
            ("company", "company", "company", "known", "bank", "hospital", "school", "university", "agency", "faker"),
        )
    if kind == "bank" and chance(rng, 0.3):
        return pick(rng, _KNOWN_BANKS)
    if kind == "company" and chance(rng, 0.25):
        kind = pick(rng, ("known", "faker", "faker", "faker"))
    if kind == "faker":
        return pick(rng, pool(pick(rng, _LOCALES)).companies or pool("en_US").companies)
    if kind == "known":
        return pick(rng, _KNOWN)
    if kind == "agency":
        if chance(rng, 0.65):
            return pick(rng, _AGENCIES)
        kind = "local_agency"
    pattern = pick(rng, _KINDS[kind])
    while "{" in pattern:
        slot = pattern[pattern.index("{") + 1 : pattern.index("}")]
        pattern = pattern.replace("{" + slot + "}", _part(rng, slot), 1)
    return pattern


def _part(rng: Random, slot: str) -> str:
    match slot:
        case "name":
            return _last(rng)
        case "place":
            return city(rng)
        case "state":
            return pick(rng, _STATES)
        case "saint":
            return pick(rng, _SAINTS)
        case "tree":
            return pick(rng, _TREES)
        case "virtue":
            return pick(rng, _VIRTUES).replace("_", " ")
        case "made":
            return made_up(rng, between(rng, 1, 3))
        case "made2":
            return made_up(rng, 1).lower()
        case "word":
            return pick(rng, _WORDS)
        case "word2":
            return pick(rng, _WORDS)
        case "n":
            return str(between(rng, 1, 12))
        case "l":
            return pick(rng, "ABCDEFG")
    return "".join(pick(rng, LETTERS) for _ in range(between(rng, 2, 4)))
