"""Residual risk: what de-identification misses, measured on texts that a person has labelled."""

from fedaug.privacy.deid.scoring.find import Finder, find_all
from fedaug.privacy.deid.scoring.labelled import LabelledText, read_labelled
from fedaug.privacy.deid.scoring.rates import Counts, Rates, f_beta, rates
from fedaug.privacy.deid.scoring.scorer import Documents, Score, Scorer
from fedaug.privacy.deid.scoring.table import score_table

__all__ = [
    "Counts",
    "Documents",
    "Finder",
    "LabelledText",
    "Rates",
    "Score",
    "Scorer",
    "f_beta",
    "find_all",
    "rates",
    "read_labelled",
    "score_table",
]
