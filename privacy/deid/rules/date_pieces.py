"""Pieces of the patterns of dates: days, months, years, times, and the words that go before and after them."""

from __future__ import annotations

from fedaug.privacy.deid.rules.pieces import WEEKDAY

M = r"(?:0?[1-9]|1[0-2])"
D = r"(?:0?[1-9]|[12]\d|3[01])"
YEAR = r"(?:19|20)\d{2}"
ANY_YEAR = rf"(?:{YEAR}|['’‘]?\d{{2}})"
ORDINAL = r"(?:st|nd|rd|th)"
TIME = (
    r"(?:(?:,|[ ]?-|T|[ ]at|[ ]@|[ ]around|[ ]by)?[ ]{0,2}(?:[01]?\d|2[0-3])(?::[0-5]\d(?::[0-5]\d"
    r"(?:\.\d{1,6})?)?[ ]?(?:[ap]\.?m\b\.?|hrs?\b|hours\b|Z\b)?(?:[+-]\d{2}:?\d{2})?"
    r"|[ ]?[ap]\.?m\b\.?|(?<=(?:at|@|around|by)[ ](?:[01]\d|2[0-3]))[0-5]\d\b(?:[ ]?(?:hrs?|hours"
    r"|h)\b)?|(?<=[ ](?:[01]\d|2[0-3]))[0-5]\d[ ]?(?:hrs?|hours)\b))?"
)
#: The article is a part of the date, as the weekday is: "the 16th of June" has no other.
WEEKDAY_BEFORE = rf"(?:\b{WEEKDAY},?[ ]{{1,2}})?(?:\bthe[ ])?"
TO = r"(?:[ ]?[-–—/&,][ ]?|[ ](?:to|thru|through|until|and|or)[ ])"
UNITS = (
    r"(?![ \t-]?(?:mg|mcg|g|kg|ml|cc|l|units?|iu|mm|cm|tabs?|tablets?|times|x|%|mmhg|weeks?|days?|hours?"
    r"|months?|years?|puffs?|drops?)\b|[ ]?%)"
)
HOLIDAY = (
    r"(?:christmas(?:[ ](?:eve|day))?|xmas(?:[ ](?:eve|day))?|thanksgiving(?:[ ]day)?|new[ ]year"
    r"(?:['’]?s)?[ ](?:eve|day)|new[ ]year['’]s"
    r"|easter(?:[ ](?:sunday|monday))?|halloween|labou?r[ ]day|memorial[ ]day|independence[ ]day|fourth[ ]of[ ]july"
    r"|valentine['’]?s[ ]day|mother['’]?s[ ]day|father['’]?s[ ]day|veterans?['’]?[ ]day|columbus[ ]day"
    r"|martin[ ]luther[ ]king(?:[ ]jr\.?)?[ ]day"
    r"|mlk[ ]day|presidents?['’]?s?[ ]day|good[ ]friday|hanukkah|chanukah|passover|yom[ ]kippur"
    r"|rosh[ ]hashanah|ramadan|eid(?:[ ]al[- ](?:fitr|adha))"
    r"|diwali|boxing[ ]day|bank[ ]holiday|cinco[ ]de[ ]mayo|juneteenth|st\.?[ ]patrick['’]?s[ ]day"
    r"|groundhog[ ]day|mardi[ ]gras|ash[ ]wednesday"
    r"|palm[ ]sunday|kwanzaa|lunar[ ]new[ ]year|chinese[ ]new[ ]year)"
)
#: Words that go before a date in figures.
BEFORE_DATE = (
    r"(?:on|since|until|till|dated?|as[ ]of|effective|eff\.?|starting|started|start|begun|began|ended"
    r"|ending|stopped|due|seen|admit(?:ted)?|admission|adm"
    r"|discharged?|d/?c['’]?d?|dc|surgery|sx|procedure|visit|appt|appointment|scheduled|f/?u"
    r"|follow[- ]?up|fu|dos|dob|doa|dod|lmp|edd|edc|exp|expires?|born|died|deceased"
    r"|resulted|collected|drawn|performed|done|completed|placed|inserted|removed|extubated|intubated"
    r"|transferred|signed|dictated|transcribed|received"
    r"|ordered|filled|refilled|vaccinated|last|next|previous|prior|repeat|week[ ]of|before|after|by"
    r"|thru|through|around|circa|w/o|mri|ct|cxr|echo|egd|colonoscopy"
    r"|cath|labs?|cx|culture|note|update|addendum|report|cc|date|day|morning|evening|night|afternoon"
    r"|arrived?|presented|called|returned?|home|hospitalized|hospitalization"
    rf"|{WEEKDAY}|today|yesterday|tomorrow|tonight|poss?|pod|hd)"
)
SCALES = (
    r"(?:scores?|scored|scale|pain|mmse|moca|gcs|phq|gad|audit|cage|braden|apgars?|ratio|strength"
    r"|power|motor|vision|visual|va|murmur|grade|rated?|pulses?|reflexes|dtrs?|ef|bp"
    r"|pressure|inr|titer|stage|gleason|ecog|nyha|nihss|asa|quiz|items?|criteria|points|positive"
    r"|joints|teeth|fingers|toes|beats|of|from|out|at|cups?|tsp|tbsp|gauge|inch|size|suture|normal"
    r"|needle|blade)"
)
AFTER_RATIO = (
    r"(?![ ]?(?:[ap]?\.?m?\b)?(?:strength|power|scale|pain|systolic|diastolic|murmur|motor|points?"
    r"|pulses?|reflex|inch|in\b|[\"”]|cups?|teaspoon|tsp|tbsp|tab|pill|dose|mg|ml|cm|mm|gauge|normal"
    r"|saline|ns\b|bilat|throughout|correct|items|criteria|intensity|severity|ppd|pack|of\b|the[ ]"
    r"(?:dose|time|way)|positive|joints|times|weeks|days|hours))"
)
NO_RATIO = r"(?!\d|/\d|[.,]\d|-?\d{3}|%)"
MD = rf"{M}/{D}(?!\d|/\d|[.,]\d|-?\d{{3}}|%)"
MDY = rf"{M}/{D}(?:/(?:{YEAR}|\d{{2}}))?"
NO_DIGIT = r"(?<![\w/.,$#-])(?<!\d[ ]/[ ])"
SCORED = rf"(?<!\b{SCALES}\b[^\w\n]{{1,3}}(?:\w{{1,12}}[^\w\n]{{1,3}}){{0,2}})"

