"""Ordinary words of a language: what tells "Will will mark the page" apart from a name.

The English list is made by ``tools/ordinary_words.py``: words that stand in lower case often in openly licensed prose
and medical answers. It holds words that are names as well ("mark", "rose", "graves"), on purpose.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_MEDICAL = frozenset(
    "abd abg acs adl afib afvss aka aki ambulates anticoag appt appts bibems bid bilat bipap bka bm bmi bmp bnp bp bph "
    "bpm bun cabg cad cath cbc chf cks cns copd cpap crp csf ct cta cva cvp cxr dc dialysis dka dm dnr dob dvt dx ecg echo "
    "ed eeg egd ekg emg ems ent er esr esrd etoh eval fx gcs gerd gfr gi gu gyn hct hd heent hgb hiv hpi hr htn hx ibs icd "
    "icu inr iv ivf jvd kub lad lbp lmp lvef lvh mca meds mi mri mrsa nad ncat nicu nka nkda npo nsaids nsr nstemi nyha od "
    "osa ot pacu pcn pe perrla pet picc pmh pna po prn psa psh pt ptsd pvd qd qid ra rbc rca rehab rom ros rr rrr rt rx sle "
    "snf sob stemi svt tab tabs tbi tee tia tid tko tpn tsh tte tx uri us usg uti vs vss wbc wnl y".split()
)


@cache
def ordinary_words(language: str = "en") -> frozenset[str]:
    """The list of a language, in lower case; empty for a language that has none.

    Args:
        language: A two-letter code.
    """
    path = files(__package__) / "words" / f"{language}.txt"
    if not path.is_file():
        return frozenset()
    words = frozenset(path.read_text(encoding="utf-8").split())
    return words | _MEDICAL if language == "en" else words


def is_ordinary(word: str, language: str = "en") -> bool:
    """Whether a word stands in ordinary text, be it a name as well."""
    return word.lower() in ordinary_words(language)
