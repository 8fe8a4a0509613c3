"""Hospitals, clinics, wards and rooms, and other organisations by the words that their names end in."""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.rules.run import Rule
from fedaug.privacy.deid.rules.vocabulary import is_ordinary, listed

_NOT_FIRST = (
    r"(?=\p{Lu})"
    r"(?!(?:The|This|That|These|A|An|At|In|On|To|From|Of|By|For|With|And|Or|Our|Your|His|Her|My|Their"
    r"|Its|No|Any|All|Each|Other|Another|Outside|Local|Nearby|Area|Same|New|Old|Prior|Previous|Recent"
    r"|Initial|Follow|Next|Every|After|Before|During"
    r"|Since|Until|While|When|If|As|Is|Was|Admit(?:ted)?|Transfer(?:red)?|Seen|Per|Via|Patient|Pt|Dr"
    r"|Mr|Mrs|Ms|He|She|They|We|I|You|Which|Where|Went|Called|Please|Hospital|Clinic|Center|Name"
    r"|Facility|Date)\b)"
)
#: A longer word in capitals beside words in small letters is a heading's, and no part of a name.
_CAPITAL = r"(?:[A-Z](?!\p{Lu}{5})[\p{L}.'’&-]{1,20}|St\.|Mt\.|Ft\.|VA|[A-Z]{2,5}|&)"
_PARTICLE = r"(?:(?:of|the|for|and|de|la|del|&)[ ]){0,2}"
#: What a facility's name ends in, none of which is a department that every hospital has.
_ENDS = (
    r"(?:Hospitals?|Medical[ ](?:Center|Centre|Group|Clinic|Associates|Arts|Plaza|Campus|Park|College"
    r"|School|Complex|Pavilion|Institute)|Med(?:ical)?[ ]Ctr\.?|Clinics?|Health(?:[ ]?care)?(?:[ ]"
    r"(?:Center|Centre|System|Network|Services|Partners|Campus|Group|Clinic|Alliance|Trust))"
    r"|Health|Healthcare|Nursing[ ](?:Home|Facility|Center|and[ ]Rehab\w*)|Hospice|Rehab"
    r"(?:ilitation)?[ ](?:Center|Centre|Hospital|Institute|Facility)|Cancer[ ](?:Center|Centre"
    r"|Institute)|Heart[ ](?:Center|Institute|Hospital)|Eye[ ](?:Center|Institute|Clinic)"
    r"|Surg(?:ery|ical)[ ](?:Center|Centre|Associates|Hospital)|Institute|Infirmary|Sanatorium"
    r"|Pharmacy|Drugs?tore|Laborator(?:y|ies)|Labs|Imaging(?:[ ](?:Center|Associates))?|Radiology[ ]"
    r"(?:Center|Associates)|Urgent[ ]Care(?:[ ]Center)?|Care[ ](?:Center|Centre|Home)|Manor"
    r"|Assisted[ ]Living"
    r"|Memory[ ]Care|Senior[ ](?:Living|Center|Residence)|Retirement[ ](?:Home|Community|Village)"
    r"|Dialysis(?:[ ](?:Center|Clinic|Unit))?|Orthop(?:a?edics|edic[ ]\w{5,10})|Pediatrics|Family[ ]"
    r"(?:Practice|Medicine|Physicians|Health)|Physicians[ ]Group|Physical[ ]Therapy|Women['’]s[ ]"
    r"(?:Center|Hospital|Clinic|Health)"
    r"|Children['’]s(?:[ ](?:Hospital|Center))|Community[ ]Health|Behavioral[ ]Health"
    r"|Treatment[ ]Center|Recovery[ ]Center|Detox|Shelter|Group[ ]Home|Correctional[ ](?:Facility"
    r"|Institution|Center)|Jail|Prison|Blood[ ](?:Bank|Center)|Birth(?:ing)?[ ]Center"
    r"|Wellness[ ]Center|Pain[ ](?:Center|Clinic)|Wound[ ]Center|Sleep[ ](?:Center|Lab)"
    r"|University|College|Academy|(?:High|Middle|Elementary|Primary|Secondary|Grammar"
    r"|Preparatory)[ ]School|School|Elementary|Daycare|Preschool|Church|Temple|Synagogue|Mosque|Parish"
    r"|Monastery|Convent|Skilled[ ]Nursing(?:[ ](?:and|&)[ ]Rehab\w*)?|Nursing[ ](?:and|&)[ ]Rehab\w*"
    r"|(?:Pain|Hand|Brain|Bone|Joint)[ ](?:and|&)[ ](?:Spine|Joint)"
    r"|(?:Orthop(?:a?edics)[ ](?:and|&)[ ])?Sports[ ]Medicine|Apothecary|Chemists?|Drugs?)"
)
#: Departments that a practice may also be called by, behind a name of its own: "Tidewater Dermatology".
_SPECIALTY = (
    r"(?:Dermatology|Cardiology|Neurology|Urology|Oncology|H(?:a)?ematology|Gastroenterology|Ophthalmology"
    r"|Rheumatology|Endocrinology|Nephrology|Pulmonology|Psychiatry|Podiatry|Audiology|Orthodontics|Optometry"
    r"|Chiropractic|Obstetrics|Gyna?ecology|Internal[ ]Medicine|Dental|Dentistry|Counsell?ing|Optical|Opticians)"
)
_COMPANY = (
    r"(?:Inc|LLC|Corp|Corporation|Ltd|Limited|PLC|plc|GmbH|AG|Co|LLP|LP|Company|Bank"
    r"|Insurance|Holdings|Partners|Associates|Foundation|Industries|Enterprises|Group|Bancorp|Financial"
    r"|Trust|Union|Airlines|Motors|Logistics|Systems|Technologies|Solutions|Consulting|Agency|Society"
    r"|Council|PPO|HMO|EPO|Casualty|Assurance|Indemnity|Mutual|Advantage|Benefits|Fund)"
)
#: Words of departments and kinds: "Pain Clinic" and "Community Hospital" name no one place.
_KINDS = listed("en_facility_kinds")


