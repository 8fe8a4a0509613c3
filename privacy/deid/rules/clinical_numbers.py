"""Numbers that a hospital, an insurer or a licensing board gives: each with the words that name it."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.checks import dea, nhs, npi
from fedaug.privacy.deid.rules.pieces import IS, NUMBER, SHORT_NUMBER
from fedaug.privacy.deid.rules.run import Rule

_NO = r"(?:numbers?\b|nos?\b\.?|nr\b\.?|num\b\.?|\#|ids?\b|identifier\b|code\b)"
#: "number" or its like between a word that also has another sense ("order", "plan") and the number.
_STRONG = rf"[ ]{{0,2}}(?:{_NO}[ ]{{0,2}}){{1,2}}(?:(?:is|was|of)\b|:|=|\#|-)?\s{{0,3}}"
#: After other words a colon or a cross is enough.
_MARK = rf"{_STRONG}|[ ]{{0,2}}[:#=]\s{{0,3}}\#?"
_MBI = (
    r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[ -]?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[ -]?[AC-HJKMNP-RT-Y]{2}\d{2}"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "record-number",
        "MEDICAL_RECORD_NUMBER",
        r"\b(?:(?:e?mrn|m\.r\.n\.|mr[ ]?\#|mrno|med(?:ical)?[ ]?rec(?:ord)?s?|empi|mpi|hrn|urn|crn"
        r"|umrn|hosp(?:ital)?[ ](?:no|number|id|\#|record)"
        r"|(?:patient|pt|pat|client|resident)[ ]?(?:id|no|number|\#|identifier|ident|mrn)|(?:health"
        r"|clinic|hospital)[ ]record"
        r"|chart[ ]?(?:no|number|\#|id|:)|unit[ ]?(?:no|number|record|\#)|record[ ]?(?:no|number|\#|id"
        r"|locator)|ehr[ ]?id|emr[ ]?(?:id|no|\#)))\b"
        rf"(?:[ ]?\([a-z ]{{2,20}}\))?{IS}{NUMBER}",
        0.95,
        needed=r"mrn|m\.r\.n|mr[ ]?\#|rec|mpi|hrn|urn|crn|hosp|pat|pt|client|resident|chart|unit|ehr|emr",
    ),
    Rule(
        "record-number-short",
        "MEDICAL_RECORD_NUMBER",
        rf"\b(?:e?mrn|mr[ ]?\#|med(?:ical)?[ ]record[ ](?:no|number|\#))[ ]{{0,2}}(?:is"
        rf"|[:#=-])?[ ]{{0,2}}\#?{SHORT_NUMBER}",
        0.9,
        needed="mrn|mr#|mr #|med rec|medical rec",
    ),
    Rule(
        "accession",
        "ID",
        rf"\b(?:(?:accession|requisition)(?:{_MARK})|(?:acc|specimen|sample|path(?:ology)?|cytology"
        rf"|slide|lab|order|report|exam|study|subject"
        rf"|participant|enrollee|trial|protocol|donor|filler|placer){_STRONG}){SHORT_NUMBER}",
        0.85,
        needed="accession|acc|specimen|sample|requisition|path|cytology|slide|lab|order|report|exam|study"
        "|subject|participant|enrollee|trial|protocol|donor|filler|placer",
    ),
    Rule(
        "accession-form",
        "ID",
        r"(?<![\w-])(?-i:[A-Z]{1,4})\d{2}[-:]\d{3,8}(?![\w-])",
        0.65,
        needed=r"[a-z]\d{2}[-:]\d{3}",
        near=20,
    ),
    Rule(
        "encounter",
        "MEDICAL_RECORD_NUMBER",
        rf"\b(?:(?:encounter|csn|fin|har)(?:{_MARK}|[ ](?=\d{{6}}))|(?:visit|admission|episode|stay"
        rf"|registration|referral|appointment|appt|booking|consult|session"
        rf"|event|contact[ ]serial){_STRONG}){NUMBER}",
        0.85,
        needed="encounter|visit|csn|fin|har|admission|episode|stay|registration|referral|appointment|appt"
        "|booking|consult|session|event|contact",
    ),
    Rule(
        "nhs-labelled",
        "UK_NHS",
        rf"\b(?:nhs|chi)(?:[ ]{{0,2}}{_NO})?[ ]{{0,2}}(?:is\b|:|=|-)?[ ]{{0,2}}"
        rf"(?P<value>\d{{3}}[ -]?\d{{3}}[ -]?\d{{4}})(?![\w-])",
        0.95,
        needed="nhs|chi",
    ),
    Rule(
        "nhs-spaced",
        "UK_NHS",
        r"(?<![\w.+-])(?<!\d[ ])\d{3}[ ]\d{3}[ ]\d{4}(?![ ]?\d|[\w-])",
        0.65,
        needed=r"\d{3}[ ]\d{3}[ ]\d{4}",
        near=20,
        check=nhs,
    ),
    Rule(
        "health-plan",
        "HEALTH_PLAN_NUMBER",
        rf"\b(?:(?:member(?:ship)?|subscriber|rx[ ]?(?:bin|grp|group|pcn)|hicn?|medicaid|mbi|cardholder"
        rf"|ohip|phn)(?:{_MARK})"
        r"|(?:beneficiary|health[ ]?(?:plan|card|insurance)|insurance|insured(?:'s)?|plan|payer|payor"
        r"|group|grp|medicare|hmo|ppo|dependent|cert(?:ificate)?)"
        rf"{_STRONG}){SHORT_NUMBER}",
        0.9,
        needed="member|subscriber|beneficiary|health|insur|plan|payer|payor|group|grp|rx|hic|medica|mbi|hmo"
        "|ppo|holder|dependent|cert|ohip|phn",
    ),
    Rule(
        "health-plan-named",
        "HEALTH_PLAN_NUMBER",
        r"\b(?:blue[ ]?(?:cross|shield)|bcbs|aetna|cigna|humana|kaiser|united[ ]?health(?:care)?|uhc"
        r"|anthem|medicare|medicaid|tricare|medi-cal|molina|wellcare|centene|oscar|bupa|axa)(?!\p{L})"
        rf"(?:[ ](?:of|plan|ppo|hmo|gold|silver|advantage|[A-Z]{{2}})){{0,3}}[ ,(]{{0,2}}(?:member"
        rf"|policy|id|no|number|card|plan|\#|:|[ ]){{0,3}}{IS}{NUMBER}",
        0.85,
        needed="blue|bcbs|aetna|cigna|humana|kaiser|united|uhc|anthem|medicare|medicaid|tricare|medi-cal"
        "|molina|wellcare|centene|oscar|bupa|axa",
    ),
    Rule("mbi", "US_MBI", rf"(?<![\w-])(?-i:{_MBI})(?![\w-])", 0.8, needed=r"\d[a-z][a-z]\d|\d[a-z]\d\d", near=30),
    Rule(
        "policy",
        "POLICY_NUMBER",
        rf"\bpolic(?:y|ies)(?:[ ]?holder)?(?:{_MARK}){SHORT_NUMBER}",
        0.9,
        needed="polic",
    ),
    Rule(
        "claim",
        "CLAIM_NUMBER",
        r"\b(?:(?:insurance[ ]|worker'?s'?[ ]comp(?:ensation)?[ ]|wc[ ])?claims?|icn|dcn|remittance"
        r"|eob|pre-?cert(?:ification)?|(?:prior[ ]|pre-?)?auth(?:orization)?)"
        rf"(?:{_MARK}){SHORT_NUMBER}",
        0.9,
        needed="claim|icn|dcn|remittance|eob|cert|auth",
    ),
    Rule(
        "prescription",
        "ID",
        rf"\b(?:prescriptions?|rx|script){_STRONG}{SHORT_NUMBER}",
        0.8,
        needed="prescription|rx|script",
    ),
    Rule(
        "npi-labelled",
        "US_NPI",
        rf"\b(?:npi|national[ ]provider)\b{IS}(?P<value>\d{{10}}|\d{{3}}[ -]\d{{3}}[ -]\d{{4}})(?!\d)",
        0.95,
        needed="npi|national provider",
    ),
    Rule("npi", "US_NPI", r"(?<![\w.+-])[12]\d{9}(?![\w-]|\.\d)", 0.6, needed=r"\d{9}", near=20, check=npi),
    Rule(
        "dea-labelled", "MEDICAL_LICENSE", rf"\bdea\b{IS}(?P<value>[A-Z][A-Z9][ -]?\d{{7}})(?!\w)", 0.95, needed="dea"
    ),
    Rule(
        "dea",
        "MEDICAL_LICENSE",
        r"(?<![\w-])(?-i:[ABCDEFGHJKLMPRSTUX][A-Z9])\d{7}(?![\w-])",
        0.75,
        needed=r"[a-z][a-z\d]\d{7}",
        near=20,
        check=dea,
    ),
    Rule(
        "professional-licence",
        "MEDICAL_LICENSE",
        rf"\b(?:medical|nursing|rn|md|physician|pharmac(?:y|ist)|dental|professional|state"
        rf"(?:[ ]medical)?|provider|gmc|nmc|upin)[ ]?(?:licen[cs]e\b|lic\b\.?|registration\b|reg\b\.?"
        rf"|pin\b)?(?:{_MARK}){NUMBER}",
        0.8,
        needed="medical|nursing|rn|md|physician|pharmac|dental|professional|state|provider|gmc|nmc|upin",
    ),
    Rule(
        "driving-licence",
        "US_DRIVER_LICENSE",
        r"\b(?:driver'?s?'?[ ]?(?:licen[cs]e|lic|id)|driving[ ]licen[cs]e|d\.?l\.?(?=[ ]?(?:\#|no"
        r"|number|:))|dln|operator'?s?[ ]licen[cs]e|dl[ ](?=[A-Z]?\d{5}))\b\.?"
        rf"(?:[ ]?\([A-Z]{{2}}\))?{IS}(?:(?-i:[A-Z]{{2}})[ ])?(?P<value>(?="
        rf"(?:[A-Z*/-]{{0,4}}\d){{4}})[A-Z0-9](?:[ -]?[A-Z0-9*]){{4,19}})(?![\w])",
        0.9,
        needed=r"driver|driving|\bd\.?l|operator",
    ),
    Rule(
        "licence",
        "LICENSE_NUMBER",
        rf"\b(?:licen[cs]e|lic\b\.?|permit|certificate|certification|credential)(?:{_MARK}){SHORT_NUMBER}",
        0.8,
        needed="licen|lic|permit|certif|credential",
    ),
    Rule(
        "licence-lettered",
        "LICENSE_NUMBER",
        rf"\b(?:licen[cs]es?|lic\b\.?|d\.?l\b\.?){IS}(?P<value>(?-i:[A-Z]{{1,3}})[ -]\d{{4,9}})(?![\w-]|[.,]\d)",
        0.85,
        needed=r"(?:licen|\blic|\bd\.?l)",
    ),
    Rule(
        "passport",
        "US_PASSPORT",
        rf"\b(?:passport|ppt(?=[ ]?(?:\#|no)))\b(?:[ ]book|[ ]card)?{IS}(?P<value>"
        rf"(?=[A-Z]{{0,3}}\d)[A-Z0-9]{{6,12}})(?!\w)",
        0.9,
        needed="passport|ppt",
    ),
    Rule(
        "papers",
        "ID",
        r"\b(?:visa|green[ ]card|alien(?:[ ]registration)?|a-number|uscis|national[ ]id(?:entity)?"
        r"(?:[ ]card)?|(?:state|military|government|dod|va|photo|tax|taxpayer|student|school|employee"
        r"|staff|badge"
        r"|voter|inmate|prisoner|booking|docket|court|case|file|incident|police|crime|customer|client"
        r"|user|profile|device|tracking|confirmation|reference|ref|ticket|invoice|receipt|order"
        r"|transaction"
        r"|reservation|application|contract|service|card|key|token|serial|barcode|wristband|armband"
        r"|locker|edipi|nric|aadhaa?r|sin|nino|ni|curp|cpf|ein|tin|itin|fein|duns)(?:[ ](?:card|file"
        r"|report|identification|registration))?)"
        rf"(?:{_MARK}){NUMBER}",
        0.8,
        needed=r"\#|:|=|\bid|\bno|\bnum|identifier|code",
    ),
    Rule(
        "id-labelled",
        "ID",
        rf"(?<![\w-])(?:id|identification|identifier|ident)(?:[ ](?:card|tag|code))?(?:[ ]?(?:number\b"
        rf"|no\b\.?|\#))?[ ]?(?:is\b|:|\#|=)\s{{0,3}}{SHORT_NUMBER}",
        0.8,
        needed="id",
    ),
    Rule(
        "number-after-bare-word",
        "ID",
        r"\b(?:case|lot|group|grp|policy|claim|member|account|acct|order|ref|serial|batch|record|chart"
        r"|encounter|visit|accession"
        r"|specimen|sample|badge|licen[cs]e|plate|study|id|number|no|acc|sn|device|model|card|file"
        r"|ticket|invoice|loan|contract)\b\.?"
        r"[ ](?:is[ ])?(?P<value>(?=(?:[A-Z/-]{0,5}\d){3})(?-i:(?=[0-9-]{0,8}[A-Z]"
        r"|[A-Z0-9]{2,8}-)[A-Z0-9](?:[A-Z0-9]|[/-](?=[A-Z0-9])){4,30}))(?![\w]|[.,]\d)",
        0.65,
        needed="case|lot|group|grp|policy|claim|member|acc|order|ref|serial|batch|record|chart|encounter"
        "|visit|specimen|sample|badge"
        "|licen|plate|study|id|number|no|sn|device|model|card|file|ticket|invoice|loan|contract",
    ),
    Rule(
        "number-said",
        "ID",
        r"\b(?:number|no\.|\#)[ ]?(?:is|was|:|ending[ ]in)?[ ]{0,2}(?P<value>(?<!\w)(?="
        r"(?:[A-Z/-]{0,4}\d){6})[A-Z0-9][A-Z0-9/-]{5,24})(?![\w]|[.,]\d)",
        0.65,
        needed="number|no.|#",
    ),
    Rule(
        "biometric",
        "BIOMETRIC_ID",
        r"\b(?:biometrics?|finger[ ]?prints?|palm[ ]?(?:print|vein)s?|hand[ ]geometry|retina"
        r"(?:l)?[ ]scans?|iris(?:[ ]scans?)?|voice[ ]?prints?|face[ ]?prints?|facial[ ](?:recognition"
        r"|geometry|scan)|face[ ]id|dna[ ]profile|gait)"
        rf"(?:[ ](?:id|template|hash|ref(?:erence)?|record|scan|profile|token|file|code|capture"
        rf"|enrol?lment|on[ ]file)){{0,2}}{IS}{SHORT_NUMBER}",
        0.9,
        needed="biometric|finger|palm|hand g|retina|iris|voice|face|facial|dna p|gait",
    ),
    #: Seven digits and more in a row are hardly ever an amount in a note, and amounts have commas or units.
    Rule(
        "long-number",
        "ID",
        r"(?<![\w.,$€£#^-])(?<![<>=~±][ ]?)\d{7,24}(?![\w]|[.,-]\d|[ ]?(?:copies|cells?|cfu|iu|units?|dollars|%))",
        0.45,
        needed=r"\d{7}",
        near=60,
    ),
    Rule(
        "code",
        "ID",
        r"(?<![\w.-])(?-i:[A-Z]{1,4})-?\d{6,14}(?-i:[A-Z]?)(?![\w]|[.,-]\d)",
        0.5,
        needed=r"[a-z]-?\d{6}",
        near=40,
    ),
    Rule(
        "code-parts",
        "ID",
        r"(?<![\w./-])(?-i:[A-Z]{2,5})-(?=[A-Z0-9-]{0,12}\d)(?:[A-Z0-9]{2,10}-){0,3}\d{4,12}(?![\w-]|\.\d)",
        0.5,
        needed=r"[a-z]-",
    ),
    Rule(
        "number-parts", "ID", r"(?<![\w.,/-])\d{2,6}(?:-\d{2,8}){2,4}(?![\w/-]|\.\d)", 0.4, needed=r"-\d{2,8}-", near=60
    ),
    Rule(
        "uuid",
        "ID",
        r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])",
        0.9,
        needed=r"-[0-9a-f]{4}-",
    ),
)
