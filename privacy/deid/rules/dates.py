"""Dates as notes, letters and forms write them; not fractions, scores, strengths or blood pressures.

A month and day in figures ("3/14") has the form of a ratio. It counts after a word that goes before dates, before a
time, at the head of an entry, or when the day is above 12 and no scale is near.
"""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.rules.pieces import MONTH, WEEKDAY
from fedaug.privacy.deid.rules.rule import Rule

_M = r"(?:0?[1-9]|1[0-2])"
_D = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d{2}"
_ANY_YEAR = rf"(?:{_YEAR}|['’‘]?\d{{2}})"
_ORDINAL = r"(?:st|nd|rd|th)"
_TIME = (
    r"(?:(?:,|[ ]?-|T|[ ]at|[ ]@|[ ]around|[ ]by)?[ ]{0,2}(?:[01]?\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?[ ]?(?:[ap]\.?m\b\.?|hrs?\b|hours\b|Z\b)?(?:[+-]\d{2}:?\d{2})?"
    r"|[ ]?[ap]\.?m\b\.?|(?<=(?:at|@|around|by)[ ](?:[01]\d|2[0-3]))[0-5]\d\b(?:[ ]?(?:hrs?|hours|h)\b)?|(?<=[ ](?:[01]\d|2[0-3]))[0-5]\d[ ]?(?:hrs?|hours)\b))?"
)
_WEEKDAY_BEFORE = rf"(?:\b{WEEKDAY},?[ ]{{1,2}}(?:the[ ])?)?"
_TO = r"(?:[ ]?[-–—/&,][ ]?|[ ](?:to|thru|through|until|and|or)[ ])"
_UNITS = r"(?![ \t-]?(?:mg|mcg|g|kg|ml|cc|l|units?|iu|mm|cm|tabs?|tablets?|times|x|%|mmhg|weeks?|days?|hours?|months?|years?|puffs?|drops?)\b|[ ]?%)"
_HOLIDAY = (
    r"(?:christmas(?:[ ](?:eve|day))?|xmas(?:[ ](?:eve|day))?|thanksgiving(?:[ ]day)?|new[ ]year(?:['’]?s)?[ ](?:eve|day)|new[ ]year['’]s"
    r"|easter(?:[ ](?:sunday|monday))?|halloween|labou?r[ ]day|memorial[ ]day|independence[ ]day|(?:fourth|4th)[ ]of[ ]july"
    r"|valentine['’]?s[ ]day|mother['’]?s[ ]day|father['’]?s[ ]day|veterans?['’]?[ ]day|columbus[ ]day|martin[ ]luther[ ]king(?:[ ]jr\.?)?[ ]day"
    r"|mlk[ ]day|presidents?['’]?s?[ ]day|good[ ]friday|hanukkah|chanukah|passover|yom[ ]kippur|rosh[ ]hashanah|ramadan|eid(?:[ ]al[- ](?:fitr|adha))"
    r"|diwali|boxing[ ]day|bank[ ]holiday|cinco[ ]de[ ]mayo|juneteenth|st\.?[ ]patrick['’]?s[ ]day|groundhog[ ]day|mardi[ ]gras|ash[ ]wednesday"
    r"|palm[ ]sunday|kwanzaa|lunar[ ]new[ ]year|chinese[ ]new[ ]year)"
)
#: Words that go before a date in figures.
_BEFORE_DATE = (
    r"(?:on|since|until|till|dated?|as[ ]of|effective|eff\.?|starting|started|start|begun|began|ended|ending|stopped|due|seen|admit(?:ted)?|admission|adm"
    r"|discharged?|d/?c['’]?d?|dc|surgery|sx|procedure|visit|appt|appointment|scheduled|f/?u|follow[- ]?up|fu|dos|dob|doa|dod|lmp|edd|edc|exp|expires?|born|died|deceased"
    r"|resulted|collected|drawn|performed|done|completed|placed|inserted|removed|extubated|intubated|transferred|signed|dictated|transcribed|received"
    r"|ordered|filled|refilled|vaccinated|last|next|previous|prior|repeat|week[ ]of|before|after|by|thru|through|around|circa|w/o|mri|ct|cxr|echo|egd|colonoscopy"
    r"|cath|labs?|cx|culture|note|update|addendum|report|cc|date|day|morning|evening|night|afternoon|arrived?|presented|called|returned?|home|hospitalized|hospitalization"
    rf"|{WEEKDAY}|today|yesterday|tomorrow|tonight|poss?|pod|hd)"
)
_SCALES = (
    r"(?:scores?|scored|scale|pain|mmse|moca|gcs|phq|gad|audit|cage|braden|apgars?|ratio|strength|power|motor|vision|visual|va|murmur|grade|rated?|pulses?|reflexes|dtrs?|ef|bp"
    r"|pressure|inr|titer|stage|gleason|ecog|nyha|nihss|asa|quiz|items?|criteria|points|positive|joints|teeth|fingers|toes|beats|of|from|out|at|cups?|tsp|tbsp|gauge|inch|size|suture|normal|needle|blade)"
)
_AFTER_RATIO = (
    r"(?![ ]?(?:[ap]?\.?m?\b)?(?:strength|power|scale|pain|systolic|diastolic|murmur|motor|points?|pulses?|reflex|inch|in\b|[\"”]|cups?|teaspoon|tsp|tbsp|tab|pill|dose|mg|ml|cm|mm|gauge|normal"
    r"|saline|ns\b|bilat|throughout|correct|items|criteria|intensity|severity|ppd|pack|of\b|the[ ](?:dose|time|way)|positive|joints|times|weeks|days|hours))"
)
_MD = rf"{_M}/{_D}(?!\d|/\d|[.,]\d|-?\d{{3}}|%)"
_MDY = rf"{_M}/{_D}(?:/(?:{_YEAR}|\d{{2}}))?"
_NO_DIGIT = r"(?<![\w/.,$#-])(?<!\d[ ]/[ ])"
_SCORED = rf"(?<!\b{_SCALES}\b[^\w\n]{{1,3}}(?:\w{{1,12}}[^\w\n]{{1,3}}){{0,2}})"

