"""Ages, of any number of years: what stands after them, before them, or beside the sex.

The finding is the number alone, so that "a [AGE]-year-old man" still reads. Ages over 89 are the ones that Safe Harbor
names (45 CFR 164.514(b)(2)(i)(C)); which ages are changed is the policy's decision.
"""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.run import Rule

_AGE = r"(?:1[01]\d|1?2[0-3]|[1-9]?\d)"
_NUMBER = rf"(?<![\w.,/$-])(?<!\d[ ]-[ ]){_AGE}(?:[ ]?½|[ ]1/2|\.5)?"
_UNIT = r"(?:years?|yrs?|y|months?|mos?|weeks?|wks?|days?|d)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_WORDS = (
    rf"(?:{_ONES}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -]?{_ONES})?|(?:a|one)[ ]hundred"
    rf"(?:[ ](?:and[ ])?{_ONES})?)"
)
_NOT_TIME = (
    r"(?![ ]?(?:degrees?|mg|ml|kg|lbs?|pounds|cm|mm|inches|weeks?|days?|months?|minutes?|mins?|hours?|hrs?"
    r"|times?|percent|pack|puffs|units?|over|°|%|/|:\d|-\d)|[.,]\d|\d)"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "age-old",
        "AGE",
        rf"(?=\d)(?P<value>{_NUMBER})(?:[ ]?(?:-|–|to|or)[ ]?(?P<value>{_AGE}))?[ ]?[-–]?[ ]?{_UNIT}\.?[ ]?[-"
        rf"–,]?[ ]?(?:and[ ]\d{{1,2}}[ -]?months?[ -]?)?(?:old|olds|of[ ]age|young)\b",
        0.95,
        needed=r"old\b|olds\b|of[ ]age|young",
        near=40,
    ),
    Rule(
        "age-yo",
        "AGE",
        rf"(?=\d)(?P<value>{_NUMBER})[ ]?-?[ ]?(?:y\.?[ ]?/?[ ]?o\b\.?|yr\.?[ ]?/?[ ]?o\b|yrs?\.?[ -]olds?"
        rf"|y\.o\b\.?|m/o\b|mo\.?[ ]old|w/o(?=[ ](?:f|m|male|female|boy|girl|infant)\b)|d/o(?=[ ](?:f|m"
        rf"|male|female|boy|girl|infant)\b))",
        0.95,
        needed=r"\d[ ]?-?[ ]?/?[ ]?[ymwdf]",
        near=60,
    ),
    Rule(
        "age-label",
        "AGE",
        rf"\b(?:age|aged|ages|aet\.?|aetat\.?|pt[ ]age|patient[ ]age)(?:[ ]?/[ ]?(?:sex|gender|dob"
        rf"|race))?(?:[ ](?:of|is|was|at[ ](?:visit|diagnosis|death|onset|injury|surgery|admission"
        rf"|presentation|enrollment|time[ ]of[ ]\w{{3,12}})))?[ ]?[:=(-]?\s{{0,3}}(?:is[ ]|of[ ]"
        rf"|about[ ]|approximately[ ]|~)?(?P<value>{_AGE}(?:\.5)?)(?:[ ]?(?:-|–|to|and|or)[ ]?"
        rf"(?P<value>{_AGE}))?(?!\d|[.,]\d|%)",
        0.9,
        needed=r"\bage|aet",
    ),
    Rule(
        "age-words",
        "AGE",
        rf"\b(?P<value>{_WORDS})[ -]{_UNIT}[ -]old\b|\b(?:aged?|turn(?:ed|ing|s)|age[ ]of|at[ ]age)[ ]"
        rf"(?P<value>{_WORDS})(?![ ](?:times|days|weeks|hours|minutes|to[ ]the))\b|\b"
        rf"(?P<value>{_WORDS})[ ]years?[ ]of[ ]age\b",
        0.9,
        needed="old|aged|age|turn",
    ),
    Rule(
        "age-years-sex",
        "AGE",
        rf"(?=\d)(?P<value>{_NUMBER})[ -]?(?:years?|yrs?\.?|y\.?)[ ,-]{{1,2}}(?:old[ ])?(?:white[ ]|black[ ]"
        rf"|hispanic[ ]|asian[ ]|caucasian[ ]|african[ -]american[ ]|right[- ]handed[ ])?(?:male|female"
        rf"|man|woman|boy|girl|gentleman|lady|m\b|f\b)",
        0.95,
        needed=r"\d[ ]?-?[ ]?/?[ ]?[ymwdf]",
        near=60,
    ),
    Rule(
        "age-sex",
        "AGE",
        r"(?=\d)(?<![\w.,/$-])(?!(?:9[4-9]|10\d)[ ]?F)(?P<value>[1-9]\d|10\d)[ ]?(?:yo|y)?[ ]?(?:/[ ]?)?"
        r"(?-i:[MF])\b(?=[ ]?(?:[,.;:)]|$|\n|[ ](?:with|w/|who|presents?|presenting|here|admitted|c/o"
        r"|s/p|pt|patient|in\b|p/w|hx|h/o|has|had|is|was|referred|from|brought|known|transferred"
        r"|complain\w{0,5}|g\d|restrained|driver|pedestrian|smoker|status|and)))(?![ ](?:foley"
        r"|catheter|sheath|french|drain|tube))",
        0.8,
        needed=r"\d[ ]?-?[ ]?/?[ ]?[ymwdf]",
        near=60,
    ),
    Rule(
        "sex-age",
        "AGE",
        r"(?<!\w)(?-i:[MF])[ ]?/[ ]?(?P<value>[1-9]\d|10\d)(?!\w|/|[.,]\d)|\b(?:male|female|man|woman"
        r"|boy|girl)[ ]?[,(/][ ]?(?:aged?[ ])?(?P<value>[1-9]?\d|10\d)(?![\w/%]|[.,]\d|[ ]?(?:mg|kg|cm"
        r"|weeks?|days?))",
        0.75,
        needed=r"[mfnley][ ]?[/,(][ ]?(?:aged?[ ])?\d",
    ),
    Rule(
        "age-race-sex",
        "AGE",
        rf"(?P<value>{_NUMBER})[ -](?:white|black|hispanic|asian|caucasian|african[ -]american)[ ]"
        rf"(?:male|female|man|woman)\b",
        0.85,
        needed=r"\b(?:white|black|hispanic|asian|caucasian|african)\b",
        near=60,
    ),
    Rule(
        "age-decade",
        "AGE",
        r"\b(?:(?:his|her|their|the|my|your|in|late|early|mid|upper|lower)[ -](?:early[ ]|late[ ]"
        r"|mid[ -]?|upper[ ])?)(?P<value>(?:[2-9]0|1[01]0)['’]?s|(?:twenties|thirties|forties|fifties"
        r"|sixties|seventies|eighties|nineties))\b",
        0.8,
        needed=r"0['’]?s|ties",
    ),
    Rule(
        "age-is",
        "AGE",
        rf"\b(?:he|she|they|i|who|patient|pt|mother|father|brother|sister|son|daughter|wife|husband"
        rf"|child|baby)(?:[ ](?:is|was|will[ ]be)|['’](?:s|m|re)|[ ]am)[ ](?:now[ ]|currently[ ]"
        rf"|only[ ]|almost[ ]|about[ ]|already[ ]|just[ ])?(?P<value>[1-9]\d|10\d){_NOT_TIME}(?=[ ]?"
        rf"(?:[,.;)!?\n]|$|years?|yrs?|y\.?o|and\b|now\b|today\b))",
        0.7,
        needed=r"(?:s|is|was|be|m|re)[ ](?:\w{3,9}[ ])?\d\d",
    ),
    Rule(
        "age-turned",
        "AGE",
        rf"\b(?:(?:just|recently|had|has|have|he|she|i|about[ ]to|will|when)[ ](?:just[ ]"
        rf"|recently[ ])?turn(?:ed|s|ing)?|turning|turned)[ ](?P<value>[1-9]?\d|10\d){_NOT_TIME}(?!\w)",
        0.75,
        needed="turn",
    ),
    Rule(
        "age-when",
        "AGE",
        rf"\b(?:when|since|until|at|by|before|after)[ ](?:he|she|they|i|i['’]m|you)[ ](?:was|is|were|am"
        rf"|turned)[ ](?:about[ ]|only[ ]|just[ ]|around[ ]|almost[ ])?(?P<value>[1-9]?\d"
        rf"|10\d){_NOT_TIME}(?!\w)",
        0.75,
        needed=r"(?:s|m|re|d)[ ](?:\w{4,6}[ ])?\d",
    ),
    Rule(
        "age-at",
        "AGE",
        r"\b(?:at|died[ ]at|diagnosed[ ]at|onset[ ]at|menarche[ ]at|menopause[ ]at|deceased[ ](?:at"
        r"|age))[ ](?:the[ ]age[ ]of[ ]|age[ ])?(?P<value>[1-9]\d|10\d|\d(?=[ ]years))[ ]?(?=years?\b"
        r"|yrs?\b|y/?o\b)",
        0.8,
        needed=r"at[ ](?:the[ ]age[ ]of[ ])?\d|age[ ]\d",
    ),
    Rule(
        "age-between-commas",
        "AGE",
        r"(?<=\p{L}),[ ](?P<value>[1-9]\d|10\d),[ ](?=(?:of|a|an|who|from|was|is|has|presents|with|male|female)\b)",
        0.7,
        needed=r", \d{2,3},",
    ),
    Rule(
        "age-at-onset",
        "AGE",
        r"\b(?:with|of|had)[ ](?:[a-z]{3,16}[ ]){1,3}at[ ](?P<value>[1-9]\d)(?=[ ]?(?:[,;)]|\.(?!\d)|$))",
        0.6,
        needed="at ",
    ),
    Rule(
        "age-relative",
        "AGE",
        r"\b(?:mother|father|brother|sister|son|daughter|mom|dad|wife|husband|grandmother|grandfather"
        r"|aunt|uncle|cousin|child|twin|sibling)s?[ ]?(?:,|\(|:|-|died[ ]at|deceased[ ]at|alive[ ]at"
        r"|passed[ ]away[ ]at|d\.|living,?)[ ]?(?:age[ ]|aged[ ])?(?P<value>[1-9]\d|10\d)(?![\w/%]"
        r"|[.,]\d|[ ]?(?:mg|kg|cm|weeks?|days?))",
        0.75,
        needed="mother|father|brother|sister|son|daughter|mom|dad|wife|husband|aunt|uncle|cousin|child|twin|sibling",
    ),
)