def names_a_place(text: str) -> bool:
    """Whether a name holds more than the kind of the place: "Pain Clinic" does not, "Mercy Clinic" does."""
    words = re.findall(r"[^\W\d_]+", text)[:-1]
    own = [word for word in words if word.lower() not in _KINDS and len(word) > 1]
    if not own:
        return False
    # In capitals throughout, nothing tells a name from a sentence but a word that is no ordinary one.
    return not text.isupper() or any(not is_ordinary(word) for word in own)


_FIRM = re.compile(
    r"(?:Inc|LLC|L\.L\.C|Corp|Corporation|Ltd|Limited|PLC|plc|GmbH|AG|S\.A|LLP|P\.C|Bancorp|Airlines"
    r"|PPO|HMO|EPO|Casualty|Assurance|Indemnity|Mutual)$"
)


def names_a_practice(text: str) -> bool:
    """Whether a word before the specialty is no ordinary one: "Consult Cardiology" has none."""
    return any(not is_ordinary(word) for word in re.findall(r"[^\W\d_]+", text)[:-1])


def names_a_company(text: str) -> bool:
    """Whether a name ends as firms do, or holds a word that is no ordinary one: "Age Group" does neither."""
    words = re.findall(r"[^\W\d_]+", text)[:-1]
    return _FIRM.search(text) is not None or any(len(word) > 2 and not is_ordinary(word) for word in words)


