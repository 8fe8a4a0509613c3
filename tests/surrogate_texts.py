"""Texts with findings marked in them, for tests of what is put in their place."""

from __future__ import annotations

import re

from fedaug.privacy.deid.policies import DeidPolicy, OperatorChoice
from fedaug.privacy.deid.spans import Span

_MARK = re.compile(r"\{(?P<type>[A-Z_]+):(?P<value>[^{}]*)\}")


def marked(text: str) -> tuple[str, list[Span]]:
    """A text without its marks, such as ``{PERSON:Ann}``, and where they were."""
    plain, spans, position = "", [], 0
    for match in _MARK.finditer(text):
        plain += text[position : match.start()]
        spans.append(Span(len(plain), len(plain) + len(match["value"]), match["type"], 1.0))
        plain += match["value"]
        position = match.end()
    return plain + text[position:], spans


def policy(operator: str = "surrogate", **options: object) -> DeidPolicy:
    """A policy that does the same with every type; dates are shifted where it makes surrogates."""
    choice = OperatorChoice.model_validate({"operator": operator, **options})
    typed = {"shift": "DATE_TIME", "year": "DATE_TIME", "pool-age": "AGE", "zip3": "ZIP_CODE"}
    if operator in typed:
        names = {"zip3": ("ZIP_CODE", "ADDRESS", "LOCATION")}.get(operator, (typed[operator],))
        entities = dict.fromkeys(names, choice)
        return DeidPolicy(
            name="test", description="For tests.", default=OperatorChoice(operator="redact"), entities=entities
        )
    return DeidPolicy(name="test", description="For tests.", default=choice)
