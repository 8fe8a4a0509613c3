"""A surrogate for any finding, by its type."""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.surrogates.check_digits import CHECKS
from fedaug.privacy.deid.surrogates.contacts import surrogate_email, surrogate_ip, surrogate_url
from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.names import surrogate_name
from fedaug.privacy.deid.surrogates.numbers import canonical_id, surrogate_number
from fedaug.privacy.deid.surrogates.phones import surrogate_phone
from fedaug.privacy.deid.surrogates.places import surrogate_place
from fedaug.privacy.deid.surrogates.traits import surrogate_trait

_CONTACTS: Final = {
    "PHONE_NUMBER": surrogate_phone,
    "FAX_NUMBER": surrogate_phone,
    "EMAIL_ADDRESS": surrogate_email,
    "URL": surrogate_url,
    "IP_ADDRESS": surrogate_ip,
}
_PHONES: Final = frozenset(("PHONE_NUMBER", "FAX_NUMBER"))
_PHONE: Final = re.compile(r"\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4}")
_WHOLE_PHONE: Final = 9  # digits; fewer, without a sign between them, may be any number
_LEAST_ID: Final = 3
#: Longer than anything that has a form to keep: a finding that runs on over a page gets a tag.
_MOST_CHARACTERS: Final = 1_000


def surrogate(draw: Draw, value: str, entity_type: str) -> str | None:
    """What stands for a value; None where no surrogate can be made, and a tag must do. Not for dates and ages."""
    if len(value) > _MOST_CHARACTERS:
        return None
    made = _made(draw, value, entity_type)
    return None if made is None or made.casefold() == value.casefold() else made


def _made(draw: Draw, value: str, entity_type: str) -> str | None:
    kind = entity(entity_type).kind
    if kind != "trait" and _is_bare_number(value, entity_type):
        return surrogate_number(draw, value, "ID")
    if entity_type in _CONTACTS:
        return _CONTACTS[entity_type](draw, value)
    if kind == "number" and _PHONE.fullmatch(value) and not any(check(canonical_id(value)) for check in CHECKS):
        return surrogate_phone(draw, value)
    if kind == "name":
        return surrogate_name(draw, value)
    if kind in ("place", "organisation"):
        return surrogate_place(draw, value, institution=kind == "organisation")
    return surrogate_trait(draw, value, entity_type) if kind == "trait" else surrogate_number(draw, value, entity_type)


def _is_bare_number(value: str, entity_type: str) -> bool:
    """Whether a name, a place or a contact is nothing but digits: a number, which may be found as one elsewhere."""
    if entity_type in _PHONES:
        return value.isdecimal() and len(value) < _WHOLE_PHONE
    return entity(entity_type).kind != "number" and value.isdecimal() and len(value) >= _LEAST_ID
