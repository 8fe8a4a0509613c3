"""Candidates that a local language model writes for each label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.control import ControlPrefix, Kind, Length
from fedaug.errors import ConfigError, PrivateOutput

if TYPE_CHECKING:  # loads torch, which takes seconds
    from fedaug.augmentation.language.model import LanguageModel
    from fedaug.augmentation.language.quotas import Quota
    from fedaug.augmentation.language.sampling import Sampler
    from fedaug.augmentation.operators.writer import Writer

Form = Literal["auto", "query", "complaint", "note", "text"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)

_EMBEDDED: Final = "embedded"
_TRAINED_ON: Final = {"public": Dependence.PUBLIC, "dp": Dependence.DP, "private": Dependence.PRIVATE}


class LanguageModelTexts:
    """Texts of each label, sampled from a causal language model that is told the label's words (SuperGen, Meng et al.
    2022, section 3): the embedded one, or any Hugging Face model on this machine's disk.

    Args:
        model: ``"embedded"``, a folder, or a loaded model.
        adapter: The folder of a low-rank adapter for the model; what it writes counts as ``DP`` at least.
        per_label: Texts for each label; fewer if the model repeats itself four times as often.
        domain: What the texts are about at large: ``"finance"``, ``"health"``, ``"general"`` or other words.
        form: ``"query"``, ``"complaint"``, ``"note"`` or ``"text"``; ``"auto"`` asks for notes where a label is in
            capitals, as headings of notes are, and for queries elsewhere.
        temperature: Above 1 more varied, below 1 more likely texts.
        top_p: The share of probability that tokens are drawn from.
        max_tokens: Most tokens of a text.
        banned: A file of words and phrases that no text may hold, one a line; public.
        trained_on: What the weights depend on: ``"public"``, ``"dp"`` where they were adapted to records with
            differential privacy; ``"private"`` is refused.
        engine: ``"local"``, or ``"vllm"`` with the extra of that name.

    Raises:
        ConfigError: An option is unknown or out of range.
        PrivateOutput: The model depends on records without differential privacy.
    """

    name = "language-model"

    def __init__(
        self,
        model: str | LanguageModel = _EMBEDDED,
        *,
        adapter: str | None = None,
        per_label: int = 40,
        domain: str = "",
        form: Form = "auto",
        temperature: float = 0.9,
        top_p: float = 0.95,
        max_tokens: int = 40,
        banned: str | None = None,
        trained_on: str = "public",
        engine: str = "local",
    ) -> None:
        if form not in FORMS:
            raise ConfigError("language-model was given an unknown form", "use auto, query, complaint, note or text")
        if trained_on not in _TRAINED_ON:
            raise ConfigError("language-model's trained_on is unknown", "use public, dp or private")
        if engine not in {"local", "vllm"}:
            raise ConfigError("language-model was given an unknown engine", "use local or vllm")
        if not 1 <= per_label <= 100_000:
            raise ConfigError("language-model's per_label is out of range", "give 1 to 100,000")
        if adapter is not None and not (isinstance(model, str) and engine == "local"):
            raise ConfigError("an adapter needs a model's folder and the engine local", "name both")
        self._adapter = adapter
        self._dependence = _TRAINED_ON[trained_on]
        _refuse_private(self._dependence)
        self._model, self._engine, self._banned = model, engine, banned
        self._per_label, self._domain, self._form = per_label, domain, form
        self._drawn = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}

    def generate(self, labels: Sequence[str], seed: int) -> Iterator[Candidate]:
        """Up to ``per_label`` different texts for each label; nothing is loaded before the first is asked for."""
        from fedaug.augmentation.language.quotas import fill_quotas  # noqa: PLC0415 - loads torch
        from fedaug.augmentation.language.settings import SamplingSettings  # noqa: PLC0415

        if not labels:
            return
        sampler = self._sampler()
        dependence = max(self._dependence, sampler.model.dependence)
        _refuse_private(dependence)
        settings = SamplingSettings(
            max_new_tokens=int(self._drawn["max_tokens"]),
            temperature=self._drawn["temperature"],
            top_p=self._drawn["top_p"],
        )
        quotas = [self._quota(sampler.model, label) for label in dict.fromkeys(labels)]
        seen: set[str] = set()
        for label, texts in fill_quotas(sampler, quotas, settings, seed).texts.items():
            for text in texts:
                if text not in seen:
                    seen.add(text)
                    yield Candidate(text, self.name, sampler.model.name, label, dependence=dependence)

    def writer(self, labels: Sequence[str]) -> Writer:
        """The same model, for operators to write with; told the same of domain, form and temperature.

        Args:
            labels: What texts are to be written for; of capitals they are headings, as ``form`` says.
        """
        from fedaug.augmentation.language.settings import SamplingSettings  # noqa: PLC0415 - loads torch
        from fedaug.augmentation.operators.prompts import Setting  # noqa: PLC0415
        from fedaug.augmentation.operators.writer import Writer  # noqa: PLC0415

        headings = bool(labels) and all(label.isupper() for label in labels)
        kind: Kind = ("note" if headings else "query") if self._form == "auto" else self._form
        settings = SamplingSettings(
            max_new_tokens=int(self._drawn["max_tokens"]),
            temperature=self._drawn["temperature"],
            top_p=self._drawn["top_p"],
        )
        return Writer(self._sampler(), Setting(self._domain, kind), settings, trained_on=self._dependence)

    def _sampler(self) -> Sampler:
        from fedaug.augmentation.language.banned_words import BannedWords  # noqa: PLC0415
        from fedaug.augmentation.language.loading import load_language_model  # noqa: PLC0415
        from fedaug.augmentation.language.sampling import LocalSampler  # noqa: PLC0415

        banned = None if self._banned is None else BannedWords.read(Path(self._banned))
        if self._engine == "vllm":
            from fedaug.augmentation.language.vllm_sampler import VllmSampler  # noqa: PLC0415

            if not isinstance(self._model, str):
                raise ConfigError("vLLM loads a model by itself", "name its folder")
            return VllmSampler(self._model, banned)
        if not isinstance(self._model, str):
            return LocalSampler(self._model, banned)
        return LocalSampler(load_language_model(self._model, adapter=self._adapter), banned)

    def _quota(self, model: LanguageModel, label: str) -> Quota:
        from fedaug.augmentation.language.quotas import Quota  # noqa: PLC0415

        return Quota(label, label_prompt(model, label, self._domain, self._form), self._per_label)


def label_prompt(model: LanguageModel, label: str, domain: str = "", form: Form = "auto") -> tuple[int, ...]:
    """The tokens that ask a model for a text of one label, begin included."""
    begin = () if model.begin_id is None else (model.begin_id,)
    return (*begin, *model.encode([label_request(model, label, domain, form)])[0])


def label_request(model: LanguageModel, label: str, domain: str = "", form: Form = "auto") -> str:
    """The words that ask a model for a text of one label; training puts the same before the records of that label."""
    from fedaug.augmentation.operators.prompts import Setting, prompts_for  # noqa: PLC0415 - loads torch

    kind: Kind = ("note" if label.isupper() else "query") if form == "auto" else form
    if not model.controlled:
        return prompts_for(model, Setting(domain, kind)).write(label, ())
    length: Length = "short" if kind == "query" else "medium"
    return str(ControlPrefix(domain, label, length, kind))


def _refuse_private(dependence: Dependence) -> None:
    if not dependence < Dependence.PRIVATE:
        raise PrivateOutput(
            "the language model depends on records without differential privacy", "adapt a public one under DP"
        )