_A_COMPANY = rf"\b(?:{_COMPANY[3:-1].lower()})\b"
_AN_END = (
    r"(?-i:\b(?:Hosp|Med|Clinic|Center|Centre|Health|Nursing|Rehab|Cancer|Heart|Eye|Surg|Institute"
    r"|Infirm|Sanator|Pharmacy|Drug|Laborator|Labs|Imaging|Radiology|Urgent|Care|Manor|Assisted|Memory"
    r"|Senior|Retirement|Dialysis"
    r"|Orthop|Pediatrics|Family|Physic|Women|Children|Community|Behavioral|Treatment|Recovery|Detox"
    r"|Shelter|Group|Correctional|Jail|Prison|Blood|Birth|Wellness|Pain|Wound|Sleep|University|College"
    r"|Academy"
    r"|High|Middle|Elementary|Primary|Secondary|Grammar|Prep|School|Daycare|Preschool|Church|Temple"
    r"|Synagogue|Mosque|Parish|Monastery|Convent))"
)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "facility",
        "FACILITY",
        rf"(?<![\w.])(?P<value>(?-i:{_NOT_FIRST}{_CAPITAL}"
        rf"(?:[ ]{_PARTICLE}{_CAPITAL}){{0,4}}?[ ]{_PARTICLE}(?:{_ENDS}))(?:[ ](?:of|at|for|in)[ ]"
        rf"(?:the[ ])?(?-i:[A-Z]\p{{Ll}}[\p{{L}}.'’-]{{1,20}}(?:[ ][A-Z]\p{{Ll}}[\p{{L}}'’-]{{1,20}}){{0,2}}))?)(?!\w)",
        0.7,
        needed=_AN_END,
        near=110,
        check=names_a_place,
    ),
    Rule(
        "facility-specialty",
        "FACILITY",
        rf"(?<![\w.])(?P<value>(?-i:{_NOT_FIRST}[A-Z][\p{{Ll}}'’-][\p{{L}}'’-]{{1,20}}"
        rf"(?:[ ][A-Z]\p{{Ll}}[\p{{L}}'’-]{{1,20}}){{0,2}}"
        rf"\s{_SPECIALTY}(?:[ ](?:Associates|Group|Clinic|Partners|Consultants|Specialists))?))(?!\w)",
        0.65,
        needed=rf"(?-i:\b{_SPECIALTY})",
        near=70,
        check=names_a_practice,
    ),
    Rule(
        "practice",
        "FACILITY",
        r"(?<![\w.])(?P<value>(?:the[ ])(?-i:(?!New|Old|Same|Group|Private|Medical|Dental|Local)[A-Z][\p{L}'’-]{2,20}"
        r"(?:[ ][A-Z][\p{L}'’-]{2,20}){0,2}[ ](?:Practice|Surgery|PRACTICE|SURGERY)))(?!\w)",
        0.65,
        needed=r"(?-i:Practice|Surgery|PRACTICE|SURGERY)",
        near=70,
        check=names_a_place,
    ),
    Rule(
        "facility-kind-first",
        "FACILITY",
        r"(?<!\w)(?P<value>(?-i:(?:Hospital|Hôpital|Hopital|Klinikum|Klinik|Krankenhaus|Ospedale"
        r"|Ziekenhuis|Szpital|Sykehus"
        r"|Sjukhus|Clinique|Clínica|Centro[ ]Médico|Policlinico|Universit[àäy]t?[ ]?[Kk]linikum)[ ](?:"
        r"(?:de|la|del|di|du"
        r"|des|St\.|San|Santa|Saint|da|do)[ ]){0,2}(?!Course|Day|Stay|Bed|Admission|Discharge|Unit"
        r"|Number|Record|Visit|Name"
        r"|ID|Policy|Staff|Service|Department|Summary|Acquired|Follow)\p{Lu}[\p{L}'’-]{2,24}"
        r"(?:[ ]\p{Lu}[\p{L}'’-]{2,24})?))(?!\w)",
        0.6,
        needed=r"\b(?:hospital|hôpital|hopital|klinik|klinikum|krankenhaus|ospedale|ziekenhuis|szpital"
        r"|sykehus|sjukhus|clinique"
        r"|clínica|centro|policlinico)\b",
    ),
    Rule(
        "facility-capitals",
        "FACILITY",
        r"(?<![\w.])(?P<value>(?-i:(?:(?:ST\.?|SAINT|MOUNT|MT\.?|FORT)[ ])?[A-Z][A-Z.'’&-]{2,20}(?:[ ]"
        r"(?:[A-Z][A-Z'’&-]{2,20}|OF|THE)){0,2}?[ ](?:HOSPITAL|MEDICAL[ ]CENTER|CLINIC|HEALTH[ ]SYSTEM"
        r"|NURSING[ ]HOME|HOSPICE|INSTITUTE|INFIRMARY|UNIVERSITY|COLLEGE)))(?!\w)",
        0.6,
        needed=r"(?-i:HOSPITAL|MEDICAL[ ]CENTER|CLINIC|HEALTH[ ]SYSTEM|NURSING[ ]HOME|HOSPICE|INSTITUTE"
        r"|INFIRMARY|UNIVERSITY|COLLEGE)",
        near=110,
        check=names_a_place,
    ),
    Rule(
        "facility-small",
        "FACILITY",
        r"\b(?:admitted[ ]to|transferred[ ](?:to|from)|seen[ ]at|discharged[ ]to|treated[ ]at"
        r"|presented[ ]to|went[ ]to|works[ ]at|born[ ]at|clinic[ ]at|taken[ ]to|followed[ ]at"
        r"|goes[ ]to|care[ ]at|resides[ ]at|here[ ]at)[ ](?:the[ ])?(?P<value>(?:st\.?|saint|mount"
        r"|mt\.?)[ ][a-z]{3,15}(?:['’]s)?(?:[ ](?:hospital|clinic|medical[ ]center))?|[a-z]{3,15}[ ]"
        r"(?:hospital|medical[ ]center|clinic|nursing[ ]home|manor))(?!\w)",
        0.6,
        needed="hospital|medical center|clinic|nursing home|manor|st|saint|mount|mt",
        check=lambda text: (
            re.match(r"(?:st|saint|mount|mt)\b", text, re.IGNORECASE) is not None or not is_ordinary(text.split(" ")[0])
        ),
    ),
    Rule(
        "saint",
        "FACILITY",
        r"\b(?P<value>(?-i:(?:St\.?|Saint|ST\.?)[ ][A-Z][\p{L}]{2,15}['’]?s)(?:[ ](?-i:Hospital"
        r"|Medical[ ]Center|Health|Clinic))?)(?![\w]|[ ](?:wort|fire|disease|syndrome|dance|anthony))",
        0.65,
        needed=r"\b(?:st\.?|saint)[ ][a-z]",
        check=lambda text: "wort" not in text,
    ),
    Rule(
        "famous",
        "FACILITY",
        r"(?<!\w)(?-i:(?:MGH|BWH|BIDMC|UCSF|UCLA|UPMC|MSKCC|NYU(?:[ ]Langone)?|CHOP|OHSU|UCSD|UNC|UAB"
        r"|UTSW|VAMC|VAMC|WRAMC|JHH|HUP)(?![ -]?(?:\d|score|ratio))|Johns[ ]Hopkins|Mayo[ ]Clinic"
        r"|Cleveland[ ]Clinic|Mass(?:achusetts)?[ ]General|Kaiser(?:[ ]Permanente)?|Cedars[- ]Sinai"
        r"|M\.?D\.?[ ]Anderson|Memorial[ ]Sloan[- ]Kettering|Sloan[- ]Kettering|Dana[- ]Farber|Brigham"
        r"(?:[ ](?:and|&)[ ]Women['’]s)?|Beth[ ]Israel(?:[ ]Deaconess)?|Mount[ ]Sinai|Mt\.?[ ]Sinai"
        r"|Geisinger|Intermountain|Sutter[ ]Health|Walter[ ]Reed|Bellevue|Stanford|Duke|Vanderbilt"
        r"|Emory|Scripps|Guy['’]s|St[ ]Thomas['’]|Great[ ]Ormond[ ]Street|Addenbrooke['’]s)(?!\w|[ ]"
        r"(?:class|criteria|score|staging|clip|operation|tube|stand|salad|pouch|syndrome))",
        0.7,
        needed="mgh|bwh|bidmc|uc|upmc|mskcc|nyu|chop|ohsu|unc|uab|utsw|va|wramc|jhh|hup|hopkins|clinic"
        "|general|kaiser|sinai|anderson|kettering|farber|brigham|israel|geisinger|intermountain"
        "|sutter|reed|bellevue|stanford|duke|vanderbilt|emory|scripps|guy|thomas|ormond|addenbrooke",
    ),
    Rule(
        "ward",
        "FACILITY",
        r"(?<!\w)(?P<value>(?:ward|wing|tower|pavilion|building|bldg\.?|station|bay|floor|unit"
        r"(?=[ ](?:\d{1,2}[A-Z]|[A-Z]\d))|firm|cubicle|module|suite|theatre|or(?=[ ]?\#))(?!\p{L})[ ]?"
        r"(?:\#|no\.?[ ])?(?=[A-Z-]{0,2}\d)[A-Z]{0,2}-?\d{1,4}[A-Z]{0,2}\b)(?!\w|[.,/]\d|[ ]?(?:of"
        r"|units?|mg|ml|days?|to[ ]\d))",
        0.6,
        needed="ward|wing|tower|pavilion|building|bldg|station|pod|bay|floor|unit|firm|cubicle|module|suite"
        "|theatre|or #|or#",
    ),
    Rule(
        "ward-named",
        "FACILITY",
        r"(?<![\w.])(?P<value>(?-i:(?!The|This|Medical|Surgical|Maternity|Psychiatric|General"
        r"|Isolation|Hospital|Open|Closed|Locked|Pediatric|Oncology|Labor|Burn|Rehab|East|West|North"
        r"|South|Left|Right|Same|Office|Apartment|Main|Old|New)[A-Z][\p{L}'’-]{2,20}"
        r"(?:[ ][A-Z][\p{L}'’-]{2,20})?[ ](?:Ward|Wing|Pavilion|Tower|Building)(?:[ ]\d{1,3}[A-Z]?)?)|"
        r"(?-i:Ward|Wing|Pavilion|Tower)[ ](?-i:[A-Z](?![a-z])|[A-Z][a-z]{2,14}))(?!\w)",
        0.6,
        needed=r"(?-i:Ward|Wing|Pavilion|Tower|Building)",
        near=70,
    ),
    Rule(
        "room",
        "FACILITY",
        r"\b(?P<value>(?:room|rm\.?|bed|crib|isolette|bay|chair|locker|desk|gate)(?!\p{L})[ ]?(?:\#"
        r"|no\.?[ ]|number[ ])?[ ]?(?=[A-Z]?\d)[A-Z]{0,2}-?\d{1,5}[A-Z]?(?:-[A-Z\d]{1,3})?)(?!\w"
        r"|[.,/]\d|[ ]?(?:days?|hours?|mg|ml|degrees|times|mins?|minutes|years?|x\b|%))",
        0.6,
        needed=r"\b(?:room|rm|bed|crib|isolette|bay|chair|locker|desk|gate)",
    ),
    Rule(
        "floor-side",
        "FACILITY",
        r"\b(?:on|to|from|floor|unit|ward|the|at|of)[ ](?P<value>(?-i:[1-9]\d?[ -]?(?:North|South|East"
        r"|West|Central|Tower|NORTH|SOUTH|EAST|WEST|[NSEW])\b)|(?-i:[1-9]\d?[A-Z]|[A-Z]{1,2}\d{1,2})"
        r"(?=[ ](?:ward|floor|unit|nursing)))(?!\w|[ ](?:St|Street|Ave|Avenue|Road|Rd"
        r"|[A-Z][a-z]{2,15}[ ](?:St|Ave|Rd|Dr|Blvd|Ln|Way|Pl|Ct)))",
        0.55,
        needed=r"\d",
    ),
    Rule(
        "facility-label",
        "FACILITY",
        r"\b(?:facility|hospital|clinic|location|site|practice|pharmacy|institution|campus|ward"
        r"|service[ ]location|place[ ]of[ ]service|referring[ ]facility|admitting[ ]facility"
        r"|department)(?:[ ]name)?[ ]?:[ ]{0,4}(?P<value>(?-i:[A-Z][\p{L}.'’&-]{1,20}(?:[ ](?:(?:of"
        r"|the|and|at|for|&)[ ]){0,2}[A-Z0-9][\p{L}.'’&-]{0,20}){1,5}))(?=[ ]{2}|[ ]?[\n,;(|]|[ ]?$)",
        0.7,
        needed="facility|hospital|clinic|location|site|practice|pharmacy|institution|campus|ward|place of|department",
    ),
    Rule(
        "company",
        "ORGANIZATION",
        rf"(?<![\w.])(?P<value>(?-i:{_NOT_FIRST}[A-Z][\p{{L}}\d.'’&-]{{1,20}}(?:,?[ ](?:(?:and|of|the"
        rf"|&)[ ])?[A-Z&][\p{{L}}\d.'’&-]{{0,20}}){{0,4}}?,?[ ]{_COMPANY}))\b\.?(?![\w-]|[ ]"
        rf"(?:exercises|pressure|counseling|history|status|A|B|therapy|performance|session))",
        0.65,
        needed=_A_COMPANY,
        near=160,
        check=names_a_company,
    ),
    Rule(
        "employer",
        "ORGANIZATION",
        r"\b(?:employer|employed[ ](?:by|at|with)|works[ ](?:at|for|with)|working[ ](?:at|for)"
        r"|worked[ ](?:at|for)|retired[ ]from|job[ ]at|employee[ ](?:of|at)|company|organi[sz]ation"
        r"|attends|enrolled[ ](?:at|in)|student[ ]at|place[ ]of[ ]work|workplace|graduated[ ]from"
        r"|studies[ ]at|insurer|payer|ins\b\.?(?=[ ]?:)"
        r"|insurance(?:[ ]company)?|carrier|firm)(?:[ ]is|[ ]name)?[ ]?:?[ ]{1,3}(?:the[ ])?(?P<value>"
        r"(?-i:(?!The|A|An|Home|Medicare|Medicaid|No|None|Yes|I|He|She|Active|Current|Self|Unemployed"
        r"|Retired|Disabled|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February"
        r"|March|April|May|June|July|August|September|October|November"
        r"|December)[A-Z][\p{L}\d.'’&-]{1,20}(?:[ ](?:(?:and|of|the"
        r"|&)[ ])?[A-Z&][\p{L}\d.'’&-]{0,20}){0,4}(?<![.'’-])))",
        0.6,
        needed=r"\bins\b|employ|work|retired from|job at|company|organi|attends|enrolled|student at|graduat"
        "|studies at|insurer|payer|insurance|carrier|firm",
    ),
)
