"""What stands beside a tagger's weights: how they are read, and where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import ConfigError
from fedaug.privacy.deid.neural.network import LAYERS

#: The folder of the weights that ship.
SHIPPED: Final = Path(__file__).parent / "weights"
_Probability = Annotated[float, Field(gt=0, lt=1)]


class Card(BaseModel):
    """The description of one tagger.

    Attributes:
        language: A two-letter code.
        layers: Blocks kept of the pretrained model.
        labels: Types of finding, in the order of the head's rows: O, then B and I of each.
        threshold: The least probability of being an identifier at which a word is found; chosen for recall.
        balanced: The same, where precision and recall of whole spans weigh alike.
        seed: Of the training run.
        steps: Updates of the training run.
        examples: Texts that were drawn, repetitions included.
        sources: What they were drawn from, as ``tools/ner_corpus`` names them; NOTICE names the authors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    language: str
    layers: int = Field(ge=1, le=LAYERS)
    labels: tuple[str, ...] = Field(min_length=1)
    threshold: _Probability
    balanced: _Probability
    seed: int
    steps: int
    examples: int
    sources: tuple[str, ...]

    @property
    def tags(self) -> int:
        """Size of the head."""
        return 1 + 2 * len(self.labels)


def load_card(language: str, folder: Path = SHIPPED) -> Card:
    """The card of a language's tagger.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    try:
        return Card.model_validate_json((folder / f"{language}.json").read_bytes())
    except FileNotFoundError:
        todo = "use 'en' or 'es', or add a model of your own to the recognisers"
        raise ConfigError("there is no tagger for this language", todo) from None
    except ValidationError:
        raise ConfigError("a tagger's description cannot be read", "install fedaug again") from None
