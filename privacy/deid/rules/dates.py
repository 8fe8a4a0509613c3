"""Dates as notes, letters and forms write them; not fractions, scores, strengths or blood pressures.

A month and day in figures ("3/14") has the form of a ratio. It counts after a word that goes before dates, before a
time, at the head of an entry, or when the day is above 12 and no scale is near.
"""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.rules.date_pieces import (
    A_DAY_WORD,
    A_MONTH,
    A_YEAR,
    AFTER_RATIO,
    BEFORE_DATE,
    DAY_WORDS,
    FULL_MONTH,
    HOLIDAY,
    MD,
    MDY,
    NO_DIGIT,
    NO_RATIO,
    ORDINAL,
    SCORED,
    TIME,
    TO,
    UNITS,
    WEEKDAY_BEFORE,
    YEAR,
    YEAR_WORDS,
    D,
    M,
)
from fedaug.privacy.deid.rules.pieces import MONTH, WEEKDAY
from fedaug.privacy.deid.rules.run import Rule


def numeric_date(text: str) -> bool:
    """Whether three numbers are a day, a month and a year in some order."""
    parts = [int(part) for part in re.findall(r"\d{1,4}", text)[:3]]
    if len(parts) < 3:
        return True
    first, second, third = parts
    month_and_day = (second, third) if first > 31 else (first, second)
    return min(month_and_day) in range(1, 13) and max(month_and_day) in range(1, 32)


def not_the_verb_may(text: str) -> bool:
    """Whether a month is not "may" in lower case, unless an ordinal or a year goes with it."""
    return re.search(r"\bmay\b", text) is None or re.search(r"\d(?:st|nd|rd|th)|\d{4}|['’]\d\d", text) is not None


