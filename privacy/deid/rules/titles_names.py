"""Names by what stands beside them: a title, a degree, a label, a relation, a greeting, a signature.

No list of names is needed here, so that names of any origin are found; what a list adds is in ``gazetteer.py``.
"""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.rules.run import Rule
from fedaug.privacy.deid.rules.vocabulary import is_ordinary

#: Capitalised words after a title or a label that begin or go on with no name; in capitals too.
_NO_NAME = (
    r"(?=\p{Lu}|(?:van|von|der|den|de|la|le|del|della|di|da|dos|el|al|bin|ibn|ter|ten|zu|af|av)[ ])"
    r"(?!(?i:will|see|saw|has|had|have|is|was|are|were|and|or|on|at|in|of|to|the|a|an|who|for|from"
    r"|with|by|as|that|this|his|her|their|he|she|they|we|i|it|may|can|not|no|be|been|if|but|per|via"
    r"|today|now|here|came"
    r"|called|recommended|recommends|recommend|advised|stated|states|reports|reported|denies|patient"
    r"|pt|doctor|nurse|practitioner|physician|assistant|manager|name|date|dob|mrn|age|sex|gender|phone"
    r"|fax|address|room|ward|unit|clinic|hospital|office|center|medical"
    r"|department|dept|service|surgery|medicine|emergency|time|visit|admission|discharge|diagnosis"
    r"|allergies|medications|history|plan|assessment|chief|reason|procedure|status|note|notes|report"
    r"|record|number|id|ssn|insurance|none|unknown|n/a|na|tbd|yes|male|female"
    r"|contin|mr|mrs|ms|dr|prof|md|rn|np|pa|do|phd|seen|signed|dictated|attending|resident|consulting"
    r"|provider|primary|care|team|staff|licen[cs]e|lic|cert|monday|tuesday|wednesday|thursday|friday|saturday|sunday|also"
    r"|then|did|does|do|would|should|could|when|where|which|after|before|so|up|out"
    r"|family|home|self|same|above|below|new|old|other|both|all|any|each|left|right|please|thank"
    r"|thanks|regarding|re|cc|attn|dear|hi|hello|sincerely|regards|best|signature|electronically|page"
    r"|cardiology|neurology|oncology|radiology|psychiatry|pediatrics|urology|nephrology"
    r"|colleague|sir|madam|doctors|gastroenterology|pulmonary|orthopedics|ophthalmology|dermatology"
    r"|anesthesia|pathology|pharmacy"
    r"|laboratory|lab|icu|ed|er|or)\b)"
)
#: A possessive "'s" is no part of a name.
_CAPITAL = r"\p{Lu}[\p{L}'’-]{1,24}(?<!['’-]|['’]s)"
_PARTICLE = (
    r"(?:(?:van|von|der|den|de|la|le|del|della|di|da|dos|el|al|bin|ibn|ter|ten|zu|af|av|Van|Von|De|La|Le"
    r"|Del|Di|Da|El|Al|St\.)[ ]){0,3}"
)
_WORD = rf"{_NO_NAME}{_PARTICLE}{_CAPITAL}"
_INITIAL = r"\p{Lu}\b\.?(?:[ ]?\p{Lu}\b\.?)?"
#: One to four words; initials within.
_NAME = rf"(?-i:(?:{_INITIAL}[ ]?)?{_WORD}(?:[ ](?:{_INITIAL}(?=[ ,\n.;:)]|$)|{_WORD})){{0,3}})"
_TWO = rf"(?-i:(?:{_INITIAL}[ ])?{_WORD}(?:[ ]{_INITIAL}(?=[ ])){{0,2}}(?:[ ]{_WORD}){{1,2}}|{_INITIAL}[ ]?{_WORD})"
_SURNAME_FIRST = rf"(?-i:{_WORD}(?:[ ]{_WORD})?,[ ]?{_WORD}(?:[ ](?:{_INITIAL}(?![\p{{L}}])|{_WORD}))?)"
_SMALL = r"[\p{Ll}][\p{Ll}'’-]{2,24}"

