"""The model card that stands beside the embedded model's weights: what it is, what it read, how well it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import MalformedSource, MissingFile

#: The folder of the weights that ship.
SHIPPED: Final = Path(__file__).parent / "weights"
CARD: Final = "card.json"
_FROZEN: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Read(BaseModel):
    """One source of the training text.

    Attributes:
        name: As ``tools/pretraining`` names it; NOTICE names the authors.
        licence: Of its text.
        pieces: Texts that were kept to train on.
        words: In them.
        overlapping: Texts that were left out because they share 13 words in a row with a private or evaluation set.
        share: Of the word pieces that were drawn, as planned.
    """

    model_config = _FROZEN

    name: str
    licence: str
    pieces: int = Field(ge=0)
    words: int = Field(ge=0)
    overlapping: int = Field(ge=0)
    share: float = Field(ge=0, le=1)


class Score(BaseModel):
    """How well held-out texts are predicted, each from its own beginning and without a prefix.

    Attributes:
        texts: How many.
        tokens: Their word pieces and ends.
        shipped: Perplexity a word piece of what ships.
        base: Of the package's encoder under a causal mask, before any training.
        scratch: Of the same size from random weights, after ``scratch_tokens`` of the same text; None if not trained.
        bits_per_byte: Of what ships, which models with another tokenizer can be compared by.
    """

    model_config = _FROZEN

    texts: int = Field(ge=1)
    tokens: int = Field(ge=1)
    shipped: float = Field(gt=0)
    base: float = Field(gt=0)
    scratch: float | None = Field(None, gt=0)
    bits_per_byte: float = Field(gt=0)


class Card(BaseModel):
    """The description of the embedded model.

    Attributes:
        base_sha256: Of the package's weights that the difference belongs to.
        weights_sha256: Of the difference.
        seed: Of the training run.
        steps: Updates of the training run.
        tokens: Word pieces that were drawn for them, prompts and repetitions included.
        max_tokens: Most word pieces of a prompt and a text that it was trained on.
        sources: What it read.
        scores: Held-out perplexities by the name of the texts.
        scratch_tokens: Word pieces that the control run from random weights was trained on.
    """

    model_config = _FROZEN

    base_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    seed: int
    steps: int = Field(ge=1)
    tokens: int = Field(ge=1)
    max_tokens: int = Field(ge=2, le=512)
    sources: tuple[Read, ...] = Field(min_length=1)
    scores: dict[str, Score]
    scratch_tokens: int = Field(0, ge=0)


def load_card(folder: Path = SHIPPED) -> Card:
    """The card of a folder.

    Raises:
        MissingFile: There is none.
        MalformedSource: It cannot be read.
    """
    try:
        return Card.model_validate_json((folder / CARD).read_bytes())
    except FileNotFoundError:
        raise MissingFile("the embedded model is not installed", "install fedaug again") from None
    except ValidationError:
        raise MalformedSource("the embedded model's card cannot be read", "install fedaug again") from None
