"""A site's language models: adapted to its records as a campaign's plan says, and asked for texts afterwards.

Records are read once the charge stands and by DP-SGD alone (:mod:`fedaug.client.training.adapt`). What is trained is
sealed at the site. Texts are sampled after control words that follow from the plan's labels: no prompt ever holds
anything of a record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.generators.language_model import LanguageModelTexts, label_request
from fedaug.augmentation.language.base_model import base_digest, most_tokens, trained_numbers
from fedaug.client.answers import Answer
from fedaug.client.settings import SiteSettings
from fedaug.client.store import SealedStore
from fedaug.errors import NotReserved, PolicyRefused, ProtocolError
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import Event, ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.files import exclusive, private_folder
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.adaptation import AdaptationTerms
from fedaug.strategies.messages import CampaignPlan
from fedaug.strategies.samples import asked_for

if TYPE_CHECKING:  # loads torch, which takes seconds
    from fedaug.augmentation.language.model import LanguageModel
    from fedaug.client.kept_adapters import KeptAdapter, KeptAdapters
    from fedaug.client.training.adapt import Progress
    from fedaug.client.training.passages import Passage
    from fedaug.client.training.training_state import AdaptationCheckpoint

_LOG = logging.getLogger(__name__)
#: How often progress is logged in one adaptation.
_TOLD: Final = 10
#: More texts of a label are sampled than are asked for, since gates refuse some.
_SPARE: Final = 1.5

Told = Callable[["Progress"], None]
Units = Sequence[Sequence["Passage"]]


class Adaptations:
    """Adapts and samples.

    Args:
        folder: Of the site.
        settings: Its ``site.toml``.
        keys: Seal adapters, and the state of an adaptation that was cut off.
        store: Its records.
        told: Called after each step with what may be told of it; for the site's own people.
    """

    def __init__(
        self,
        folder: Path,
        settings: SiteSettings,
        keys: KeyRing,
        store: SealedStore,
        told: Told | None = None,
    ) -> None:
        self._folder = folder / "adapters"
        self._settings = settings.adaptation
        self._keys = keys
        self._store = store
        self._told = told

    def answer(self, plan: CampaignPlan) -> Answer[Units]:
        """How a plan's adaptation is answered. Everything that can be wrong is found here, before a record is read.

        Raises:
            ProtocolError: The plan asks for no adaptation, or its event states another number of weights.
            PolicyRefused: The site's model is another than the plan's, or it may not be adapted.
            InputError: The site's model cannot be used.
        """
        terms, event = terms_of(plan), plan.adapter_event
        require_adaptable(self._settings.model, terms, event)
        if not self._settings.allowed:
            raise PolicyRefused("the site adapts no language model", "set adaptation.allowed, or take no part")
        size = event.dimensions if terms.share_adapter else 0
        return Answer(
            ReleaseKind.NOISY_UPDATE, size, lambda units, charged, noise: self._run(plan, units, charged, noise)
        )

    def units(self, plan: CampaignPlan) -> Units:
        """Each unit's records with their control words: those of the plan's labels, in the order of the store.

        Raises:
            NotPrepared: There are no records.
        """
        from fedaug.client.training.passages import Passage  # noqa: PLC0415 - loads torch

        requests = self._requests(plan)
        units: dict[str, list[Passage]] = {}
        for number, record in enumerate(self._store.records()):
            if not isinstance(record.label, str) or record.label not in requests:
                continue
            unit = record.subject_id if plan.unit is PrivacyUnit.SUBJECT else str(number)
            units.setdefault(unit, []).append(Passage(record.text, requests[record.label]))
        return list(units.values())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within it no other process of the site adapts: a request that is repeated waits, and trains nothing."""
        with exclusive(private_folder(self._folder)):
            yield

    def done(self, plan: CampaignPlan) -> None:
        """Remove what a finished adaptation would have gone on from: its result is sealed."""
        self._checkpoint(plan).clear()

    def kept(self, campaign: str) -> KeptAdapter:
        """The adapter of a campaign, for the site's own people.

        Raises:
            NotReserved: There is none.
            SealError: Its file was changed.
        """
        return self._adapters().find(campaign)

    def texts(self, plan: CampaignPlan) -> LanguageModelTexts:
        """A generator that writes with the adapted model; what it makes depends on records through DP.

        Raises:
            NotReserved: The model was not adapted yet.
            PolicyRefused: The site's model is another than the one that was adapted.
        """
        from fedaug.augmentation.language.loading import put_adapter  # noqa: PLC0415 - loads torch

        terms, kept = terms_of(plan), self.kept(plan.campaign)
        if kept.weights != base_digest(self._settings.model):
            raise _another_model()
        model = self._load()
        put_adapter(model, kept.state, kept.spec)
        per_label = -(-int(_SPARE * asked_for(plan).count) // len(plan.labels))
        return LanguageModelTexts(
            replace(model, name=f"{model.name}, adapted", dependence=Dependence.DP),
            per_label=max(1, per_label),
            domain=terms.domain,
            form=terms.form,
            temperature=terms.temperature,
            top_p=terms.top_p,
            max_tokens=terms.text_tokens,
        )

    def _run(self, plan: CampaignPlan, units: Units, event: Event, noise: NoiseSource) -> NDArray[np.float64]:
        assert isinstance(event, SubsampledGaussianEvent)
        try:
            kept = self.kept(plan.campaign)  # a crash came before the answer was sealed: nothing is trained again
        except NotReserved:
            kept = self._train(plan, units, event, noise)
        return _trained(kept) if terms_of(plan).share_adapter else np.zeros(0)

    def _train(
        self, plan: CampaignPlan, units: Units, event: SubsampledGaussianEvent, noise: NoiseSource
    ) -> KeptAdapter:
        from fedaug.client.kept_adapters import KeptAdapter  # noqa: PLC0415 - loads torch
        from fedaug.client.training.adapt import adapt  # noqa: PLC0415 - as above
        from fedaug.client.training.adaptation_plan import planned_adaptation  # noqa: PLC0415 - as above

        terms = terms_of(plan)
        with _threads(self._settings.threads):
            adapted = adapt(
                self._load(),
                units,
                planned_adaptation(plan),
                noise,
                event=event,
                checkpoint=self._checkpoint(plan),
                progress=self._tell,
            )
        kept = KeptAdapter(adapted.state, adapted.spec, event, adapted.steps, terms.weights, adapted.energies)
        self._adapters().keep(plan.campaign, kept)
        return kept

    def _tell(self, progress: Progress) -> None:
        if progress.step % max(1, progress.steps // _TOLD) == 0 or progress.step == progress.steps:
            _LOG.info("adapting: step %d of %d, signal %.3g", progress.step, progress.steps, progress.signal)
        if self._told is not None:
            self._told(progress)

    def _requests(self, plan: CampaignPlan) -> dict[str, str]:
        """The control words of each label: what will stand before the texts that are sampled for it."""
        terms, model = terms_of(plan), self._load()
        return {label: label_request(model, label, terms.domain, terms.form) for label in plan.labels}

    def _load(self) -> LanguageModel:
        from fedaug.augmentation.language.loading import load_language_model  # noqa: PLC0415 - loads torch

        return load_language_model(self._settings.model)

    def _adapters(self) -> KeptAdapters:
        from fedaug.client.kept_adapters import KeptAdapters  # noqa: PLC0415 - loads torch

        return KeptAdapters(self._folder, self._keys, self._store.lineage)

    def _checkpoint(self, plan: CampaignPlan) -> AdaptationCheckpoint:
        from fedaug.client.training.training_state import AdaptationCheckpoint  # noqa: PLC0415 - loads torch

        folder = self._folder / f"{digest(plan.campaign.encode())[:32]}-unfinished"
        return AdaptationCheckpoint(folder, self._keys, self._store.lineage)


def terms_of(plan: CampaignPlan) -> AdaptationTerms:
    """A plan's terms of adaptation.

    Raises:
        ProtocolError: It has none.
    """
    if plan.adaptation is None:
        raise ProtocolError("a plan without adaptation was asked for one", "ask for what the plan holds")
    return plan.adaptation


def require_adaptable(model: str, terms: AdaptationTerms, event: SubsampledGaussianEvent) -> None:
    """Check that a base model is the one that a plan means, and that its event covers all that would be trained.

    Args:
        model: The site's: ``embedded``, or a folder.
        terms: The plan's.
        event: What the adaptation is charged as.

    Raises:
        PolicyRefused: It is another model, or another number of weights would be trained.
        InputError: The model cannot be used.
    """
    if base_digest(model) != terms.weights:
        raise _another_model()
    if not max(terms.max_tokens, terms.text_tokens) <= most_tokens(model):
        raise PolicyRefused("the plan's records or texts are longer than the model takes", "plan with fewer tokens")
    if event.dimensions != trained_numbers(model, terms.adapter):
        raise PolicyRefused(
            "an adaptation is charged for another number of weights than it trains", "plan it with the model at hand"
        )


def _another_model() -> PolicyRefused:
    return PolicyRefused("the site's base model is another than the plan's", "name the plan's in adaptation.model")


def _trained(adapter: KeptAdapter) -> NDArray[np.float64]:
    """The trained weights in the order of their names."""
    names = (name for name in sorted(adapter.state) if not (adapter.spec.ffa and ".lora_A." in name))
    return np.concatenate([adapter.state[name].numpy().reshape(-1) for name in names]).astype(np.float64)


@contextmanager
def _threads(wanted: int) -> Iterator[None]:
    """So many threads within; 0 leaves them as they are."""
    import torch  # noqa: PLC0415 - takes seconds

    before: Any = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
