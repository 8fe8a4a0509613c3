"""Numbers of vehicles, plates, implants and other devices."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.checks import luhn, vin
from fedaug.privacy.deid.rules.pieces import IS, SHORT_NUMBER
from fedaug.privacy.deid.rules.run import Rule

_PLATE = r"(?=[A-Z]{0,4}[ ·-]?\d|\d)[A-Z0-9]{1,4}(?:[ ·-]?[A-Z0-9]{1,4}){1,2}"
_VIN = r"[A-HJ-NPR-Z0-9]{17}"

RULES: Final[tuple[Rule, ...]] = (
    Rule("vin", "VEHICLE_ID", rf"(?<!\w){_VIN}(?!\w)", 0.85, needed=r"\b\w{17}", near=90, check=vin),
    Rule(
        "vin-labelled",
        "VEHICLE_ID",
        rf"\b(?:vin|vehicle[ ]identification|chassis)\b{IS}(?P<value>{_VIN}|"
        rf"(?=[A-Z]{{0,5}}\d)[A-Z0-9]{{6,16}})(?!\w)",
        0.95,
        needed="vin|vehicle|chassis",
    ),
    Rule(
        "plate",
        "VEHICLE_ID",
        r"\b(?:licen[cs]e[ ](?:plate|tag)s?|number[ ]plate|plates?(?=[ ]?(?:\#|no|num|:|is|was"
        r"|reads?))|plate[ ](?=[A-Z0-9]{2,4}[ -]?\d)|tags?(?=[ ]?(?:\#|no\b|number|:))|(?:vehicle"
        r"|car)[ ](?:reg(?:istration)?|plate|tag)|reg(?:istration)?[ ]?(?:plate|mark)|reg\b\.?(?=[ ]?"
        r"(?:no|num|:)))(?!\p{L})"
        rf"(?:[ ]?\([A-Z]{{2}}\))?{IS}(?:[A-Z]{{2}}[ -](?=[A-Z0-9]{{2,4}}[ -]?[A-Z0-9]{{3}}))?"
        rf"(?P<value>(?-i:{_PLATE}))(?!\w)",
        0.9,
        needed="plate|tag|reg",
    ),
    Rule(
        "plate-after-car",
        "VEHICLE_ID",
        r"\b(?:car|truck|vehicle|suv|van|sedan|pickup|motorcycle|ford|toyota|honda|chevy|chevrolet|bmw"
        r"|nissan|jeep|subaru)\b[^.\n]{0,40}?\b(?:plates?|tags?|licen[cs]e|reg)\b[ :#,]{0,3}(?P<value>"
        r"(?-i:[A-Z]{1,4}[ -]?\d{2,5}|\d{1,4}[ -]?[A-Z]{2,4}(?:[ -]?\d{1,3})?"
        r"|[A-Z]{2}\d{2}[ ]?[A-Z]{3}))(?!\w)",
        0.85,
        needed="plate|tag|licen|reg",
    ),
    Rule(
        "serial",
        "DEVICE_ID",
        r"\b(?:serial(?:[ ]?(?:number|no\b\.?|\#|num\b\.?))?|s/n|sn(?=[ ]?[:#])|ser\b\.?[ ](?:no|\#)"
        r"|udi(?:-di|-pi)?|device[ ]?(?:id(?:entifier)?|number|no\b\.?|\#)|implant[ ]?(?:id|number"
        r"|no\b\.?|\#|card)"
        r"|(?:pacemaker|icd|defibrillator|stimulator|pump|valve|stent|lead|generator|monitor|cpap"
        r"|ventilator|prosthesis|implant|hearing[ ]aid|loop[ ]recorder|glucometer|cgm|sensor)[ ]"
        r"(?:serial|id|sn|s/n)(?:[ ]?(?:number|no\b\.?|\#))?"
        r"|(?:lot|batch|model|catalog(?:ue)?|ref|asset|equipment|tag|machine|unit)[ ]?(?:number"
        r"|no\b\.?|\#|id)|lot(?=[ ]?[:#])|imei|meid|imsi|iccid|esn|android[ ]id|idfa|device[ ]token)"
        r"(?!\p{L})"
        rf"{IS}{SHORT_NUMBER}",
        0.9,
        needed="serial|s/n|sn|ser|udi|device|implant|id|lot|batch|model|catalog|ref|asset|equipment|tag"
        "|machine|unit|imei|meid|imsi|iccid|esn|idfa",
    ),
    Rule("udi", "DEVICE_ID", r"\(01\)\d{14}(?:\(\d{2}\)[A-Z0-9-]{1,20}){0,5}", 0.95, needed=r"\(01\)\d"),
    Rule(
        "imei",
        "DEVICE_ID",
        r"(?<![\w.+-])\d{2}[ -]\d{6}[ -]\d{6}[ -]\d(?!\w|-)",
        0.8,
        needed=r"\d{6}[ -]\d{6}",
        check=luhn,
    ),
)