_TITLE = (
    r"(?-i:(?:Drs?|DRS?|dr|Mr|MR|mr|Mrs|MRS|mrs|Mx|Prof|PROF|prof|Rev|REV|Sgt|Capt|Maj|Hon|Pr)\b\.?"
    r"|Ms\b\.?|MS\.|ms\.|Miss|Professor|Doctor|Nurse|Pastor|Rabbi|Imam|Reverend|Detective|Officer|Attorney"
    r"|Judge|Sir|Dame|Lady|Madam|Herr|Frau|Monsieur|Madame|Señora?|Sra?\.|Coach|Chaplain|Deacon|Sheriff"
    r"|Deputy|Trooper|Sergeant|Captain|Colonel|Major|Senator|President|Uncle|Aunt|Aunty|Auntie|Grandma"
    r"|Grandpa|Sister|Brother|Father(?=[ ][A-Z]))"
)
#: After these a capitalised word is a name, though elsewhere it begins none.
_PLAIN_TITLE = r"(?-i:(?:Drs?|DR|Mr|MR|Mrs|MRS|Mx|Prof)\b\.?|Ms\b\.?|MS\.|Miss)"
_NAMED_AS_WORDS = r"(?-i:Do|Pa|Will|May|Page|Best|So|An|Ed)(?=[ ,.;:)'’\n]|$)"
_DEGREE = (
    r"(?:M\.?D\b\.?|D\.?O\b\.?|R\.?N\b\.?|N\.?P\b\.?|P\.?A(?:-C)?\b\.?|Ph\.?[ ]?D\b\.?|LPN|LVN|CRNA|CNM"
    r"|CNP|CNA|FNP(?:-B?C)?|APRN|ARNP|APN|ACNP|AGNP|DNP|BSN|MSN|FACS|FACP|FACC|DDS|DMD|DPM|DVM"
    r"|Pharm\.?[ ]?D\b|R\.?Ph\b|DPT|OTR/?L?|SLP|CCC-SLP|O\.?D\b(?=[ ,.\n])|LCSW|LMSW|MSW|LMFT|LPC|MBBS"
    r"|MBChB|MRCP|FRCP[CS]?|FRCS|Psy\.?D\b|RDN?|RRT|EMT(?:-P)?|MPH|MBA|Esq\b\.?|CPA|J\.?D\b|PT(?=[ ]?"
    r"(?:,[ ]?DPT|\n|$))|MA(?=[ ]?(?:\n|$)))"
)
_ROLE = (
    r"(?:patient(?:['’]s)?(?:[ ]name)?|pt(?:[ ]name)?|(?:(?:full|legal|preferred|first|last|middle"
    r"|maiden|given|family|birth|sur|nick|mother['’]s|father['’]s|spouse['’]s|patient|client|member"
    r"|subscriber|contact|provider|physician|doctor|guarantor|resident|customer"
    r"|account[ ]holder)[ -]?)?name(?:[ ]\([a-z, ]{3,20}\))?|surname|alias|aka"
    r"|client|resident|attending(?:[ ](?:physician|md|surgeon|provider))?|physician|provider|doctor"
    r"|surgeon|assistant|first[ ]assist|anesthesiologist|anaesthetist|anesthesia|pcp|primary"
    r"(?:[ ]care)?(?:[ ](?:physician|provider|doctor))?|gp|referring(?:[ ](?:physician|provider|md"
    r"|doctor))?|consult(?:ant|ing)(?:[ ]physician)?|requesting(?:[ ](?:physician|provider))?|ordering"
    r"(?:[ ](?:physician|provider))?|admitting(?:[ ]physician)?|radiologist|pathologist|cardiologist"
    r"|oncologist|neurologist|interpreter|technologist|technician|tech"
    r"|nurse|rn|case[ ]manager|social[ ]worker|therapist|pharmacist|dietitian|scribe|transcriptionist"
    r"|author|editor|witness|contact(?:[ ]person)?|emergency[ ]contact|next[ ]of[ ]kin|nok|spouse|wife"
    r"|husband|mother|father|mom|dad|guardian|parent(?:/guardian)?|son|daughter|brother|sister|partner"
    r"|caregiver|informant|historian|proxy|hcp|poa|hcpoa|health[ ]?care[ ]proxy|guarantor|insured"
    r"|subscriber|policy[ -]?holder|beneficiary|employer[ ]contact|account[ ]holder|card[ -]?holder"
    r"|signatory|signature|signed|sender|recipient|attn\.?|attention|re|cc|c/o|from|to|who|reporter"
    r"|caller|donor|teacher|lawyer|attorney|directed[ ]by|director|owner|tenant|landlord|applicant"
    r"|borrower|payee|payer)"
)
_BY = (
    r"(?:(?:electronically[ ]|digitally[ ]|e-)?signed|dictated|transcribed|typed|authenticated|verified"
    r"|reviewed|approved|entered|written|prepared|reported|interpreted|performed|supervised|co-?signed"
    r"|attested|ordered|referred|requested|seen|evaluated|examined|followed|treated|managed|assisted"
    r"|accompanied|brought[ ]in|staffed|placed|read|attended|delivered|operated|recorded|completed"
    r"|collected|drawn|administered|witnessed|scribed|cared[ ]for|called|faxed|directed|produced|founded"
    r"|described)[ ](?:on[ ][\d/]{3,10}[ ])?by"
)
_RELATION = (
    r"(?:wife|husband|son|daughter|mother|father|mom|dad|mum|brother|sister|partner|spouse|girlfriend"
    r"|boyfriend|fianc[eé]e?|friend|neighbo[u]?r|aunt|uncle|cousin|niece|nephew|grand(?:son|daughter"
    r"|mother|father|ma|pa|child)|step(?:son|daughter|mother|father)|twin|roommate|caregiver|caretaker"
    r"|guardian|coworker|boss|kid|child|children|baby|kids|sons|daughters|siblings?"
    r"|teacher|pcp|(?:mother|father|sister|brother|son|daughter)[- ]in[- ]law)"
)
_ROLE_NEED = (
    "name|patient|pt|client|resident|physician|provider|doctor|surgeon|assist|an|pcp|primary|gp|consult"
    "|requesting|ordering|admitting|ologist|techn|nurse|rn|case|social|therapist|dietitian|scribe|author"
    "|editor|witness|contact|kin|nok|wife|husband|mother|father|mom|dad|parent|son|daughter|brother"
    "|sister|partner|caregiver|informant|proxy|hcp|poa|insured|subscriber|holder|benef|sign|sender"
    "|recipient|att|re|cc|c/o|from|to|who|caller|donor|teacher|lawyer|directed|owner|landlord|borrower"
    "|pay"
)


