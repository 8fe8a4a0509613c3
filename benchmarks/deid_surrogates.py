"""What surrogates keep and hide, and how fast they are made (row 6 of ``benchmarks.deid``).

    python -m benchmarks.deid_surrogates --json

Intervals between the dates of 1,000 subjects in 41 styles; one name over 1,000 notes of each of ten subjects; two sites
and two subjects against chance; and findings replaced per processor second, against Presidio's anonymizer with a Faker
call for each type, which is what its documentation shows.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict

from faker import Faker
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult

from benchmarks import surrogate_dates, surrogate_people
from benchmarks.surrogate_people import FALSE_ALARM
from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.spans import Span
from fedaug.privacy.deid.surrogates import SurrogateKey
from fedaug.privacy.noise import SystemNoise

SUBJECTS = 1_000
NOTES = 1_000
PEOPLE = 10
SURNAMES = 2_000
SPEED_NOTES = 300
MAX_SHIFT_DAYS = 365

_MAKERS: dict[str, str] = {
    "PERSON": "name",
    "DATE_TIME": "date",
    "PHONE_NUMBER": "phone_number",
    "ADDRESS": "street_address",
    "LOCATION": "city",
    "FACILITY": "company",
    "MEDICAL_RECORD_NUMBER": "bothify",
    "EMAIL_ADDRESS": "email",
    "US_SSN": "ssn",
    "AGE": "random_digit",
}
_FILLER = (
    "reports no pain since the last visit and takes the tablets twice daily with food",
    "blood pressure was stable, the wound is clean and dry, sutures were removed without trouble",
    "we discussed the results and agreed to repeat the laboratory tests before the next visit",
)


def notes(count: int) -> list[tuple[str, list[Span]]]:
    """Notes of about 200 words with twenty identifiers, and where they are."""
    fake = Faker("en_US")
    fake.seed_instance(0)
    draw = random.Random(0)
    return [_note(fake, draw) for _ in range(count)]


def _note(fake: Faker, draw: random.Random) -> tuple[str, list[Span]]:
    first, last = fake.first_name(), fake.last_name()
    values = [
        ("PERSON", f"{first} {last}"),
        ("PERSON", f"Mr. {last}"),
        ("PERSON", f"{last.upper()}, {first.upper()}"),
        ("PERSON", f"Dr. {fake.last_name()}"),
        *(("DATE_TIME", fake.date(pattern)) for pattern in ("%m/%d/%Y", "%B %d, %Y", "%Y-%m-%d", "%m/%d", "%b %d")),
        ("PHONE_NUMBER", fake.numerify("(###) ###-####")),
        ("PHONE_NUMBER", fake.numerify("###-####")),
        ("ADDRESS", fake.street_address()),
        ("LOCATION", fake.city()),
        ("FACILITY", f"{fake.last_name()} Memorial Hospital"),
        ("MEDICAL_RECORD_NUMBER", fake.numerify("########")),
        ("MEDICAL_RECORD_NUMBER", fake.bothify("??-#####")),
        ("EMAIL_ADDRESS", f"{first}.{last}@clinic.org".lower()),
        ("US_SSN", fake.ssn()),
        ("AGE", str(draw.randint(20, 99))),
        ("AGE", f"{draw.randint(20, 99)}-year-old"),
    ]
    text, spans = "", []
    for entity_type, value in values:
        text += f"{draw.choice(_FILLER)}: "
        spans.append(Span(len(text), len(text) + len(value), entity_type, 1.0))
        text += f"{value}. "
    return text, spans


def presidio_with_faker() -> Callable[[str, list[Span]], str]:
    """Presidio's anonymizer with a Faker call for each type."""
    fake = Faker("en_US")
    engine = AnonymizerEngine()

    def making(maker: str) -> OperatorConfig:
        return OperatorConfig("custom", {"lambda": lambda _: str(getattr(fake, maker)())})

    operators = {name: making(maker) for name, maker in _MAKERS.items()}

    def replace(text: str, spans: list[Span]) -> str:
        found = [RecognizerResult(span.entity_type, span.start, span.end, span.score) for span in spans]
        return str(engine.anonymize(text, found, operators).text)

    return replace


def speed(replacer: Replacer, count: int, repeats: int) -> dict[str, float]:
    """Findings replaced per processor second, median of several turns."""
    sample = notes(count)
    alternative = presidio_with_faker()
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: [replacer.replace(text, spans, subject=str(i)) for i, (text, spans) in enumerate(sample)],
        "presidio": lambda: [alternative(text, spans) for text, spans in sample],
    }
    findings = sum(len(spans) for _, spans in sample)
    for run in sides.values():
        run()  # pools are loaded and caches filled once in a process' life
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, run in sides.items():
            began = time.process_time()
            run()
            taken[name].append(time.process_time() - began)
    return {name: findings / statistics.median(seconds) for name, seconds in taken.items()}


def figures(limit: int | None, repeats: int) -> dict[str, object]:
    """Everything that is measured."""
    size = {"subjects": SUBJECTS, "notes": NOTES, "speed_notes": SPEED_NOTES}
    if limit is not None:
        size = {name: min(limit, most) for name, most in size.items()}
    policy = load_policy("gdpr-pseudonymise")
    one, other = (SurrogateKey.generate(SystemNoise()) for _ in range(2))
    replacer, alternative = Replacer(policy, key=one), presidio_with_faker()
    ours = surrogate_dates.measure(surrogate_dates.by(replacer), size["subjects"])
    theirs = surrogate_dates.measure(
        lambda text, spans, subject, language: alternative(text, list(spans)), min(size["subjects"], 100)
    )
    people = surrogate_people.agreement(
        lambda text, spans, subject: replacer.replace(text, spans, subject=subject), PEOPLE, size["notes"]
    )
    names = surrogate_people.surnames(SURNAMES)
    made = surrogate_people.names_of(one, "s", names)
    chance = {
        "two_sites": surrogate_people.coincidence(names, made, surrogate_people.names_of(other, "s", names)),
        "two_subjects": surrogate_people.coincidence(names, made, surrogate_people.names_of(one, "t", names)),
        "two_sites_shifts": surrogate_people.shift_coincidence(one, other, SURNAMES, MAX_SHIFT_DAYS),
    }
    speeds = speed(replacer, size["speed_notes"], repeats)
    return {
        "unit": "findings replaced per processor second",
        "ours": round(speeds["ours"]),
        "alternative": round(speeds["presidio"]),
        "bars": {
            "intervals between dates of a subject exact": ours.wrong == 0 and ours.intervals > 0,
            "weekdays agree with their dates": ours.weekdays_wrong == 0,
            "same person same surrogate": people.different == 0 and people.same > 0,
            f"sites and subjects agree no more than by chance (false alarm {FALSE_ALARM:g} each)": all(
                found.chance > FALSE_ALARM for found in chance.values()
            ),
        },
        "intervals": asdict(ours),
        "intervals_presidio_with_faker": asdict(theirs),
        "names": asdict(people),
        **{name: asdict(found) for name, found in chance.items()},
        "settings": {**size, "people": PEOPLE, "surnames": SURNAMES, "repeats": repeats, "processes": 1},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object, on one line")
    parser.add_argument("--limit", type=int, help="subjects, and notes, at most")
    parser.add_argument("--repeats", type=int, default=3, help="times that each side is timed")
    arguments = parser.parse_args()
    found = figures(arguments.limit, arguments.repeats)
    print(json.dumps(found, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()
