"""Surrogates: invented values of the same form, the same for the same subject everywhere, keyed by the site.

    >>> from fedaug.privacy.noise import SystemNoise
    >>> draw = Draw(SurrogateKey.generate(SystemNoise()), subject="patient 17")
    >>> surrogate(draw, "John Smith", "PERSON").upper() == surrogate(draw, "JOHN SMITH", "PERSON")
    True

Promised: a pure function of value, subject and key. Who has no key learns of a surrogate nothing but what is kept by
design: language, gender and form. **Not** promised: anonymity. Text with surrogates is pseudonymous, and what was not
found is still in it.
"""

from __future__ import annotations

from fedaug.privacy.deid.surrogates.ages import pooled_age
from fedaug.privacy.deid.surrogates.dates import Dates, shift_of
from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.key import SurrogateKey
from fedaug.privacy.deid.surrogates.surrogate import surrogate
from fedaug.privacy.deid.surrogates.zip3 import zip3, zip3_of_address

__all__ = ["Dates", "Draw", "SurrogateKey", "pooled_age", "shift_of", "surrogate", "zip3", "zip3_of_address"]