def year_range(text: str) -> bool:
    """Whether two years stand in order."""
    first, last = (int(year) for year in re.findall(r"\d{4}", text)[:2])
    return first <= last


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "date-numeric",
        "DATE_TIME",
        rf"\b(?<![\w/.-])(?<!\d,){WEEKDAY_BEFORE}(?P<value>(?:{D}[ ]?/[ ]?{D}[ ]?/"
        rf"|{D}[ ]?-[ ]?{D}[ ]?-)[ ]?(?:{YEAR}|['’]?\d{{2}})(?!\d|[/-]\d|[.,]\d|%){TIME})",
        0.85,
        needed=r"\d[ ]?[/-][ ]?\d{1,2}[ ]?[/-][ ]?['’]?\d\d",
        near=50,
        check=numeric_date,
    ),
    Rule(
        "date-dotted",
        "DATE_TIME",
        rf"(?<![\w/.,-])(?P<value>(?:\d{{1,2}}\.\d{{1,2}}\.{YEAR}|\d{{2}}\.\d{{2}}\.\d{{2}}|(?:1[3-9]"
        rf"|2\d|3[01])\.{M}\.\d{{2}})(?!\d|\.\d|/|%){TIME})",
        0.8,
        needed=r"\d\.\d{1,2}\.\d\d",
        near=50,
        check=numeric_date,
    ),
    Rule(
        "date-year-first",
        "DATE_TIME",
        rf"(?<![\w/.-])(?P<value>{YEAR}(?:/{M}/{D}|-{M}-{D}|\.{M}\.{D})(?!\d|[/-]\d){TIME})",
        0.9,
        needed=r"\d{4}[/.-]\d",
        near=50,
    ),
    Rule(
        "date-compact",
        "DATE_TIME",
        r"(?<![\w.,/$#-])(?:19[2-9]\d|20[0-4]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
        r"(?:[T ]?[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?![\w]|[.,/-]\d)",
        0.55,
        needed=r"(?:19|20)\d{6}",
    ),
    Rule(
        "birth-date-figures",
        "DATE_TIME",
        r"\b(?:dob|d\.o\.b\.?|birth[ ]?date|date[ ]of[ ]birth|born(?:[ ]on)?|bday|birthday)\W{0,4}"
        r"(?P<value>\d{6}|\d{8}|\d{1,2}[ ]\d{1,2}[ ](?:19|20)?\d{2}|\d{1,2}\.\d{1,2}\.\d{2,4}|(?:19"
        r"|20)\d{2})(?!\d)",
        0.9,
        needed="dob|d.o.b|birth|born|bday",
    ),
    Rule(
        "month-day",
        "DATE_TIME",
        rf"\b(?<!\w){WEEKDAY_BEFORE}(?P<value>{MONTH}[ ]{{0,2}}(?:the[ ])?{D}{ORDINAL}?(?:{TO}"
        rf"(?:{MONTH}[ ])?{D}{ORDINAL}?(?![\d:/.]))?(?:,?[ ]{{0,2}}(?:of[ ])?{YEAR}"
        rf"|,?[ ]?['’‘]\d{{2}}|/\d{{2,4}})?(?![\w/]|[.,]\d|:\d){UNITS}{TIME})",
        0.85,
        needed=A_MONTH,
        near=60,
        check=not_the_verb_may,
    ),
    Rule(
        "day-month",
        "DATE_TIME",
        rf"\b(?<![\w/.,-])(?P<value>{WEEKDAY_BEFORE}(?:{D}{ORDINAL}?{TO})?{D}{ORDINAL}?[ ]?[-./ ]?["
        rf" ]?(?:(?:day[ ])?of[ ])?{MONTH}(?!\w*[a-z]{{2}})(?:(?:[ ]?[-./,][ ]?|[ ](?:of[ ])?){YEAR}"
        rf"|\d{{4}}|(?:[ ]?[-./][ ]?|[ ]?['’‘]|[ ]|)\d{{2}}(?!\d|:|[ ]?[ap]m))?(?!\w|[.,]\d){TIME})",
        0.85,
        needed=A_MONTH,
        near=60,
        check=not_the_verb_may,
    ),
    Rule(
        "month-year",
        "DATE_TIME",
        rf"\b(?<!\w)(?P<value>(?:(?:early|late|mid|mid-|middle[ ]of|beginning[ ]of"
        rf"|end[ ]of)[ -]?)?{MONTH}(?:,?[ ](?:of[ ])?{YEAR}|[ ]?[-/.][ ]?{YEAR}|[ ]?['’‘]\d{{2}}"
        rf"|[-/]\d{{2}}|{YEAR})(?![\w/-]|[.,]\d))",
        0.85,
        needed=A_MONTH,
        near=60,
    ),
    Rule(
        "month-range",
        "DATE_TIME",
        rf"(?<!\w)(?P<value>{FULL_MONTH})(?:{TO}|[ ]of[ ])(?P<value>{FULL_MONTH}(?:[ ]{YEAR})?)(?!\w)",
        0.75,
        needed=A_MONTH,
        near=60,
    ),
    Rule(
        "month-alone",
        "DATE_TIME",
        rf"\b(?:in|since|last|next|this|by|until|till|from|through|early|late|mid|during|before|after"
        rf"|around|of|past|every|each|early[ ]in|end[ ]of|beginning[ ]of|for|to|and)[ -](?:early[ ]"
        rf"|late[ ]|mid[ -]?)?(?P<value>{FULL_MONTH})(?![\w]|['’]s|[ ]\d|,[ ]\d)",
        0.65,
        needed=A_MONTH,
        near=60,
    ),
    Rule(
        "month-label",
        "DATE_TIME",
        rf"(?<!\w)(?P<value>{FULL_MONTH}|(?-i:Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec))(?=[ ]?[:(]|[ ]visit"
        rf"|[ ]appointment|[ ]admission|[ ]labs|[ ]scan|[ ]MRI|[ ]CT)",
        0.6,
        needed=A_MONTH,
        near=60,
    ),
    Rule(
        "month-slash-year",
        "DATE_TIME",
        rf"(?<![\w/.,-])(?P<value>{M}[/-]{YEAR})(?![\w/-]|[.,]\d){UNITS}",
        0.75,
        needed=r"\d[/-](?:19|20)\d\d",
        near=30,
    ),
    Rule(
        "day-slash-after-word",
        "DATE_TIME",
        rf"(?<!\w){BEFORE_DATE}\b[ ]?[:(.,=~*-]{{0,2}}[ ]{{0,2}}(?:the[ ]|of[ ]"
        rf"|on[ ])?{WEEKDAY_BEFORE}(?P<value>{MD}{TIME}){AFTER_RATIO}(?:{TO}"
        rf"(?:and[ ])?{WEEKDAY_BEFORE}(?P<value>{MDY}(?![\d/]))){{0,8}}",
        0.75,
        needed=r"\d/\d",
        near=90,
    ),
    Rule(
        "day-slash-range",
        "DATE_TIME",
        rf"(?<![\w/.,$-])(?P<value>{M}/{D}(?:/\d{{2}}|/\d{{4}})?)[ ]?(?:-|–|—|to|thru|through"
        rf"|until)[ ]?(?P<value>{MDY})(?![\w/]|[.,]\d){AFTER_RATIO}".replace("(?:-|–|—|to|", "(?:[-–—]|(?<=[ ])to|"),
        0.6,
        needed=r"\d/\d",
        near=90,
        check=lambda text: not text.endswith(("/5", "/10", "/6", "/4")),
    ),
    Rule(
        "day-slash-before-time",
        "DATE_TIME",
        rf"{NO_DIGIT}(?P<value>{M}/{D}(?:,|[ ]at|[ ]@)?[ ](?:[01]?\d|2[0-3])(?::[0-5]\d|[0-5]\d"
        rf"(?=[ ]?(?:h|hrs|hours)?\b)(?<=(?:at|@)[ ]\d{{4}}))(?:[ ]?[ap]\.?m\b\.?)?)",
        0.75,
        needed=r"\d/\d",
        near=90,
    ),
    Rule(
        "day-slash-entry",
        "DATE_TIME",
        rf"(?:^|\n|[;•*][ ]?)[ \t]{{0,4}}[-*•(\[]?[ ]?(?P<value>{MD})(?=[ ]?(?:[:)\]–—-]|[A-Z]))(?!:\d)",
        0.65,
        needed=r"\d/\d",
        near=90,
        flags=0,
    ),
    Rule(
        "day-slash-brackets",
        "DATE_TIME",
        rf"[(\[](?:on[ ]|from[ ]|last[ ])?(?P<value>{M}/{D})(?:,[ ](?P<value>{M}/{D})){{0,4}}[)\]]",
        0.55,
        needed=r"\d/\d",
        near=90,
        check=lambda text: not text.endswith(("/5", "/10", "/6", "/4", "/3", "/2")),
    ),
    Rule(
        "day-slash-late",
        "DATE_TIME",
        rf"(?=\d\d?/\d){NO_DIGIT}{SCORED}(?P<value>(?:{M}/(?:1[13479]|2[1-9]|31)|0[1-9]/{D}"
        rf"|{M}/0[1-9]))(?!\d|/|[.,]\d|%|-\d){AFTER_RATIO}",
        0.5,
        needed=r"\d/\d",
        near=90,
    ),
    Rule(
        "day-first-after-word",
        "DATE_TIME",
        rf"\b(?:on|since|until|dated?|as[ ]of|seen|admitted|discharged|scheduled|for|by|from|due|visit|appt)[ ]?:?[ ]"
        rf"(?P<value>(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2])){NO_RATIO}{AFTER_RATIO}",
        0.65,
        needed=r"\d/\d",
        near=90,
    ),
    Rule(
        "date-dotted-after-word",
        "DATE_TIME",
        rf"\b(?:on|since|until|dated?|as[ ]of|seen|admitted|discharged|scheduled|for|by|from|due|visit"
        rf"|appt|of|dob|born)[ ]?:?[ ]"
        rf"(?P<value>{D}\.{M}\.(?:\d{{2}}|{YEAR})?)(?!\d|[.,]\d)",
        0.7,
        needed=r"\d\.\d{1,2}\.",
        near=40,
    ),
    Rule(
        "day-dash-after-word",
        "DATE_TIME",
        rf"\b(?:on|since|until|dated?|as[ ]of|seen|admitted|discharged|scheduled)[ ]"
        rf"(?P<value>{M}-{D})(?![\w/-]|[.,]\d){UNITS}",
        0.6,
        needed=r"\d-\d",
    ),
    Rule(
        "year-after-word",
        "DATE_TIME",
        rf"\b(?:in|since|from|until|till|circa|ca\.|c\.|year|yr|early|late|mid|during|before|after"
        rf"|around|through|summer|spring|fall|winter|autumn|class[ ]of|back[ ]in|prior[ ]to|about"
        rf"|approximately|approx|by|season)[ -](?:the[ ])?(?:early[ ]|late[ ]|mid[ -]?|year[ ]|about[ ]"
        rf"|approximately[ ]|fall[ ]of[ ]|spring[ ]of[ ]|summer[ ]of[ ]|winter[ ]of[ ])?(?P<value>"
        rf"(?:19[0-9]\d|20[0-4]\d)s?)(?:[ ]?(?:-|–|to|through|and|until|or)[ ]?(?P<value>(?:19[0-9]\d"
        rf"|20[0-4]\d)))?(?!\w|[.,/:-]\d|[ ]?(?:steps|patients|people|hours|hrs|dollars|copies|cells"
        rf"|and[ ]\d)){UNITS}",
        0.7,
        needed=A_YEAR,
        near=60,
    ),
    Rule(
        "year-range",
        "DATE_TIME",
        r"(?<![\w.,/$#-])(?P<value>(?:19[3-9]\d|20[0-4]\d)[ ]?[-–—][ ]?(?:19[3-9]\d|20[0-4]\d))(?![\w/-]|[.,]\d)"
        + UNITS,
        0.6,
        needed=A_YEAR,
        near=60,
        check=year_range,
    ),
    Rule(
        "year-brackets",
        "DATE_TIME",
        r"[(\[](?P<value>(?:19[3-9]\d|20[0-4]\d))(?:[)\],;]|[ ]?[-–])",
        0.55,
        needed=A_YEAR,
        near=60,
    ),
    Rule(
        "year-alone",
        "DATE_TIME",
        r"(?<![\w.,/$€£#:<>=~+-])(?<!\b(?:at|room|rm|apt|box|suite|ste|unit|bed|ext|x|of|than|to|over"
        r"|under|approximately|about|pager|page|hours|time)[ .:#]{1,2})(?<!\d[ ])(?P<value>19[4-9]\d"
        r"|20(?:0[1-9]|[1-3]\d))(?=[.,;:)?!]?(?:\s|$))(?![.,]?\d|[ ]?(?:k?cal(?:ories)?|steps|hours"
        r"|hrs|h|feet|ft|patients|people|dollars|copies|cells|pounds|to|block|n|s|e|w"
        r"|[A-Z][a-z]{2,14}[ ](?:st|ave|rd|dr|street|avenue|road|drive|lane))\b)" + UNITS,
        0.5,
        needed=A_YEAR,
        near=60,
    ),
    Rule(
        "year-short",
        "DATE_TIME",
        r"\b(?:in|since|from|until|of|class[ ]of|summer|spring|fall|winter)[ ](?:the[ ])?"
        r"(?P<value>['’‘]\d{2}s?)(?!\w)",
        0.7,
        needed=r"['’‘]\d\d",
    ),
    Rule(
        "year-of",
        "DATE_TIME",
        r"(?<!\w)(?-i:\p{Lu}[\p{L}]{2,15}|class|summer|winter|spring|fall|autumn)[ ]of[ ](?P<value>"
        r"(?:19|20)\d{2})(?![\w]|[.,/-]\d|[ ]?(?:ml|mg|cc|units|calories|kcal))",
        0.6,
        needed=A_YEAR,
        near=60,
    ),
    Rule(
        "year-apostrophe",
        "DATE_TIME",
        r"(?<=[\p{L},][ ])(?P<value>['’‘]\d{2})(?=[ ]?[,.;)\n]|$)",
        0.55,
        needed=r"['’‘]\d{2}",
    ),
    Rule("decade", "DATE_TIME", r"\b(?P<value>(?:19|20)\d0['’]?s)\b", 0.6, needed=A_YEAR, near=60),
    Rule(
        "season-year",
        "DATE_TIME",
        rf"\b(?P<value>(?:(?:early|late|mid)[ -])?(?:spring|summer|fall|autumn|winter)(?:[ ]of)?,?[ ]"
        rf"(?:{YEAR}|['’]\d\d)|q[1-4][ ]?(?:/|-|of)?[ ]?{YEAR})(?!\w)",
        0.75,
        needed="spring|summer|fall|autumn|winter|q1|q2|q3|q4",
    ),
    Rule(
        "holiday",
        "DATE_TIME",
        rf"\b(?P<value>{HOLIDAY}(?:,?[ ](?:of[ ])?{YEAR})?)(?!\w|[ ]disease|[ ]factor)",
        0.65,
        needed="mas|thanksgiving|new year|easter|halloween|day|july|friday|hanuk|chanuk|passover|kippur"
        "|hashanah|ramadan|eid|diwali|holiday|mayo|juneteenth|mardi|wednesday|sunday|kwanzaa",
    ),
    Rule(
        "weekday",
        "DATE_TIME",
        r"(?<!\w)(?P<value>(?-i:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|MONDAY"
        r"|TUESDAY|WEDNESDAY|THURSDAY|FRIDAY|SATURDAY|SUNDAY))(?!\w|['’]s)|\b(?:on|last|this|next"
        r"|since|until|by|every)[ ](?P<value>mon|tues?|wed|thurs?|thu|fri|sat|sun|(?:mon|tues|wednes"
        r"|thurs|fri|satur|sun)day)(?!\w|-)",
        0.5,
        needed="mon|tue|wed|thu|fri|sat|sun",
        check=lambda text: text.lower() not in {"sat", "sun"},
    ),
    Rule(
        "weekday-and-day",
        "DATE_TIME",
        rf"\b(?P<value>{WEEKDAY},?[ ](?:the[ ])?(?:{D}{ORDINAL}|{MD}))(?![\w/]|[.,]\d)",
        0.8,
        needed=r"(?:mon|tue|wed|thu|fri|sat|sun)\p{L}*\.?,?[ ](?:the[ ])?\d",
        near=40,
    ),
    Rule(
        "date-in-words",
        "DATE_TIME",
        rf"\b(?P<value>(?:{MONTH}[ ](?:the[ ])?{DAY_WORDS}|{DAY_WORDS}(?:[ ]day)?[ ](?:of[ ])?{MONTH})"
        rf"(?:,?[ ](?:in[ ])?(?:{YEAR_WORDS}"
        rf"|{YEAR}))?)(?!\w)",
        0.8,
        needed=A_DAY_WORD,
        near=70,
    ),
    Rule(
        "year-in-words",
        "DATE_TIME",
        rf"\b(?:in|since|from|until|{MONTH}|born)[ ,]{{1,2}}(?P<value>{YEAR_WORDS})(?!\w)",
        0.7,
        needed="nineteen|twenty|thousand",
    ),
    Rule(
        "day-of-month",
        "DATE_TIME",
        r"\b(?:on|until|by|since|from|before|after)[ ]the[ ](?P<value>\d{1,2}(?:st|nd|rd|th))(?=[ ]?"
        r"(?:[.,;)?!\n]|$|[ ](?:at|and|for|in[ ]the|of[ ](?:the|this|last|next)[ ]?(?:month)?|with"
        r"|because|when|to|but|he|she|we|i|they)\b))",
        0.6,
        needed=r"the[ ]\d{1,2}(?:st|nd|rd|th)",
    ),
)