DAY_WORDS = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth"
    r"|fourteenth|fifteenth|sixteenth|seventeenth"
    r"|eighteenth|nineteenth|(?:twenty|thirty)[ -]?(?:first|second|third|fourth|fifth|sixth|seventh"
    r"|eighth|ninth)|twentieth|thirtieth)"
)
#: The first word of each.
A_DAY_WORD = (
    r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth"
    r"|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twenty|thirty|twentieth|thirtieth|twentyfirst|thirtyfirst)\b"
)
ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
YEAR_WORDS = (
    rf"(?:(?:nineteen|twenty)[ -](?:hundred(?:[ ]and)?[ ])?(?:(?:oh|o)[ -]{ONES}|ten|eleven|twelve"
    rf"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -]{ONES})?)|two[ ]thousand(?:[ ]"
    rf"(?:and[ ])?(?:{ONES}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty"
    rf"(?:[ -]{ONES})?))?)"
)
FULL_MONTH = (
    r"(?-i:January|February|March|April|May|June|July|August|September|October|November|December|JANUARY"
    r"|FEBRUARY|MARCH|APRIL|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
)
MONTH_NEED = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


#: A month as a word by itself.
A_MONTH = (
    r"(?<!\p{L})(?:jan|january|feb|february|mar|march|apr|april|may|june?|july?|aug|august|sept?|september"
    r"|oct|october|nov|november|dec|december)(?!\p{L})"
)
A_YEAR = r"(?:19|20)\d\d"
