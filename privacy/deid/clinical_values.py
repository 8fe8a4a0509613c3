"""Leaves clinical values out of findings: vital signs, scores, visual acuity, doses, TNM stages, times of the day.

A value counts only where its own name, unit or schedule stands beside it, and never where it can be read as a date, as
"TA 13/07" can: what is not surely clinical stays found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from fedaug.privacy.deid.clock import without_time_of_day
from fedaug.privacy.deid.spans import Span

#: Nothing that would make a longer number, a date or a code of what stands before.
_END: Final = r"(?![\w]|[/.,:-]\d|[ ]?[/-]\d)"
_START: Final = r"(?<![\w/])(?<!\d[.,:-])"
_IS: Final = r"(?:[ ]?[:=][ ]?|[ ](?:de[ ]|of[ ]|is[ ]|was[ ])?)?"
#: No day of a month comes first nor second: 50/30 at least.
_PRESSURE: Final = r"(?:[5-9]\d|1\d\d|2[0-5]\d)[ ]?/[ ]?(?:3[2-9]|[4-9]\d|1[0-5]\d)"
_ACUITY: Final = r"20/(?:1[3-9]|[2-9]\d|[1-8]00|1[0-9]0|125|320)"
_SCHEDULE: Final = r"[0-4½](?:/[24])?(?:-[0-4½](?:/[24])?){2,3}"
_HOW_OFTEN: Final = (
    rf"(?:{_SCHEDULE}(?![\w/-])|[QTB]ID\b|[qtb]id\b|q\d{{1,2}}h\b|c/\d|daily\b|cada[ ]\d|(?:once|twice|every)\b"
    r"|(?:tabs?|comp|cp|puffs?)\b)"
)
#: One part is no day and no month, or both are no month.
_NO_DATE: Final = (
    r"(?:\d{1,4}/(?:3[2-9]|[4-9]\d|\d{3,4})|(?:3[2-9]|[4-9]\d|\d{3,4})/\d{1,4}|(?:1[3-9]|2\d)/(?:1[3-9]|[23]\d))"
)
_DECIMAL: Final = r"(?:\d{1,4}/\d{1,4}[.,]\d{1,2})"
_A_PRESSURE: Final = "TA|T.A|PA|P.A|BP|pressure|tensi|presi"
_PRESSURE_NAME: Final = r"(?:T\.?A\.?|P\.?A\.?|BP|(?i:blood[ ]pressure|(?:tensi[oó]n|presi[oó]n)(?:[ ]arterial)?))"

#: Each with what every text in which it matches holds, as it is or case-folded: most texts are spared most patterns.
_VALUES: Final = tuple(
    (tuple(needed.split("|")), re.compile(pattern))
    for needed, pattern in (
        (
            _A_PRESSURE,
            rf"\b{_PRESSURE_NAME}{_IS}{_PRESSURE}(?:[ ]?mm[ ]?Hg)?{_END}",
        ),
        (
            "Hg",
            rf"{_START}{_PRESSURE}[ ]?mm[ ]?Hg\b",
        ),
        # A value without a name counts behind the pressure of another time: "TA el 13/07: 140/90".
        (
            _A_PRESSURE,
            rf"\b{_PRESSURE_NAME}[^\n\d]{{0,20}}\d{{1,2}}/\d{{1,2}}[ ]?[:=(]?[ ]?(?P<value>{_PRESSURE}){_END}",
        ),
        (
            "FC|Fc|HR|FR|RR|puls|frecuencia|rate",
            r"\b(?:FC|Fc|HR|FR|RR"
            r"|(?i:pulse|pulso|frecuencia[ ](?:card[ií]aca|respiratoria)|(?:heart|respiratory)[ ]rate))"
            rf"{_IS}\d{{2,3}}(?:[ ]?(?:[lbrx]pm|/min))?{_END}",
        ),
        (
            "o2",
            r"\b(?i:sat(?:uraci[oó]n|uration)?\.?[ ]?(?:de[ ])?O2|spo2|sao2)"
            rf"{_IS}\d{{2,3}}(?:[ ]?%)?{_END}",
        ),
        (
            "TAS|TAD|TAM|PAS|PAD|PVC|EVA|BMT|DXT|IMC|BMI",
            rf"\b(?:TAS|TAD|TAM|PAS|PAD|PVC|EVA|BMT|DXT|IMC|BMI){_IS}\d{{2,3}}(?:[.,]\d)?{_END}",
        ),
        (
            "T|t",
            rf"\b(?:T\.?ª?|Tª|Temp\.?|(?i:temperatura|temperature)){_IS}(?:3[3-9]|4[0-2]|9[5-9]|10[0-6])[.,]\d{_END}",
        ),
        (
            ",|.",
            rf"{_START}(?:3[3-9]|4[0-2])[.,]\d(?:[ ]?(?:º|°)[ ]?C?)?(?![\w]|[/.,:-]\d)",
        ),
        (
            "GCS|glasgow",
            rf"\b(?:GCS|(?i:glasgow))(?:[ ](?:Coma[ ]Scale|CS))?{_IS}\d{{1,2}}/15{_END}",
        ),
        (
            "MMSE|MoCA|MEC|Tinetti|yesavage|folstein",
            rf"\b(?:MMSE|MoCA|MEC|Tinetti|(?i:yesavage|folstein)){_IS}\d{{1,2}}/(?:15|28|30|35){_END}",
        ),
        (
            "Barthel|BARTHEL|Karnofsky",
            rf"\b(?:Barthel|BARTHEL|Karnofsky)(?:[ ][Ii]ndex)?{_IS}\d{{1,3}}/100{_END}",
        ),
        (
            "Apgar|APGAR|pain|dolor",
            rf"\b(?:Apgar|APGAR|(?i:pain|dolor)){_IS}\d{{1,2}}/10(?:/10)?{_END}",
        ),
        (
            "PIO|IOP",
            rf"\b(?:PIO|IOP)(?:[ ](?:OD|OI|AO|OU))?{_IS}(?:1[3-9]|[2-6]\d)/(?:1[3-9]|[2-6]\d){_END}",
        ),
        (
            "20/",
            r"\b(?:AV(?:cc|sc)?|VA|BCVA|(?i:visi[oó]n|agudeza[ ]visual|visual[ ]acuity))"
            rf"(?:[ ](?:OD|OI|OS|OU|AO|en[ ]OD))?{_IS}{_ACUITY}{_END}",
        ),
        (
            "20/",
            rf"{_START}{_ACUITY}[ ]?(?:,[ ]?)?(?:en[ ]|in[ ]|of[ ])?(?:OD|OI|OS|OU|AO|ambos[ ]ojos|both[ ]eyes)\b",
        ),
        (
            "/",
            rf"{_START}\d{{1,4}}(?:[.,]\d{{1,2}})?/\d{{1,4}}(?:[.,]\d{{1,2}})?[ ]?(?:mg|mcg|µg|UI|IU)\b",
        ),
        (
            "/",
            rf"{_START}(?:{_DECIMAL}|{_NO_DATE})(?=[ ]{{1,2}}{_HOW_OFTEN})",
        ),
        (
            "-",
            rf"(?<![\w.,/-]){_SCHEDULE}(?![\w/-])",
        ),
        # A post code of Calgary looks alike.
        (
            "M0|M1|Mx|MX",
            r"(?<!AB )(?<!AB, )(?<!Alberta )(?<!Calgary )(?<!Calgary, )"
            r"\b[cypr]{0,2}T(?:[0-4][a-d]?|is|x|X) ?N[0-3xX][a-c]? ?M[01xX]\b",
        ),
        (
            "C|D|T|L|S",
            r"\b[CDTLS](?:1[0-2]|[1-9])[-/][CDTLS](?:1[0-2]|[1-9])\b",
        ),
        (
            ":",
            r"(?<![\w:.])(?:[01]?\d|2[0-3]):[0-5]\d(?:[ ]?(?:h|hrs|horas|[aApP]\.?[mM]\b\.?))?(?![:\w]|[.]\d)",
        ),
    )
)
_BETWEEN: Final = " \t\n,;:.()-"


class ClinicalValues:
    """The clinical values of one text.

    Args:
        text: Any text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        either_case = text + text.casefold()
        found = sorted(
            match.span("value") if "value" in pattern.groupindex else match.span()
            for needed, pattern in _VALUES
            if any(map(either_case.__contains__, needed))
            for match in pattern.finditer(text)
        )
        self._spans: list[tuple[int, int]] = []
        for start, end in found:
            if self._spans and start <= self._spans[-1][1]:
                self._spans[-1] = (self._spans[-1][0], max(end, self._spans[-1][1]))
            else:
                self._spans.append((start, end))
        self._starts = [start for start, _ in self._spans]

    def left_out_of(self, span: Span) -> Span | None:
        """A finding without the values at its ends; None where nothing else is in it.

        Args:
            span: A finding in the text.
        """
        start, end = self._bare(span.start, span.end)
        cut = False
        while start < end:
            begins, ends = self._around(start), self._around(end - 1)
            if begins is None and ends is None:
                return span if not cut else replace(span, start=start, end=end)
            cut = True
            # A finding that begins within a value and goes on behind it loses the value, and so at its end.
            start, end = (start if begins is None else begins[1]), (end if ends is None else ends[0])
            start, end = self._bare(start, max(start, end))
        return None

    def _bare(self, start: int, end: int) -> tuple[int, int]:
        """Both ends without the marks around."""
        value = self._text[start:end]
        return end - len(value.lstrip(_BETWEEN)), start + len(value.rstrip(_BETWEEN))

    def _around(self, place: int) -> tuple[int, int] | None:
        index = bisect_right(self._starts, place) - 1
        return self._spans[index] if index >= 0 and place < self._spans[index][1] else None


def without_clinical_values(text: str, spans: Iterable[Span]) -> list[Span]:
    """Findings without the clinical values at their ends, those left out that are nothing else.

    Args:
        text: The text in which they were found.
        spans: Findings of any type.
    """
    spans = list(spans)
    if not any(any(map(str.isdigit, text[span.start : span.end])) for span in spans):
        return spans
    values = ClinicalValues(text)
    dated = (without_time_of_day(text, span) for span in spans)
    return [left for span in dated if span and (left := values.left_out_of(span)) is not None]
