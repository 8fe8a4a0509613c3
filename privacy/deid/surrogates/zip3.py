"""The ZIP code rule of Safe Harbor: three digits, or 000 where few people live (45 CFR 164.514(b)(2)(i)(B))."""

from __future__ import annotations

import functools
import importlib
import re
from typing import Final

_CENSUS_2000: Final = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"
_CENSUS_2010: Final = "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893"
#: Prefixes with 20,000 or fewer people by Census 2000, as listed by the Department of Health and Human Services in its
#: "Guidance Regarding Methods for De-identification of Protected Health Information" (26 November 2012).
CENSUS_2000: Final = frozenset(_CENSUS_2000.split())
#: The same by the census of 2010, as lists in public use give them (Microsoft's Tools for Health Data Anonymization has
#: fourteen of these). The guidance asks for the newest count; no list of 2020 could be checked, so both are applied.
CENSUS_2010: Final = frozenset(_CENSUS_2010.split())
RESTRICTED: Final = CENSUS_2000 | CENSUS_2010

_ZIP: Final = re.compile(r"(?<![\d-])(\d{3})\d{2}(?:[- ]?\d{4})?(?![\d-])")


def zip3(code: str) -> str | None:
    """The first three digits of a US ZIP code that may be shown; 000 where they may not; None if it is no ZIP code.

    A prefix that no state has (military post among them) is taken for one where few people live.
    """
    match = _ZIP.fullmatch(code.strip())
    if match is None:
        return None
    return "000" if match[1] in RESTRICTED or match[1] not in _assigned() else match[1]


def zip3_of_address(address: str) -> str | None:
    """The same for the ZIP code that an address ends with."""
    found = list(_ZIP.finditer(address))
    if not found or address[found[-1].end() :].strip(" .,\nUSAusa") or found[-1].start() == 0:
        return None
    return zip3(found[-1][0])


@functools.cache
def _assigned() -> frozenset[str]:
    states = importlib.import_module("faker.providers.address.en_US").Provider.states_postcode
    return frozenset(f"{prefix:03d}" for low, high in states.values() for prefix in range(low // 100, high // 100 + 1))
