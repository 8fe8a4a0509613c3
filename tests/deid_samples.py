"""Short texts with planted identifiers of every kind that the pattern recognisers know, and with near misses."""

from __future__ import annotations

import random

PLANTED = (
    "06/21/07",
    "2024-03-05",
    "3-Mar-2021",
    "07/2007",
    "212-555-5555",
    "+44 20 7946 0958",
    "(030) 901820",
    "219-09-9999",
    "4111 1111 1111 1111",
    "GB82WEST12345698765432",
    "anna.smith@example.co.uk",
    "https://www.example.com/a?b=1",
    "example.org",
    "192.168.0.17",
    "2001:db8::8a2e:370:7334",
    "00:1A:2B:3C:4D:5E",
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "A1234567",
    "943 476 5919",
    "AB1234563",
    "000123456789",
    "912-70-1234",
)
NEAR_MISSES = (
    "C6-C7",
    "L5-S1",
    "O2 at 2 l",
    "120/80",
    "$1,000",
    "10.5 mg",
    "e.g. this",
    "bad.This",
    "12:30",
    "face-cafe",
    "beef-dead",
    "a-b",
    "x x x 1",
    "½ ٣٤٥٦٧٨٩",
    "@home",
    "::",
    "1 2 3 4 5 6 7",
    "3 x 4 x 5 x 6",
    "[DATE_TIME]",
    "١٢/١٢/٢٠٢٠",
    "ﬀ.ſh K.KE",
    "1" * 30,
    "q" * 40,
)
CONTEXT = (
    "phone",
    "ssn",
    "passport",
    "license",
    "account",
    "card",
    "born",
    "call me on",
    "bank",
    "nhs",
    "medical",
    "url",
)
FILLER = (
    "the patient",
    "was seen on",
    "and",
    "reports no pain",
    "my transfer",
    "is still pending",
    "why",
    "see",
    "no.",
)


def texts(count: int, seed: int = 7) -> list[str]:
    """Texts of 1 to 12 parts, in lower, upper and given case, with odd punctuation between parts."""
    draw = random.Random(seed)  # sample texts, not secrets
    return [_text(draw) for _ in range(count)]


def _text(draw: random.Random) -> str:
    parts = [
        draw.choice(draw.choice((PLANTED, NEAR_MISSES, CONTEXT, FILLER, FILLER))) for _ in range(draw.randint(1, 12))
    ]
    joined = "".join(part + draw.choice((" ", " ", " ", ", ", ": ", "\n", "-", "", ". ")) for part in parts)
    return draw.choice((str, str, str.lower, str.upper))(joined)
