"""What each family of rules finds, and its near misses: the value alone, by its type."""

import pytest

from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.rules import RuleRecogniser, rules_for
from fedaug.privacy.deid.spans import Span, resolve

RULES = RuleRecogniser(rules_for("en"), language="en", limit_s=5, bounded=True)

#: A text with each value between chevrons, and the types in order.
FOUND = {
    # contact
    "Fax: «(212) 555-0187»": "FAX_NUMBER",
    "«07700 063 966»-Fax": "FAX_NUMBER",
    "call her at «555-1234» today": "PHONE_NUMBER",
    "call «212-555-0133 x22» now": "PHONE_NUMBER",
    "ring «+44 20 7946 0018» now": "PHONE_NUMBER",
    "page him: pager «12345»": "PHONE_NUMBER",
    "ext. «4471»": "PHONE_NUMBER",
    "dial x«4471»": "PHONE_NUMBER",
    "write to «x@hospital.local»": "EMAIL_ADDRESS",
    "write to «john dot smith at example dot org»": "EMAIL_ADDRESS",
    "write to «jane_doe [at] hosp [dot] org»": "EMAIL_ADDRESS",
    "visit «mychart.mercy.org»": "URL",
    "see «https://portal.mercy.org/p?id=22».": "URL",
    "from «10.0.0.12»": "IP_ADDRESS",
    "username: «jsmith22»": "ID",
    # clinical numbers
    "MRN: «00123456»": "MEDICAL_RECORD_NUMBER",
    "MR# «12-34-56»": "MEDICAL_RECORD_NUMBER",
    "Medical record number «943 476 5919»": "MEDICAL_RECORD_NUMBER",
    "encounter number «900123»": "MEDICAL_RECORD_NUMBER",
    "Accession #: «S19-12345»": "ID",
    "NHS number «943 476 5919»": "UK_NHS",
    "Member ID: «XYZ123456789»": "HEALTH_PLAN_NUMBER",
    "Group #: «0045-A»": "HEALTH_PLAN_NUMBER",
    "Policy number «POL-99812-A»": "POLICY_NUMBER",
    "claim #: «CLM-2019-0081»": "CLAIM_NUMBER",
    "MBI «1EG4-TE5-MK73»": "US_MBI",
    "NPI «1234567890»": "US_NPI",
    "DEA: «AB1234563»": "MEDICAL_LICENSE",
    "DL# «D123-4567-8901»": "US_DRIVER_LICENSE",
    "license no «12345»": "LICENSE_NUMBER",
    "nurse, lic. «RN 120618»": "LICENSE_NUMBER",
    "passport no. «A12345678»": "US_PASSPORT",
    "Employee ID: «55123»": "ID",
    "fingerprint template ID «FP-2231-A»": "BIOMETRIC_ID",
    "sample of «12345678» taken": "ID",
    # money
    "card «4111 1111 1111 1111»": "CREDIT_CARD",
    "Visa ending in «4421»": "CREDIT_CARD",
    "to «GB82 WEST 1234 5698 7654 32» today": "IBAN_CODE",
    "SWIFT «DEUTDEFF»": "SWIFT_CODE",
    "ABA «021000021»": "ROUTING_NUMBER",
    "sort code «20-00-00»": "ROUTING_NUMBER",
    "Account «12345678»": "ACCOUNT_NUMBER",
    "SSN: «460-89-9847»": "US_SSN",
    "his number «853.37.1694»": "US_SSN",
    "last 4 of SSN «6789»": "US_SSN",
    "ITIN «912-70-1234»": "US_ITIN",
    "paid to «1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2»": "CRYPTO",
    # vehicles and devices
    "VIN «1HGCM82633A004352»": "VEHICLE_ID",
    "license plate «7ABC123»": "VEHICLE_ID",
    "Serial number: «SN-88213A»": "DEVICE_ID",
    "UDI «(01)00643169007222(17)210131(21)ABC123»": "DEVICE_ID",
    "MAC «00:1B:44:11:3A:B7»": "MAC_ADDRESS",
    # dates
    "seen on «3/14», «3/20» and «4/5»": "DATE_TIME",
    "since «Mar '19»": "DATE_TIME",
    "on «March 3» she": "DATE_TIME",
    "of «14-Mar-2019»": "DATE_TIME",
    "of «2019-03-14»": "DATE_TIME",
    "of «Mar 3rd, 2019»": "DATE_TIME",
    "on «3/14/19 at 0830»": "DATE_TIME",
    "since «the 5th of March 1965»": "DATE_TIME",
    "on «Saturday the 22nd»": "DATE_TIME",
    "in «1998» and since «2004»": "DATE_TIME",
    "in the «1980s»": "DATE_TIME",
    "DOB «031465»": "DATE_TIME",
    "seen «3/14-3/20»".replace("3/14-3/20", "3/14»-«3/20"): "DATE_TIME",
    "last «October»": "DATE_TIME",
    "«summer of 2019»": "DATE_TIME",
    "on «Christmas Eve»": "DATE_TIME",
    "on «Tuesday» morning": "DATE_TIME",
    "born the «twenty first of june 1985»": "DATE_TIME",
    "on the «14th».": "DATE_TIME",
    # ages
    "a «38»-year-old man": "AGE",
    "«92» y/o F": "AGE",
    "aged «45»": "AGE",
    "in his «80s»": "AGE",
    "«67»F p/w cough": "AGE",
    "«ninety-two»-year-old": "AGE",
    "I just turned «47»": "AGE",
    # places
    "lives at «742 Evergreen Terrace, Springfield, IL 62704»": "ADDRESS",
    "at «12 main st apt 4»": "ADDRESS",
    "to «PO Box 123»": "ADDRESS",
    "ZIP: «3520»": "ZIP_CODE",
    "London «SW1A 1AA»": "ZIP_CODE",
    "Toronto «M5V 2T6»": "ZIP_CODE",
    "from «Austin, TX».": "LOCATION",
    "lives in «Rio de Janeiro».": "LOCATION",
    # facilities
    "to «Mercy General Hospital».": "FACILITY",
    "at «St. Mary's».": "FACILITY",
    "on «Ward 7B», «room 412»": "FACILITY",
    "on «4 West».": "FACILITY",
    "at «Fernandez Inc».": "ORGANIZATION",
    "at «Tidewater Dermatology» since then": "FACILITY",
    "from «Amberley Pain & Spine»": "FACILITY",
    "in «The Quarry Lane Practice»; sick note": "FACILITY",
    "TELEPHONE ENCOUNTER «Port Lanyon Care Center»": "FACILITY",
    "an MRI at «Millrace Medical Center for Children»": "FACILITY",
    "Ins: «Quillmere Crest PPO», then": "ORGANIZATION",
    'goes by "«Chip»", likes it': "PERSON",
    # names
    "«Dr.» «van der Berg» saw".replace("«Dr.» ", "Doctor "): "PERSON",
    "told Mrs «Do» so": "PERSON",
    "by Dr. «Will Young» today": "PERSON",
    "Ms. «May», 40": "PERSON",
    "seen by «Jane Q. Doe», MD": "PERSON",
    "Name: «SMITH, JOHN A»": "PERSON",
    "her husband, «Robert», and": "PERSON",
    "my name is «Aantje Mourik»": "PERSON",
    "Hello «Maria»,": "PERSON",
    "name: «john smith»": "PERSON",
}

