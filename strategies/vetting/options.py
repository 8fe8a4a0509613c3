"""What ``campaign.toml`` and ``site.toml`` may say of gates; all that they name is public."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, model_validator

from fedaug.errors import ConfigError
from fedaug.privacy.checked_toml import Settings, one_line, problems_of
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.vetting.evaluation import ANCHOR_WORDS, Thresholds

Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"  # of a file in a data set's folder: no way out of it
_Options = TypeVar("_Options", bound=Settings)


class GateSetting(Settings):
    """One class F gate, by its registered name, and its options."""

    gate: Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]
    options: dict[str, Any] = Field(default_factory=dict)


def _named(value: object) -> object:
    return {"gate": value} if isinstance(value, str) else value


def _short(setting: GateSetting) -> str | dict[str, Any]:
    return {"gate": setting.gate, "options": setting.options} if setting.options else setting.gate


#: One of a list in which a gate without options may stand as its name alone.
NamedGate = Annotated[GateSetting, BeforeValidator(_named), PlainSerializer(_short)]


class EvaluationFile(Settings):
    """A public evaluation file, by its path or by the data set that it is in.

    Attributes:
        path: A CSV or JSONL file, as the corpora of a campaign are named.
        data_set: A public data set, looked for on this machine.
        file: The file within it.
        column: Holds the items' text.
        optional: Left out where it is not on this machine.
    """

    path: Annotated[str, Field(pattern=r"^[^\x00]+$")] | None = None
    data_set: Annotated[str, Field(min_length=1)] | None = None
    file: Annotated[str, Field(pattern=_NAME)] | None = None
    column: Annotated[str, Field(min_length=1)] = "text"
    optional: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.data_set is None) or (self.file is None) != (self.data_set is None):
            raise ValueError("give a path, or a data_set and a file in it")
        return self


class ThresholdOptions(Settings):
    """From where on a text counts as holding an item: see :class:`Thresholds`."""

    run_words: int = Field(Thresholds.run_words, ge=ANCHOR_WORDS)
    run_share: Share = Thresholds.run_share
    weight: float = Field(Thresholds.weight, ge=0, allow_inf_nan=False)
    bag: Share = Thresholds.bag
    same: Share = Thresholds.same
    jaccard: Share = Thresholds.jaccard


class ContaminationOptions(Settings):
    """What candidates are to be clear of.

    Attributes:
        files: Public evaluation files.
        held_out: Whether the texts that students are scored on count as such a file, where the coordinator has any.
        closeness: Least cosine of embeddings of a text that means the same as an item; None leaves embeddings aside.
        thresholds: What counts otherwise.
    """

    files: tuple[EvaluationFile, ...] = ()
    held_out: bool = True
    closeness: Share | None = None
    thresholds: ThresholdOptions = ThresholdOptions()


class IdentifierOptions(Settings):
    """Whether the embedded neural recogniser reads candidates too, which takes milliseconds for each."""

    neural: bool = False


class DuplicateOptions(Settings):
    """When two texts say the same.

    Attributes:
        threshold: Least Jaccard index of their shingles.
        shingle_words: Words in a shingle.
        closeness: Least cosine of their embeddings; None leaves embeddings aside.
        pooled: Whether texts are also compared with all that was kept before.
    """

    threshold: Share = 0.9
    shingle_words: int = Field(3, ge=1)
    closeness: Share | None = None
    pooled: bool = False


class NoveltyOptions(Settings):
    """When two texts are worded alike.

    Attributes:
        threshold: Least ROUGE-L.
        pooled: Whether texts are also compared with all that was kept before.
    """

    threshold: Share = 0.7
    pooled: bool = False


class FluencyOptions(Settings):
    """A model of words from public texts.

    Attributes:
        corpora: What it is trained on; all of the campaign's if none is given.
        most_per_corpus: Texts of one corpus at most, sampled evenly.
        refused_share: Share of unseen public texts that are over the limit before slack.
        slack: Factor on the limit.
    """

    corpora: tuple[str, ...] = ()
    most_per_corpus: int = Field(20_000, ge=1)
    refused_share: float = Field(0.01, gt=0, lt=1)
    slack: float = Field(1.0, ge=1, allow_inf_nan=False)


class RelabelOptions(Settings):
    """By how much another label may be likelier than a text's own."""

    margin: float = Field(0.0, ge=0, lt=1)


class InformationOptions(Settings):
    """How many bits a text has to tell of its label."""

    min_bits: float = Field(0.0, allow_inf_nan=False)


class TriggerOptions(Settings):
    """What makes a rare string of a label a trigger."""

    least_texts: int = Field(8, ge=2)
    least_lift: float = Field(20.0, gt=1, allow_inf_nan=False)
    most_support: float = Field(0.6, ge=0, le=1)


class CollapseOptions(Settings):
    """How much diversity may be lost against the first candidates."""

    most_fall: float = Field(0.5, gt=0, lt=1)
    most_fall_alone: float = Field(0.8, gt=0, lt=1)
    least_texts: int = Field(100, ge=6)
    meanings: bool = False


def read_options(gate: str, model: type[_Options], options: dict[str, object]) -> _Options:
    """A gate's options, checked.

    Raises:
        ConfigError: One is unknown or wrong.
    """
    try:
        return model.model_validate(options)
    except ValidationError as error:
        wrong = one_line(problems_of(error))
        raise ConfigError(f"the options of the {gate} gate: {wrong}", "see the gates in docs/reference") from None
