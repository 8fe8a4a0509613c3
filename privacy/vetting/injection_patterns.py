"""How texts speak to machines: phrases, markers and payloads that the injection gate looks for.

The kinds follow Perez & Ribeiro 2022 ("Ignore previous prompt"), Greshake et al. 2023 ("Not what you've signed up for")
and Liu et al. 2024 ("Formalizing and benchmarking prompt injection"). Gaps are bounded, so that no text takes long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from types import MappingProxyType
from typing import Final

_RULES: Final = r"(?:instruction|direction|prompt|rule|guideline|command|constraint|polic|directive)\w{0,5}"
_OLD: Final = (
    r"(?:all |any |the |your |my |these |those |of |every |each ){0,5}"
    r"(?:previous|prior|above|preceding|earlier|former|foregoing|system|original|initial|given|safety|other)"
)
_READER: Final = (
    r"(?:ai|llm|model|language model|assistant|chatbot|judge|grader|reviewer|classifier|annotator|labell?er|gate|filter"
    r"|moderator|vetting|root|admin\w{0,12}|developer|dan|jailbroken|unrestricted|system)"
)
_THING: Final = r"(?:text|sample|record|message|document|candidate|item|entry|example|input|content|batch|case|note)s?"
_GOOD: Final = (
    r"(?:passed|pass|passing|accepted|accept|acceptable|approved|approve|safe|benign|clean|harmless|valid|compliant"
    r"|not toxic|non toxic|10 10|10 out of 10|100|true|correct|high quality)"
)

#: In words of lower case without accents, one blank between two.
PHRASES: Final = (
    # countermands
    r"\b(?:ignore|disregard|forget|override|overrule|bypass|skip|neglect) (?:\w+ ){0,3}?"
    rf"{_OLD} (?:\w+ ){{0,3}}?{_RULES}",
    r"\b(?:ignore|disregard|forget) (?:everything|all|anything|whatever|what) (?:\w+ ){0,3}?"
    r"(?:above|before|earlier|previously|said|told|so far)\b",
    rf"\b(?:ignore|disregard|override|bypass) (?:all |any |your |these |the ){{1,4}}{_RULES}",
    r"\b(?:ignora|ignore|olvida|olvide|omite|omita|desobedece) (?:\w+ ){0,4}?"
    r"(?:instruccion|orden|regla|indicacion)\w{0,4}",
    r"\bend of (?:\w+ ){0,2}?(?:prompt|instructions?|context)\b|\bbegin (?:new )?(?:prompt|instructions?)\b",
    # another role
    rf"\b(?:you are|you re|youre) (?:now|no longer|henceforth) (?:\w+ ){{0,3}}?(?:{_READER}|mode|free|bound)\b",
    r"\b(?:pretend|act|behave|respond|answer|roleplay|role play) (?:\w+ ){0,2}?(?:as|like|to be|you are) "
    rf"(?:an? |the |if you (?:are|were) )(?:\w+ ){{0,2}}?{_READER}\b",
    r"\b(?:developer|debug|god|jailbreak|dan|admin|sudo|unrestricted) mode\b|\bjailbreak\w{0,5}\b|\bdo anything now\b",
    rf"\bas an? (?:ai|{_READER}) (?:you|your)\b",
    r"\b(?:a partir de ahora|desde ahora|ahora) (?:eres|actua|actuas|seras)\b",
    r"\bactua como (?:un |una )?(?:ia|asistente|modelo|administrador)\b",
    # what is not to be shown
    r"\b(?:reveal|print|show|repeat|output|leak|tell me|give me|display|expose) (?:\w+ ){0,4}?"
    rf"(?:system|initial|hidden|secret|original|developer) (?:\w+ )?{_RULES}",
    r"\b(?:hidden|secret|real|actual) (?:system )?(?:instruction|directive|prompt)s?\b|\bprompt injection\b",
    r"\b(?:system|developer|assistant) (?:prompt|message|override|instruction|directive)s?\b",
    # a verdict
    rf"\b(?:note|message|instruction|attention|memo|request)s? (?:to|for) (?:the |any |all )?(?:\w+ )?{_READER}s?\b",
    r"\b(?:classify|label|rate|mark|score|grade|judge|annotate|flag|treat|consider|approve|accept) "
    rf"(?:this|the|these|every|all|each|following)(?: \w+){{0,2}}? {_THING} "
    rf"(?:\w+ ){{0,2}}?(?:as|with|to) (?:\w+ ){{0,2}}?{_GOOD}\b",
    r"\b(?:classify|label|rate|mark|score|grade|annotate|flag) (?:it|this|them|these|me) (?:as|with) "
    rf"(?:\w+ ){{0,2}}?{_GOOD}\b",
    r"\b(?:return|output|say|answer|reply|respond|emit|print) (?:\w+ ){0,2}?(?:only|just|exactly) "
    rf"(?:\w+ ){{0,3}}?{_GOOD}\b",
    r"\b(?:return|output|answer|reply|respond|emit|print) (?:always )?(?:with )?(?:the (?:word|label|verdict|code) )?"
    r"(?:passed|approved|accepted|safe|benign)\b",
    r"\b(?:verdict|label|answer|result|decision|output|score|class)s? (?:must|should|shall|has to|needs to|is to) be "
    rf"(?:\w+ ){{0,2}}?{_GOOD}\b",
    rf"\bthis {_THING} (?:is|was|has been|has|passes|passed) (?:\w+ ){{0,2}}?"
    r"(?:safe|approved|verified|vetted|passed|gates|checks|harmless|trusted|whitelisted)\b",
    r"\b(?:do not|don t|dont|never|must not) (?:flag|refuse|reject|quarantine|filter|moderate) "
    rf"(?:this|it|these|me|the {_THING})\b",
    # tools
    r"\b(?:execute|run|eval) (?:the |this |following |these ){1,3}(?:code|command|tool|function|script|shell)s?\b",
    r"\b(?:send|post|upload|forward|exfiltrate|transmit) (?:\w+ ){0,6}?"
    r"(?:to (?:http|https|www|this (?:url|webhook|server))|chat history)\b",
)

LINK: Final = "link"
#: By kind, in a text that ``fold`` has folded, with its punctuation; case does not count.
MARKERS: Final = MappingProxyType(
    {
        "turn": r"<\|[a-z_ ]{2,30}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|\bend_?of_?text\b",
        "speaker": r"(?:^|\n)[ \t>#*]{0,20}(?:system|assistant|developer|human|user|ai)"
        r"(?: prompt| message)?[ \t]{0,5}:",
        "heading": r"(?:^|[\n.!?])[ \t]{0,20}#{1,6}[ \t]{0,5}"
        r"(?:system|assistant|user|instruction|response|input|output)s?\b",
        "tag": r"</?(?:system|assistant|developer|user|human|instructions?|prompt|context|tool(?:_call)?"
        r"|function(?:_call)?|record|document|candidate|text)[ ]?/?>",
        "template": r"\{%[^\n]{0,200}?%\}|\$\{[^\n]{0,200}?\}",
        "json": r'"(?:role|verdict|tool_calls?|function_call|code)"[ ]?:[ ]?"',
        "markup": r"<(?:script|iframe|img|svg|object|embed|link|meta|style|form|a)\b[^>]{0,500}>|javascript:|<!--"
        r"|data:[a-z]{1,12}/[a-z0-9.+-]{1,40}[;,]",
        "code": r"```|\bos\.system\b|\bsubprocess\.|\b__import__\b|\beval\(|\bexec\(|\brm -rf\b|\bcurl -|\bwget "
        r"|;[ ]?drop table\b|\bunion select\b",
        LINK: r"\b(?:https?|ftp|file|ssh|wss?|hxxps?)://|\bwww\.[a-z0-9-]{1,63}\."
        r"|!?\[[^\]\n]{0,200}\]\([ ]{0,3}(?:[a-z]{1,12}:|[/#.]|www\.)",
    }
)

_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_CODED: Final = re.compile(
    r"(?:\\x[0-9a-f]{2}){4,}|(?:\\u[0-9a-f]{4}){4,}|(?:%[0-9a-f]{2}){6,}|(?:&#x?[0-9a-f]{2,6};){4,}", re.I
)
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}[ :]?){20,}", re.I)
#: Base64 changes between small and capital letters, digits and signs at two of three places, words at few.
_LEAST_CHANGES: Final = 0.4


def compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    """Any of several patterns; of none, one that nothing matches."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)", re.IGNORECASE)


def has_payload(text: str) -> bool:
    """Whether a text holds a run of base64, hexadecimal or escaped bytes, long enough to say something."""
    return (
        bool(_CODED.search(text)) or any(_mixed(run) for run in _runs(text)) or any(map(_is_hex, _HEX.finditer(text)))
    )


def _runs(text: str) -> Iterator[str]:
    return (match[0].rstrip("=") for match in _RUN.finditer(text))


def _mixed(run: str) -> bool:
    kinds = [(letter.isupper(), letter.islower(), letter.isdigit()) for letter in run]
    changes = sum(before != after for before, after in pairwise(kinds))
    return changes >= _LEAST_CHANGES * len(run)


def _is_hex(match: re.Match[str]) -> bool:
    """Digits alone are a table of numbers, and letters alone a strange word."""
    return any(letter.isdigit() for letter in match[0]) and any(letter.isalpha() for letter in match[0])