#: Nothing of these is an identifier.
CLEAN = (
    "consult Cardiology, see Dermatology and General Surgery",
    "the Group Practice",
    "strength 3/5 bilaterally, motor 4/5",
    "BP 120/80, pain 4/10, from 8/10 to 3/10",
    "take 1/2 tablet, then 2 tabs q 4/6 hours",
    "2/6 systolic murmur, MMSE 11/30, GCS 10/15, Apgars 8/9, vision 20/40",
    "7/16 inch, 5/5 throughout, 12.5 mg, 250-1000 mg",
    "you may 3 times a day, may 10 mg, pt may 2 tabs",
    "bulge at C4-C5 and L5-S1, vitamin B12, home O2",
    "2 mm ST elevation, 5 mm st depression, 6 Minute Walk Test",
    "knee extension 30 degrees, extension 0-130",
    "the Pain Clinic, the Community Hospital, in hospital",
    "WAS ADMITTED TO THE HOSPITAL",
    "MS Contin, dr visit, Nurse Practitioner",
    "order: 500 mg; plan: 325 mg; exam: 120/80",
    "lot of pain, unit 2 of blood, serial 12 lead",
    "16F Foley, temp 99 F, 45 years ago, 20 pack years",
    "daily.No fever. Seen today.In b.i.d. e.g.this",
    "Na 140, 2000 mL, 1500 steps, WBC 12.5",
    "COVID-19, HLA-B27, IL-6",
)


def _found(text: str) -> list[Span]:
    return [span for span in resolve(RULES.find(text)) if span.entity_type != "TITLE"]


def _marked(text: str) -> str:
    for span in reversed(_found(text)):
        text = f"{text[: span.start]}«{text[span.start : span.end]}»{text[span.end :]}"
    return text


@pytest.mark.parametrize(("marked", "kind"), FOUND.items(), ids=list(FOUND))
def test_the_value_is_found_and_nothing_beside_it(marked: str, kind: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    assert _marked(text) == marked
    assert {span.entity_type for span in _found(text)} == {kind}


@pytest.mark.parametrize("text", CLEAN)
def test_an_amount_a_score_or_a_term_is_no_identifier(text: str) -> None:
    assert [text[span.start : span.end] for span in RULES.find(text)] == []


def test_every_type_is_of_the_vocabulary_and_every_name_unique() -> None:
    rules = rules_for("en")
    assert {rule.entity_type for rule in rules} <= set(ENTITIES)
    assert len({rule.name for rule in rules}) == len(rules) > 150
    assert all(0 < rule.score <= 1 for rule in rules)
    assert [rule.name for rule in rules if rule.needed is None] == []