def no_ordinary_word(text: str) -> bool:
    """Whether nothing that was found is an ordinary word: what a name in lower case has to be."""
    return not any(is_ordinary(word) for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1)


def label_name(text: str) -> bool:
    """The same, but one ordinary word alone is taken for a heading's content: "Contact: Precautions"."""
    words = re.findall(r"[^\W\d_]+", text)
    return some_name(text) and not (len(words) == 1 and is_ordinary(words[0]))


def some_name(text: str) -> bool:
    """Whether some word is no ordinary one, or the case is mixed, so that capitals mean something."""
    return not text.isupper() or any(not is_ordinary(word) for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1)


_A_DEGREE = rf"[ ,](?=(?-i:[A-Z][A-Z.hs]))(?-i:{_DEGREE})(?!\w)"


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "name-after-title",
        "PERSON",
        rf"(?<![\w.]){_TITLE}[ ]{{1,2}}(?P<value>{_NAME})(?:[ ]?(?:/|and|&|,)[ ]?(?=\p{{Lu}}\p{{Ll}})"
        rf"(?<=Drs\.?[ ].{{2,40}})(?P<value>{_NAME}))?",
        0.9,
        needed=r"\b(?:drs?|mrs?|ms|mx|prof\w{0,6}|rev\w{0,6}|sgt|capt\w{0,3}|maj\w{0,2}|hon|pr|miss|doctor"
        r"|nurse|pastor|rabbi|imam|detective|officer|attorney|judge|sir|dame|lady|madame?|herr|frau"
        r"|monsieur|se[nñ]ora?|sra?|coach|chaplain|deacon|sheriff|deputy|trooper|sergeant|colonel"
        r"|senator|president|uncle|aunt\w{0,2}|grand[mp]a|sister|brother|father)\b",
    ),
    Rule(
        "name-after-title-word",
        "PERSON",
        rf"(?<![\w.]){_PLAIN_TITLE}[ ]{{1,2}}(?P<value>{_NAMED_AS_WORDS}(?:[ ]{_WORD})?)",
        0.9,
        needed=r"\b(?:drs?|mrs?|ms|mx|prof|miss)\b",
    ),
    Rule(
        "name-after-title-small",
        "PERSON",
        rf"(?<![\w.])(?-i:dr|Dr|mr\.|mrs|ms\.|prof\.?|Mr\.|Mrs|Ms\.)\.?[ ](?P<value>(?-i:{_SMALL}))(?![\w])",
        0.8,
        needed=r"\b(?:dr|mrs?|ms|prof)\b",
        check=no_ordinary_word,
    ),
    Rule(
        "title",
        "TITLE",
        r"(?<![\w.])(?P<value>(?-i:(?:Drs?|Mr|Mrs|Mx|Prof|Rev|Sgt|Capt)\b\.?|(?:DR|MR|MRS|MS)\."
        r"|Ms\b\.?|(?:dr|mr|mrs|ms)\.|(?:dr|mr|mrs)(?=[ ])|Miss|Doctor|Professor|Dame|Reverend|Rabbi))"
        r"(?=[ ]{1,2}\p{L}{2})(?![ ]{1,2}(?:Contin|visit|office|or|and|to|for|will|recommended|said|if"
        r"|when|is|was|has|at))",
        0.4,
        needed=r"\b(?:drs?|mrs?|ms|mx|prof|rev|sgt|capt|miss|doctor|professor|dame|reverend|rabbi)\b",
    ),
    Rule(
        "name-before-degree",
        "PERSON",
        rf"(?<![\w.])(?P<value>{_TWO})(?:[ ]?,[ ]?|[ ])(?:(?:Jr|Sr)\.?,?[ ]|I{{1,3}},?[ ])?(?-i:{_DEGREE})(?!\w)",
        0.9,
        needed=_A_DEGREE,
        near=70,
        check=some_name,
    ),
    Rule(
        "surname-before-degree",
        "PERSON",
        rf"(?<![\w.])(?P<value>(?=(?-i:\p{{Lu}})[\p{{L}}'’ -]{{1,40}},){_SURNAME_FIRST}|(?="
        rf"(?-i:\p{{Lu}})[\p{{L}}'’-]{{1,24}},?[ ](?-i:[A-Z]))(?-i:{_WORD})),?[ ](?-i:M\.?D\.?|D\.O\."
        rf"|RN|NP|PA-C|CRNA"
        rf"|LPN|PharmD|LCSW)(?![\w])",
        0.75,
        needed=_A_DEGREE,
        near=70,
        check=some_name,
    ),
    Rule(
        "name-after-label",
        "PERSON",
        rf"(?<![\w-]){_ROLE}[ ]?[:=][ \t]{{0,8}}(?:{_TITLE}[ ])?(?P<value>{_SURNAME_FIRST}|{_NAME})"
        rf"(?=[ ]?(?:[,.;)(|\n/\[]|$|[ ]{{1,4}}|-))",
        0.75,
        needed=r"[:=]",
        check=label_name,
    ),
    Rule(
        "name-after-label-line",
        "PERSON",
        rf"(?<![\w-])(?:patient|name|patient[ ]name|full[ ]name|attending|provider|physician|surgeon"
        rf"|pcp)[ ]?:?[ ]?\n[ ]{{0,4}}(?:{_TITLE}[ ])?(?P<value>{_SURNAME_FIRST}|{_TWO})(?=[ ]?(?:[,.;)"
        rf"(|\n]|$|[ ]{{2}}))",
        0.7,
        needed="patient|name|attending|provider|physician|surgeon|pcp",
        check=some_name,
    ),
    Rule(
        "name-after-label-small",
        "PERSON",
        rf"(?<![\w-])(?:(?:(?:patient|full|first|last|legal|maiden|sur)[ ]?)?name|patient)[ ]?(?:is\b"
        rf"|:)[ ]{{1,3}}(?P<value>(?-i:{_SMALL}(?:[ ]{_SMALL}){{0,2}}))(?![\w])",
        0.7,
        needed="name|patient",
        check=no_ordinary_word,
    ),
    Rule(
        "name-after-by",
        "PERSON",
        rf"(?<!\w){_BY}[ ]?:?[ ]{{1,2}}(?:my[ ]colleague,?[ ])?(?:{_TITLE}[ ])?"
        rf"(?P<value>{_SURNAME_FIRST}(?=[ ]?(?:,?[ ]?{_DEGREE}|[;\n.]|$|[ ]on\b))|{_NAME})",
        0.75,
        needed=r"\bby\b",
        check=some_name,
    ),
    Rule(
        "name-after-relation",
        "PERSON",
        rf"(?<!\w){_RELATION}(?:[ ]?,[ ]|[ ]\(|['’]s[ ]name[ ](?:is|was)[ ]|[ ](?:is[ ]|was[ ])?"
        rf"(?:named|called)[ ]|[ ])(?P<value>(?-i:{_NO_NAME}{_CAPITAL}(?:[ ]{_NO_NAME}{_CAPITAL})?))"
        rf"(?:[ ]?(?:,|and|&|,[ ]and)[ ](?P<value>(?-i:{_NO_NAME}\p{{Lu}}[\p{{Ll}}'’-]{{2,20}}))"
        rf"(?=[ ]?[).,;]))?(?![\w]|[ ]?(?:disease|syndrome|lymphoma))",
        0.7,
        needed="wife|husband|son|daughter|mother|father|mom|dad|mum|brother|sister|partner|spouse|friend"
        "|fianc|neighbo|aunt|uncle|cousin|niece|nephew|grand|step|twin|roommate|care|guardian"
        "|coworker|colleague|boss|kid|child|baby|sibling|interpreter|teacher|pcp",
        check=lambda text: not text.isupper() and not is_ordinary(text),
    ),
    Rule(
        "name-said",
        "PERSON",
        rf"\b(?:name(?:['’]s|[ ]is|[ ]was)|named|i[ ]am|i['’]m|this[ ]is|called|goes[ ]by"
        rf"(?:[ ]the[ ]name)?(?:[ ]of)?|known[ ]as|a\.?k\.?a\.?|calls[ ]me|call[ ]me|it[ ]to|formerly"
        rf"|n[eé]e|speak[ ](?:to|with)|spoke[ ](?:to|with)|speaking[ ](?:to|with)|talk(?:ed)?[ ](?:to"
        rf"|with)|met[ ]with|ask[ ]for|under[ ]the[ ]name(?:[ ]of)?|partner['’]s[ ]name"
        rf"|discussed[ ]with|d/w|behalf[ ]of|signed|thanks,|love,)[ ](?:{_TITLE}[ ])?(?P<value>"
        rf"(?-i:{_NO_NAME}\p{{Lu}}[\p{{Ll}}'’-]{{1,20}}(?<!['’-]|['’]s)(?:[ ]{_INITIAL}(?=[ ]))?(?:[ ]"
        rf"(?:{_PARTICLE}{_NO_NAME}{_CAPITAL})){{0,2}}))(?!\w)",
        0.7,
        needed="name|i am|i'm|i’m|this is|call|goes by|known as|aka|a.k.a|it to|formerly|nee|née|speak|spoke"
        "|talk|met with|ask for|discussed with|d/w|behalf|signed|thanks|love",
        check=lambda text: not all(is_ordinary(word) for word in re.findall(r"[^\W\d_]{2,}", text)),
    ),
    Rule(
        "name-in-quotes",
        "PERSON",
        r"\b(?:goes[ ]by|known[ ]as|called|(?:calls?|called)[ ](?:him|her|them|me)(?:self)?"
        r"|nicknamed|nickname[ ]?:?|a\.?k\.?a\.?"
        r"|likes[ ]to[ ]be[ ]called|prefers(?:[ ]to[ ]be[ ]called)?|preferred[ ]name:?)[ ]"
        r"[\"“‘'](?P<value>(?-i:\p{Lu}[\p{L}'’-]{1,20}))[\"”’'.,]",
        0.8,
        needed=r"[ ][\"“‘'](?-i:\p{Lu})",
        near=60,
    ),
    Rule(
        "greeting",
        "PERSON",
        rf"\b(?:dear|hi|hello|hey|good[ ](?:morning|afternoon|evening))[ ,]{{1,2}}(?:{_TITLE}[ ])?"
        rf"(?P<value>{_NAME})(?=[ ]?[,.!:;?\n]|[ ]?$|[ ](?:i|how|can|this|my|it|we|you)\b)",
        0.8,
        needed="dear|hi|hello|hey|good",
    ),
    Rule(
        "signature",
        "PERSON",
        rf"(?:sincerely|regards|respectfully|truly|thanks|thank[ ]you|cheers|best"
        rf"|yours)[ ]?,[ ]?\n{{1,3}}[ ]{{0,8}}(?:{_TITLE}[ ])?(?P<value>{_NAME})(?=[ ]?(?:[,\n]|$))|"
        rf"(?:/s/|\bs/)[ ]?(?P<value>{_NAME})|(?:^|\n)[ ]{{0,4}}(?:--?|—|~)[ ]?(?:{_TITLE}[ ])?"
        rf"(?P<value>{_TWO})[ ]?(?=\n|$)",
        0.75,
        needed=r"\n(?<=,[ ]?\n)|\n[ ]{0,4}[-—~]|s/",
        near=90,
        check=some_name,
    ),
    Rule(
        "name-with-suffix",
        "PERSON",
        rf"(?<![\w.])(?P<value>{_TWO},?[ ](?-i:Jr|Sr|III|IV)\b\.?)",
        0.8,
        needed=r"[ ](?-i:Jr|Sr|III|IV)\b",
        near=130,
        check=some_name,
    ),
)
