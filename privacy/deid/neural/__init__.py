"""The embedded neural recogniser: MiniLM with a low-rank adapter, found by context what no pattern describes."""

from fedaug.privacy.deid.neural.card import Card
from fedaug.privacy.deid.neural.tagger import Tagger

__all__ = ["Card", "Tagger"]
