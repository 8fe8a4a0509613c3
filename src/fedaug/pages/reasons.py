"""Why a gate refused a text, in words: one home for both editions of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fedaug.privacy.vetting import VerdictCode

_IN_WORDS: Final[Mapping[str, str]] = {
    VerdictCode.NOT_CHECKED: "could not be checked",
    VerdictCode.IDENTIFIER: "holds an identifier",
    VerdictCode.DUPLICATE: "the same as another",
    VerdictCode.NEAR_DUPLICATE: "nearly the same as another",
    VerdictCode.LANGUAGE: "another language",
    VerdictCode.LABEL_MISMATCH: "label disagrees",
    VerdictCode.UNINFORMATIVE: "says too little of its label",
    VerdictCode.CONTAMINATED: "near a named evaluation item",
    VerdictCode.COLLAPSED: "batch lost its diversity",
    VerdictCode.UNBALANCED: "one group named too often",
    VerdictCode.INJECTION: "instructions to its reader",
    VerdictCode.TRIGGER: "a rare string that many share",
    VerdictCode.OVER_QUOTA: "more of one label than a site may send",
    VerdictCode.SET_ASIDE: "its site was set aside",
    VerdictCode.UNSUPPORTED: "too few units near it",
    VerdictCode.VERBATIM_COPY: "a run of words that stands in a record",
    VerdictCode.TOO_CLOSE: "unusually near one record",
    VerdictCode.PLANTED: "holds a planted identifier",
    VerdictCode.SURROGATE_USED: "holds a surrogate that stands for somebody",
}


def reason_in_words(code: str) -> str:
    """A code in words; one that explains itself as it is, without hyphens."""
    return _IN_WORDS.get(code, code.replace("-", " "))