_DAY_WORDS = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth"
    r"|eighteenth|nineteenth|(?:twenty|thirty)[ -]?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|twentieth|thirtieth)"
)
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_YEAR_WORDS = (
    rf"(?:(?:nineteen|twenty)[ -](?:hundred(?:[ ]and)?[ ])?(?:(?:oh|o)[ -]{_ONES}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -]{_ONES})?)|two[ ]thousand(?:[ ](?:and[ ])?(?:{_ONES}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty(?:[ -]{_ONES})?))?)"
)
_FULL_MONTH = r"(?-i:January|February|March|April|May|June|July|August|September|October|November|December|JANUARY|FEBRUARY|MARCH|APRIL|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
_MONTH_NEED = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


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
        rf"(?<![\w/.-])(?<!\d,){_WEEKDAY_BEFORE}(?P<value>(?:{_D}[ ]?/[ ]?{_D}[ ]?/|{_D}[ ]?-[ ]?{_D}[ ]?-)[ ]?(?:{_YEAR}|['’]?\d{{2}})(?!\d|[/-]\d|[.,]\d|%){_TIME})",
        0.85,
        needed=r"\d[ ]?[/-][ ]?\d{1,2}[ ]?[/-][ ]?['’]?\d\d",
        check=numeric_date,
    ),
    Rule(
        "date-dotted",
        "DATE_TIME",
        rf"(?<![\w/.,-])(?P<value>(?:\d{{1,2}}\.\d{{1,2}}\.{_YEAR}|\d{{2}}\.\d{{2}}\.\d{{2}}|(?:1[3-9]|2\d|3[01])\.{_M}\.\d{{2}})(?!\d|\.\d|/|%){_TIME})",
        0.8,
        needed=r"\d\.\d{1,2}\.\d\d",
        check=numeric_date,
    ),
    Rule(
        "date-year-first",
        "DATE_TIME",
        rf"(?<![\w/.-])(?P<value>{_YEAR}(?:/{_M}/{_D}|-{_M}-{_D}|\.{_M}\.{_D})(?!\d|[/-]\d){_TIME})",
        0.9,
        needed=r"\d{4}[/.-]\d",
    ),
    Rule("date-compact", "DATE_TIME", r"(?<![\w.,/$#-])(?:19[2-9]\d|20[0-4]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T ]?[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?![\w]|[.,/-]\d)", 0.55, needed=r"(?:19|20)\d{6}"),
    Rule(
        "birth-date-figures",
        "DATE_TIME",
        r"\b(?:dob|d\.o\.b\.?|birth[ ]?date|date[ ]of[ ]birth|born(?:[ ]on)?|bday|birthday)\W{0,4}(?P<value>\d{6}|\d{8}|\d{1,2}[ ]\d{1,2}[ ](?:19|20)?\d{2}|\d{1,2}\.\d{1,2}\.\d{2,4}|(?:19|20)\d{2})(?!\d)",
        0.9,
        needed="dob|d.o.b|birth|born|bday",
    ),
    Rule(
        "month-day",
        "DATE_TIME",
        rf"(?<!\w){_WEEKDAY_BEFORE}(?P<value>{MONTH}[ ]{{0,2}}(?:the[ ])?{_D}{_ORDINAL}?(?:{_TO}(?:{MONTH}[ ])?{_D}{_ORDINAL}?(?![\d:/.]))?(?:,?[ ]{{0,2}}(?:of[ ])?{_YEAR}|,?[ ]?['’‘]\d{{2}}|/\d{{2,4}})?(?![\w/]|[.,]\d|:\d){_UNITS}{_TIME})",
        0.85,
        needed=_MONTH_NEED,
        check=not_the_verb_may,
    ),
    Rule(
        "day-month",
        "DATE_TIME",
        rf"(?<![\w/.,-])(?P<value>{_WEEKDAY_BEFORE}(?:{_D}{_ORDINAL}?{_TO})?{_D}{_ORDINAL}?[ ]?[-./ ]?[ ]?(?:(?:day[ ])?of[ ])?{MONTH}(?!\w*[a-z]{{2}})(?:(?:[ ]?[-./,][ ]?|[ ](?:of[ ])?){_YEAR}|\d{{4}}|(?:[ ]?[-./][ ]?|[ ]?['’‘]|[ ]|)\d{{2}}(?!\d|:|[ ]?[ap]m))?(?!\w|[.,]\d){_TIME})",
        0.85,
        needed=_MONTH_NEED,
        check=not_the_verb_may,
    ),
    Rule(
        "month-year",
        "DATE_TIME",
        rf"(?<!\w)(?P<value>(?:(?:early|late|mid|mid-|middle[ ]of|beginning[ ]of|end[ ]of)[ -]?)?{MONTH}(?:,?[ ](?:of[ ])?{_YEAR}|[ ]?[-/.][ ]?{_YEAR}|[ ]?['’‘]\d{{2}}|[-/]\d{{2}}|{_YEAR})(?![\w/-]|[.,]\d))",
        0.85,
        needed=_MONTH_NEED,
    ),
    Rule(
        "month-range",
        "DATE_TIME",
        rf"(?<!\w)(?P<value>{_FULL_MONTH})(?:{_TO}|[ ]of[ ])(?P<value>{_FULL_MONTH}(?:[ ]{_YEAR})?)(?!\w)",
        0.75,
        needed=_MONTH_NEED,
    ),
    Rule(
        "month-alone",
        "DATE_TIME",
        rf"\b(?:in|since|last|next|this|by|until|till|from|through|early|late|mid|during|before|after|around|of|past|every|each|early[ ]in|end[ ]of|beginning[ ]of|for|to|and)[ -](?:early[ ]|late[ ]|mid[ -]?)?(?P<value>{_FULL_MONTH})(?![\w]|['’]s|[ ]\d|,[ ]\d)",
        0.65,
        needed=_MONTH_NEED,
    ),
    Rule("month-label", "DATE_TIME", rf"(?<!\w)(?P<value>{_FULL_MONTH}|(?-i:Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec))(?=[ ]?[:(]|[ ]visit|[ ]appointment|[ ]admission|[ ]labs|[ ]scan|[ ]MRI|[ ]CT)", 0.6, needed=_MONTH_NEED),
    Rule(
        "month-slash-year",
        "DATE_TIME",
        rf"(?<![\w/.,-])(?P<value>{_M}[/-]{_YEAR})(?![\w/-]|[.,]\d){_UNITS}",
        0.75,
        needed=r"\d[/-](?:19|20)\d\d",
    ),
    Rule(
        "day-slash-after-word",
        "DATE_TIME",
        rf"(?<!\w){_BEFORE_DATE}\b[ ]?[:(.,=~*-]{{0,2}}[ ]{{0,2}}(?:the[ ]|of[ ]|on[ ])?{_WEEKDAY_BEFORE}(?P<value>{_MD}{_TIME}){_AFTER_RATIO}(?:{_TO}(?:and[ ])?{_WEEKDAY_BEFORE}(?P<value>{_MDY}(?![\d/]))){{0,8}}",
        0.75,
        needed=r"\d/\d",
    ),
    Rule(
        "day-slash-range",
        "DATE_TIME",
        rf"(?<![\w/.,$-])(?P<value>{_M}/{_D}(?:/\d{{2}}|/\d{{4}})?)[ ]?(?:-|–|—|to|thru|through|until)[ ]?(?P<value>{_MDY})(?![\w/]|[.,]\d){_AFTER_RATIO}".replace("(?:-|–|—|to|", "(?:[-–—]|(?<=[ ])to|"),
        0.6,
        needed=r"\d/\d{1,2}[ ]?(?:-|–|—|to|th|un)",
        check=lambda text: not text.endswith(("/5", "/10", "/6", "/4")),
    ),
    Rule(
        "day-slash-before-time",
        "DATE_TIME",
        rf"{_NO_DIGIT}(?P<value>{_M}/{_D}(?:,|[ ]at|[ ]@)?[ ](?:[01]?\d|2[0-3])(?::[0-5]\d|[0-5]\d(?=[ ]?(?:h|hrs|hours)?\b)(?<=(?:at|@)[ ]\d{{4}}))(?:[ ]?[ap]\.?m\b\.?)?)",
        0.75,
        needed=r"\d/\d{1,2},?[ ]",
    ),
    Rule(
        "day-slash-entry",
        "DATE_TIME",
        rf"(?:^|\n|[;•*][ ]?)[ \t]{{0,4}}[-*•(\[]?[ ]?(?P<value>{_MD})(?=[ ]?(?:[:)\]–—-]|[A-Z]))(?!:\d)",
        0.65,
        needed=r"\d/\d",
        flags=0,
    ),
    Rule(
        "day-slash-brackets",
        "DATE_TIME",
        rf"[(\[](?:on[ ]|from[ ]|last[ ])?(?P<value>{_M}/{_D})(?:,[ ](?P<value>{_M}/{_D})){{0,4}}[)\]]",
        0.55,
        needed=r"\d/\d{1,2}[)\]]",
        check=lambda text: not text.endswith(("/5", "/10", "/6", "/4", "/3", "/2")),
    ),
    Rule(
        "day-slash-late",
        "DATE_TIME",
        rf"{_NO_DIGIT}{_SCORED}(?P<value>(?:{_M}/(?:1[13479]|2[1-9]|31)|0[1-9]/{_D}|{_M}/0[1-9]))(?!\d|/|[.,]\d|%|-\d){_AFTER_RATIO}",
        0.5,
        needed=r"\d/\d\d",
    ),
    Rule(
        "day-dash-after-word",
        "DATE_TIME",
        rf"\b(?:on|since|until|dated?|as[ ]of|seen|admitted|discharged|scheduled)[ ](?P<value>{_M}-{_D})(?![\w/-]|[.,]\d){_UNITS}",
        0.6,
        needed=r"\d-\d",
    ),
    Rule(
        "year-after-word",
        "DATE_TIME",
        rf"\b(?:in|since|from|until|till|circa|ca\.|c\.|year|yr|early|late|mid|during|before|after|around|through|summer|spring|fall|winter|autumn|class[ ]of|back[ ]in|prior[ ]to|about|approximately|approx|by|season)[ -](?:the[ ])?(?:early[ ]|late[ ]|mid[ -]?|year[ ]|about[ ]|approximately[ ]|fall[ ]of[ ]|spring[ ]of[ ]|summer[ ]of[ ]|winter[ ]of[ ])?(?P<value>(?:19[0-9]\d|20[0-4]\d)s?)(?:[ ]?(?:-|–|to|through|and|until|or)[ ]?(?P<value>(?:19[0-9]\d|20[0-4]\d)))?(?!\w|[.,/:-]\d|[ ]?(?:steps|patients|people|hours|hrs|dollars|copies|cells|and[ ]\d)){_UNITS}",
        0.7,
        needed=r"(?:19|20)\d\d",
    ),
    Rule("year-range", "DATE_TIME", r"(?<![\w.,/$#-])(?P<value>(?:19[3-9]\d|20[0-4]\d)[ ]?[-–—][ ]?(?:19[3-9]\d|20[0-4]\d))(?![\w/-]|[.,]\d)" + _UNITS, 0.6, needed=r"\d{4}[ ]?[-–—][ ]?\d{4}", check=year_range),
    Rule("year-brackets", "DATE_TIME", r"[(\[](?P<value>(?:19[3-9]\d|20[0-4]\d))(?:[)\],;]|[ ]?[-–])", 0.55, needed=r"[(\[](?:19|20)\d\d"),
    Rule(
        "year-alone",
        "DATE_TIME",
        r"(?<![\w.,/$€£#:<>=~+-])(?<!\b(?:at|room|rm|apt|box|suite|ste|unit|bed|ext|x|of|than|to|over|under|approximately|about|pager|page|hours|time)[ .:#]{1,2})(?<!\d[ ])(?P<value>19[4-9]\d|20(?:0[1-9]|[1-3]\d))(?=[.,;:)?!]?(?:\s|$))(?![.,]?\d|[ ]?(?:k?cal(?:ories)?|steps|hours|hrs|h|feet|ft|patients|people|dollars|copies|cells|pounds|to|block|n|s|e|w|[A-Z][a-z]{2,14}[ ](?:st|ave|rd|dr|street|avenue|road|drive|lane))\b)" + _UNITS,
        0.5,
        needed=r"(?:19|20)\d\d",
    ),
    Rule("year-short", "DATE_TIME", r"\b(?:in|since|from|until|of|class[ ]of|summer|spring|fall|winter)[ ](?:the[ ])?(?P<value>['’‘]\d{2}s?)(?!\w)", 0.7, needed=r"['’‘]\d\d"),
    Rule("decade", "DATE_TIME", r"\b(?P<value>(?:19|20)\d0['’]?s)\b", 0.6, needed=r"\d0['’]?s"),
    Rule("season-year", "DATE_TIME", rf"\b(?P<value>(?:(?:early|late|mid)[ -])?(?:spring|summer|fall|autumn|winter)(?:[ ]of)?,?[ ](?:{_YEAR}|['’]\d\d)|q[1-4][ ]?(?:/|-|of)?[ ]?{_YEAR})(?!\w)", 0.75, needed="spring|summer|fall|autumn|winter|q1|q2|q3|q4"),
    Rule("holiday", "DATE_TIME", rf"\b(?P<value>{_HOLIDAY}(?:,?[ ](?:of[ ])?{_YEAR})?)(?!\w|[ ]disease|[ ]factor)", 0.65, needed="mas|thanksgiving|new year|easter|halloween|day|july|friday|hanuk|chanuk|passover|kippur|hashanah|ramadan|eid|diwali|holiday|mayo|juneteenth|mardi|wednesday|sunday|kwanzaa"),
    Rule(
        "weekday",
        "DATE_TIME",
        r"(?<!\w)(?P<value>(?-i:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|MONDAY|TUESDAY|WEDNESDAY|THURSDAY|FRIDAY|SATURDAY|SUNDAY))(?!\w|['’]s)|\b(?:on|last|this|next|since|until|by|every)[ ](?P<value>mon|tues?|wed|thurs?|thu|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?!\w|-)",
        0.5,
        needed="mon|tue|wed|thu|fri|sat|sun",
        check=lambda text: text.lower() not in {"sat", "sun"},
    ),
    Rule(
        "date-in-words",
        "DATE_TIME",
        rf"\b(?P<value>(?:{MONTH}[ ](?:the[ ])?(?:{_DAY_WORDS}|{_D}{_ORDINAL}?)|(?:{_DAY_WORDS}|{_D}{_ORDINAL}?)(?:[ ]day)?[ ](?:of[ ])?{MONTH})(?:,?[ ](?:in[ ])?(?:{_YEAR_WORDS}|{_YEAR}))?)(?!\w)",
        0.8,
        needed=_MONTH_NEED,
        check=lambda text: re.search(r"[a-z]{3}.*[ ](?:the )?[a-z]{3}|[a-z]{3} (?:of )?[a-z]{3}", text, re.IGNORECASE) is not None,
    ),
    Rule("year-in-words", "DATE_TIME", rf"\b(?:in|since|from|until|{MONTH}|born)[ ,]{{1,2}}(?P<value>{_YEAR_WORDS})(?!\w)", 0.7, needed="nineteen|twenty|thousand"),
    Rule(
        "day-of-month",
        "DATE_TIME",
        r"\b(?:on|until|by|since|from|before|after)[ ]the[ ](?P<value>\d{1,2}(?:st|nd|rd|th))(?=[ ]?(?:[.,;)?!\n]|$|[ ](?:at|and|for|in[ ]the|of[ ](?:the|this|last|next)[ ]?(?:month)?|with|because|when|to|but|he|she|we|i|they)\b))",
        0.6,
        needed=r"the[ ]\d{1,2}(?:st|nd|rd|th)",
    ),
)
