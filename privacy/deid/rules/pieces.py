"""Pieces that patterns of several families are made of. All of them ignore case unless they say otherwise."""

from __future__ import annotations

from typing import Final

#: Between the word that names a number and the number: "MRN # 123", "account number is 123", "ID: 123".
IS: Final = (
    r"(?:[ \t]{0,2}(?:numbers?\b|nos?\b\.?|nr\b\.?|num\b\.?|ids?\b|code\b|\#)){0,2}"
    r"[ \t]{0,3}(?:(?:is|was|reads?|as|of)\b|:|=|\#|-|–|—|\()?[ \t]{0,2}[:#]?\s{0,3}\#?"
)

#: A number of letters and digits with at least four digits among its first characters, as the group ``value``. Parts
#: apart by one space count only when each of them but the first holds three characters or more and begins with a digit.
NUMBER: Final = (
    r"(?P<value>(?<![\w])(?=(?:[A-Z/._-]{0,6}[ ]?\d){4})[A-Z0-9](?:[A-Z0-9]|[/._-](?=[A-Z0-9])){1,30}"
    r"(?:[ ]\d[A-Z0-9-]{2,11}(?![/.,]?\d)){0,4})(?![\w])"
)

#: A number is not an amount: what may not follow it.
NOT_AMOUNT: Final = (
    r"(?![ \t-]?(?:mg|mcg|µg|ug|g|gm|grams?|kg|lbs?|oz|ml|cc|l|dl|liters?|units?|iu|u|meq|mmol|mm|cm"
    r"|in|inch(?:es)?|ft|feet"
    r"|bpm|mmhg|kcal|cal(?:ories)?|ng|pg|k|hz|sec(?:onds)?|min(?:utes)?|hours?|hrs?|days?|weeks?"
    r"|months?|mos?|years?|yrs?"
    r"|cells?|copies|percent|degrees?|times|tabs?|tablets?|caps?|puffs?|drops?|steps|patients|people|dollars|cents"
    r"|french|fr)\b"
    r"|[ \t]?[%°]|[,.]\d)"
)

#: The same with at least two digits and three characters, and no amount.
SHORT_NUMBER: Final = (
    r"(?P<value>(?<![\w])(?=(?:[A-Z/_-]{0,6}\d){2})[A-Z0-9](?:[A-Z0-9]|[/_-](?=[A-Z0-9])){2,30})(?![\w])" + NOT_AMOUNT
)

STATE_CODES: Final = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK"
    "|OR|PA|PR|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|AA|AE|AP"
)

STATES: Final = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    "|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    "|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma"
    "|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    "|West Virginia|Wisconsin|Wyoming|Puerto Rico"
)

MONTH: Final = (
    r"(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)

WEEKDAY: Final = (
    r"(?:mon(?:day|\.)?|tues?(?:day|\.)?|wed(?:nesday|s?\.)?|thu(?:r?s?(?:day|\.)?)|fri(?:day|\.)?|sat(?:urday|\.)?"
    r"|sun(?:day|\.)?)"
)
