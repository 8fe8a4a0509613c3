"""Puts something in the place of each finding, as a policy says.

>>> from fedaug.privacy.deid.policies import load_policy
>>> from fedaug.privacy.deid.spans import Span
>>> Replacer(load_policy("hipaa-safe-harbor")).replace("Seen 3/14/2019.", [Span(5, 14, "DATE_TIME", 1.0)])
'Seen 2019.'
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.fold import fold
from fedaug.privacy.deid.operators.encrypt import encrypt_value, key_id
from fedaug.privacy.deid.operators.tags import Numbers, hashed, masked, tag
from fedaug.privacy.deid.policies import DeidPolicy, OperatorChoice
from fedaug.privacy.deid.spans import Span, resolve
from fedaug.privacy.deid.surrogates import (
    Dates,
    Draw,
    SurrogateKey,
    pooled_age,
    shift_of,
    surrogate,
    zip3,
    zip3_of_address,
)
from fedaug.privacy.deid.surrogates.words import WORD, plain
from fedaug.privacy.noise import NoiseSource, SystemNoise

#: By how much a date moves where a policy says ``surrogate`` and not ``shift``.
_MAX_SHIFT_DAYS: Final = 365
_BESIDE: Final = 30  # characters beside an age, so that what is put in its place reads on


@dataclass(frozen=True, repr=False)
class Replaced:
    """A text with its findings replaced.

    Attributes:
        text: What it says now.
        surrogates: What was put in it by ``surrogate`` and ``hash-id``, in order. Ages and dates are not among them:
            such values are in any text.
    """

    text: str
    surrogates: tuple[str, ...] = ()


class Replacer:
    """Replaces findings. The result is a function of text, findings, subject, language, policy and keys alone, except
    that ``encrypt`` draws nonces.

    Args:
        policy: What is done with each type.
        key: The site's; needed by ``surrogate``, ``shift`` and ``hash-id``.
        encryption_key: 32 bytes; needed by ``encrypt``.
        noise: Where nonces come from; None means the operating system.

    Raises:
        ConfigError: A key that the policy needs is missing or malformed.
    """

    def __init__(
        self,
        policy: DeidPolicy,
        *,
        key: SurrogateKey | None = None,
        encryption_key: bytes | None = None,
        noise: NoiseSource | None = None,
    ) -> None:
        if policy.needs_surrogate_key and key is None:
            raise ConfigError("the policy makes surrogates and no surrogate key was given", "give the site's key")
        if policy.needs_encryption_key and encryption_key is None:
            raise ConfigError("the policy encrypts and no encryption key was given", "give the site's key")
        if encryption_key is not None:
            key_id(encryption_key)  # refuses one of a wrong size before any record is read
        self._policy = policy
        self._key = key
        self._encryption_key = encryption_key
        self._noise = noise or SystemNoise()

    def replace(
        self,
        text: str,
        spans: Sequence[Span],
        *,
        subject: str | None = None,
        record: str | None = None,
        language: str = "en",
    ) -> str:
        """The text alone that :meth:`replaced` gives."""
        return self.replaced(text, spans, subject=subject, record=record, language=language).text

    def replaced(
        self,
        text: str,
        spans: Sequence[Span],
        *,
        subject: str | None = None,
        record: str | None = None,
        language: str = "en",
    ) -> Replaced:
        """The text with its findings replaced; what lies outside them is untouched.

        Args:
            text: The record.
            spans: As found; overlaps are merged once those that the policy keeps or does not look for are dropped.
            subject: Whom the record is about: the same subject gets the same surrogates and the same shift of dates in
                all of its records, and what is encrypted can be turned back only under its name.
            record: What is drawn for instead where no subject is named; nothing that is encrypted is bound to it. None
                as well makes this text a subject of its own, so that no other text agrees with it.
            language: Two letters.
        """
        kept = [span for span in spans if not self._policy.takes_out(span.entity_type)]
        found = resolve(span for span in spans if span.length and self._policy.takes_out(span.entity_type))
        values = [fold(text[span.start : span.end]).text for span in found]
        mixed = _mixed(found, [span for span in spans if not self._policy.operator_for(span.entity_type).keeps])
        parts = _Record(
            self,
            text,
            found,
            values,
            kept=[text[span.start : span.end] for span in kept],
            subject=subject,
            record=record,
            language=language,
            mixed=mixed,
        )
        pieces, position = [], 0
        for index, span in enumerate(found):
            pieces += [text[position : span.start], parts.replacement(index)]
            position = span.end
        return Replaced("".join([*pieces, text[position:]]), tuple(parts.surrogates))


class _Record:
    """What the replacements of one text have in common."""

    def __init__(
        self,
        replacer: Replacer,
        text: str,
        found: Sequence[Span],
        values: Sequence[str],
        *,
        kept: Sequence[str],
        subject: str | None,
        record: str | None,
        language: str,
        mixed: frozenset[int],
    ) -> None:
        self._policy, self._mixed = replacer._policy, mixed
        self._encryption_key, self._noise = replacer._encryption_key, replacer._noise
        self._text, self._subject, self._language = text, subject, language
        self._found, self._values = found, values
        self._numbers = Numbers()
        self.surrogates: list[str] = []
        taken = _words((*values, *kept))
        drawn_for = record if subject is None else subject
        self._draw = (
            Draw(replacer._key, subject=drawn_for, text=text, taken=taken, language=language) if replacer._key else None
        )
        self._dates = Dates(
            [(span.start, value) for span, value in zip(found, values, strict=True) if _is_date(span)], language
        )

    def replacement(self, index: int) -> str:
        """What stands in the place of a finding; a tag where its operator can make nothing of it."""
        span, value = self._found[index], self._values[index]
        choice = self._policy.operator_for(span.entity_type)
        if index in self._mixed and choice.operator != "encrypt" and not self._dates.are_all_of(span.start):
            return tag(span.entity_type)
        if choice.operator == "redact" and choice.number:
            return tag(span.entity_type, self._numbers.of(value, span.entity_type))
        return self._made(choice, span, value) or tag(span.entity_type)

    def _made(self, choice: OperatorChoice, span: Span, value: str) -> str | None:
        match choice.operator:
            case "mask":
                return masked(value, choice.mask_with, keep_first=choice.keep_first, keep_last=choice.keep_last)
            case "encrypt":
                return self._encrypted(span)
            case "year":
                return self._dates.years(span.start, value, choice.oldest_year) if _is_date(span) else None
            case "pool-age":
                return self._pooled(span, value, limit=choice.pool_over, band=choice.band_years)
            case "zip3":
                return _zip3(value, span.entity_type)
            case _:
                return self._keyed(choice, span, value)

    def _keyed(self, choice: OperatorChoice, span: Span, value: str) -> str | None:
        if self._draw is None or choice.operator not in ("surrogate", "shift", "hash-id"):
            return None
        if choice.operator == "hash-id":
            return self._noted(hashed(self._draw, value, span.entity_type, choice.length))
        if _is_date(span):
            most = choice.max_shift_days if choice.operator == "shift" else _MAX_SHIFT_DAYS
            days = shift_of(self._draw, most, whole_weeks=choice.whole_weeks)
            return self._dates.shifted(span.start, value, days)
        if choice.operator == "shift":
            return None
        if entity(span.entity_type).kind == "age":
            return self._pooled(span, value)
        return self._noted(surrogate(self._draw, value, span.entity_type))

    def _noted(self, made: str | None) -> str | None:
        if made:
            self.surrogates.append(made)
        return made

    def _pooled(self, span: Span, value: str, *, limit: int = 89, band: int = 1) -> str | None:
        before = self._text[max(0, span.start - _BESIDE) : span.start]
        after = self._text[span.end : span.end + _BESIDE]
        return pooled_age(value, limit=limit, band=band, language=self._language, before=before, after=after)

    def _encrypted(self, span: Span) -> str:
        assert self._encryption_key is not None
        # Byte for byte what stood there, disguises included: it must come back as it was.
        value = self._text[span.start : span.end]
        return encrypt_value(value, span.entity_type, self._encryption_key, subject=self._subject, noise=self._noise)


def _mixed(found: Sequence[Span], parts: Sequence[Span]) -> frozenset[int]:
    """Ages and dates with something else merged in, of which what makes an age or a year would leave the rest."""
    kinds = {"age", "date"}
    ordered = sorted((part for part in parts if entity(part.entity_type).kind not in kinds), key=lambda one: one.start)
    starts = [part.start for part in ordered]
    return frozenset(
        index
        for index, span in enumerate(found)
        if entity(span.entity_type).kind in kinds
        and any(
            part.end > span.start for part in ordered[bisect_left(starts, span.start) : bisect_left(starts, span.end)]
        )
    )


def _is_date(span: Span) -> bool:
    return entity(span.entity_type).kind == "date"


def _zip3(value: str, entity_type: str) -> str | None:
    code = zip3(value)
    if code is not None or entity_type == "ZIP_CODE":
        return code
    code = zip3_of_address(value)
    return code and f"{tag(entity_type)} {code}"


def _words(values: Sequence[str]) -> frozenset[str]:
    """The plain words and numbers of values, which no surrogate may equal."""
    words = {plain(word[0]).removesuffix("'s") for value in values for word in WORD.finditer(value)}
    numbers = {"".join(sign for sign in value if sign.isalnum()).lower() for value in values}
    return frozenset(words | numbers)
