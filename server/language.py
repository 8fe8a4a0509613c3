"""What a campaign's operators write and judge with: the language model that its generators use."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from fedaug.augmentation.generators.language_model import LanguageModelTexts
from fedaug.augmentation.registry import GENERATORS, MODEL_GENERATOR, is_model_folder, load_plugin
from fedaug.errors import ConfigError
from fedaug.server.campaign import CampaignConfig

if TYPE_CHECKING:  # loads torch, which takes seconds
    from fedaug.augmentation.operators.annotator import Annotator
    from fedaug.augmentation.operators.writer import Writer

_JUDGES: Final = ("judges", "teacher")


class CampaignLanguage:
    """The language model of one campaign, loaded when the first operator asks for it.

    It is that of the first source that writes with one, with the same options; the embedded one if there is none.

    Args:
        config: The campaign.
    """

    def __init__(self, config: CampaignConfig) -> None:
        self._config = config

    def parts(self, wanted: Collection[str]) -> dict[str, Any]:
        """What an operator's factory takes of a writer, of judges and of a teacher, by these names.

        Raises:
            ConfigError: The model's options are wrong, or its engine tells no likelihoods.
            InputError: The model cannot be loaded.
        """
        parts: dict[str, Any] = {"writer": self._writer} if "writer" in wanted else {}
        return parts | {name: self._annotator for name in _JUDGES if name in wanted}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self._config.label_words.get(label, label) for label in self._config.labels)

    @cached_property
    def _writer(self) -> Writer:
        for source in self._config.candidates:
            if source.generator == MODEL_GENERATOR or is_model_folder(source.generator):
                generator: LanguageModelTexts = load_plugin(GENERATORS, source.generator)(**source.options)
                return generator.writer(self._names)
        return LanguageModelTexts().writer(self._names)

    @cached_property
    def _annotator(self) -> Annotator:
        from fedaug.augmentation.language.sampling import LocalSampler  # noqa: PLC0415 - loads torch
        from fedaug.augmentation.operators.annotator import Annotator  # noqa: PLC0415
        from fedaug.augmentation.operators.reader import Reader  # noqa: PLC0415

        if not isinstance(self._writer.sampler, LocalSampler):
            raise ConfigError("an operator asks for likelihoods, which this engine does not tell", "use engine local")
        reader = Reader(self._writer.sampler.model)
        return Annotator(reader, self._names, setting=self._writer.setting, trained_on=self._writer.dependence)
