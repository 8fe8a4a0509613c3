"""The closed vocabulary of what de-identification finds, and the Safe Harbor identifier that each type belongs to.

Presidio's names are kept where it has one, so that a site's own Presidio recognisers fit in unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

Kind = Literal["name", "place", "organisation", "date", "age", "contact", "number", "trait"]


@dataclass(frozen=True)
class Entity:
    """A type of identifier.

    Attributes:
        name: As findings carry it, such as ``US_SSN``.
        kind: What its surrogates are made as.
        safe_harbor: The letter of 45 CFR 164.514(b)(2)(i) that names it; None for what Safe Harbor does not list.
    """

    name: str
    kind: Kind
    safe_harbor: str | None


_ALL: Final = (
    Entity("PERSON", "name", "A"),
    Entity("LOCATION", "place", "B"),
    Entity("ADDRESS", "place", "B"),
    Entity("ZIP_CODE", "place", "B"),
    Entity("FACILITY", "organisation", "B"),
    Entity("DATE_TIME", "date", "C"),
    Entity("AGE", "age", "C"),
    Entity("PHONE_NUMBER", "contact", "D"),
    Entity("FAX_NUMBER", "contact", "E"),
    Entity("EMAIL_ADDRESS", "contact", "F"),
    Entity("US_SSN", "number", "G"),
    Entity("MEDICAL_RECORD_NUMBER", "number", "H"),
    Entity("UK_NHS", "number", "H"),
    Entity("HEALTH_PLAN_NUMBER", "number", "I"),
    Entity("US_MBI", "number", "I"),
    Entity("CLAIM_NUMBER", "number", "I"),
    Entity("POLICY_NUMBER", "number", "I"),
    Entity("ACCOUNT_NUMBER", "number", "J"),
    Entity("US_BANK_NUMBER", "number", "J"),
    Entity("ROUTING_NUMBER", "number", "J"),
    Entity("CREDIT_CARD", "number", "J"),
    Entity("IBAN_CODE", "number", "J"),
    Entity("SWIFT_CODE", "number", "J"),
    Entity("CRYPTO", "number", "J"),
    Entity("LICENSE_NUMBER", "number", "K"),
    Entity("US_DRIVER_LICENSE", "number", "K"),
    Entity("MEDICAL_LICENSE", "number", "K"),
    Entity("US_NPI", "number", "K"),
    Entity("US_PASSPORT", "number", "K"),
    Entity("VEHICLE_ID", "number", "L"),
    Entity("DEVICE_ID", "number", "M"),
    Entity("MAC_ADDRESS", "number", "M"),
    Entity("URL", "contact", "N"),
    Entity("IP_ADDRESS", "contact", "O"),
    Entity("BIOMETRIC_ID", "number", "P"),
    Entity("ID", "number", "R"),
    Entity("US_ITIN", "number", "R"),
    Entity("ES_NIF", "number", "R"),
    Entity("ES_NIE", "number", "R"),
    Entity("ORGANIZATION", "organisation", None),
    Entity("NRP", "trait", None),
    Entity("TITLE", "trait", None),
    Entity("SEX", "trait", None),
    Entity("PROFESSION", "trait", None),
    Entity("FAMILY", "trait", None),
)

#: Entity by name.
ENTITIES: Final[dict[str, Entity]] = {entity.name: entity for entity in _ALL}


def entity(name: str) -> Entity:
    """The entity of a name; a name that is not in the vocabulary is some number that identifies (letter R)."""
    return ENTITIES.get(name, Entity(name, "number", "R"))


def near_types(name: str, own: Iterable[str] = (), *, cutoff: float = 0.6) -> tuple[str, ...]:
    """The types, at most three, that somebody may have meant who wrote a name that is none.

    Args:
        name: What was written.
        own: The site's own types.
        cutoff: How much alike, 0 to 1.
    """
    return tuple(get_close_matches(name, (*ENTITIES, *own), n=3, cutoff=cutoff))
