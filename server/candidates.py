"""Where a campaign's candidates come from: generators and operators by name, and the free gates that all must pass."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.operators import Operator, OperatorKind
from fedaug.augmentation.registry import GENERATORS, OPERATORS, load_plugin
from fedaug.errors import ConfigError, DataNotFound, EmptySource, MalformedRow, PrivateOutput
from fedaug.privacy.vetting import Batch, Gate, GateClass, Verdict, VerdictCode
from fedaug.server.campaign import CampaignConfig, Source
from fedaug.server.gates import CampaignGates
from fedaug.server.language import CampaignLanguage
from fedaug.server.schooling import Heldout

_LOG = logging.getLogger(__name__)
_AGAIN: Final = "duplicate"  # a text that an earlier batch brought counts under the gate that refuses it within one


@dataclass
class Funnel:
    """How many candidates were offered, and how many each gate refused and why.

    Attributes:
        refused: Gate -> candidates it refused.
        reasons: Gate -> code -> candidates; every gate that ran is in it, in the order in which they run.
        classes: Gate -> what it reads.
    """

    offered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[VerdictCode]] = field(default_factory=dict)
    classes: dict[str, GateClass] = field(default_factory=dict)

    def note(self, gates: Iterable[str], gate_class: GateClass) -> None:
        """Note gates that ran, whether or not they refused anything."""
        for name in gates:
            self.classes.setdefault(name, gate_class)
            self.reasons.setdefault(name, Counter())

    def refuse(self, verdicts: Iterable[Verdict]) -> None:
        """Count refusals."""
        for verdict in verdicts:
            self.refused[verdict.gate] += 1
            self.reasons.setdefault(verdict.gate, Counter())[verdict.code] += 1


def _applied(operator: Operator, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
    try:
        return operator.apply(parents, count, seed)
    except MalformedRow as unfit:  # a text that another model would read: no reason to end a campaign
        _LOG.warning("%s: %s makes nothing of some survivors (%s)", unfit.code, operator.name, unfit.what)
        return []


def refuse_private(made: Iterable[Candidate]) -> None:
    """What no candidate gets past, whatever made it.

    Raises:
        PrivateOutput: One depends on records without a DP mechanism in between.
    """
    if any(not candidate.dependence < Dependence.PRIVATE for candidate in made):
        raise PrivateOutput("a plug-in offered text that depends on records", "take the plug-in out of the campaign")


class CandidateSource:
    """Candidates of one campaign, vetted.

    Args:
        config: Names generators, operators and gates; every candidate passes every gate, whatever made it.
        search: Folders of public data sets.
        encoder: The public embedding space; needed if a gate compares meanings.
        heldout: What students are scored on, for gates that keep candidates clear of it.

    Raises:
        ConfigError: A gate has wrong options, or reads private records.
        InputError: A public file that a gate names cannot be used.
    """

    def __init__(
        self,
        config: CampaignConfig,
        search: Sequence[Path],
        encoder: Encoder | None = None,
        heldout: Heldout | None = None,
    ) -> None:
        self.funnel = Funnel()
        self._config = config
        self._gates = CampaignGates(config, search, encoder, heldout)
        self._search = tuple(search)
        self._language = CampaignLanguage(config)
        self._operators: dict[str, Operator] = {}
        self._known: set[str] = set()

    def generate(self) -> list[Candidate]:
        """The first candidates: what all generators make, each text once."""
        names = [self._config.label_words.get(label, label) for label in self._config.labels]
        label_of = dict(zip(names, self._config.labels, strict=True))
        made = []
        for source in self._config.candidates:
            try:
                found = list(self._build(GENERATORS, source).generate(names, self._config.seed))
            except DataNotFound as missing:
                if not source.optional:
                    raise
                _LOG.warning("%s: %s is left out (%s)", missing.code, source.generator, missing.what)
                continue
            for candidate in found:
                label = None if candidate.label is None else label_of.get(candidate.label, candidate.label)
                made.append(replace(candidate, label=label))
        if not made:
            raise EmptySource("no generator made a candidate", "name other generators or corpora in the campaign")
        return self._vetted(made, first=True)

    def vary(self, parents: dict[str, list[Candidate]], turn: int) -> list[Candidate]:
        """Variations of each label's survivors, by every operator in turn."""
        steering = self._config.steering
        made: list[Candidate] = []
        for name in steering.operators:
            operator = self._operator(name)
            share = -(-steering.variations_per_label // len(steering.operators))
            seed = self._config.seed + 1_000 * (turn + 1)
            if operator.across_labels:
                made += self._across(operator, parents, share * len(parents), seed)
                continue
            for place, (label, chosen) in enumerate(parents.items()):
                # What reforms need not be told for what label its parents survived; and those that were made for
                # different ones had better not be mated.
                given = self._told(label, chosen) if operator.kind is OperatorKind.CREATE else chosen
                children = _applied(operator, given, share, seed + place)
                made.extend(replace(child, label=label, belief=()) for child in children)
        return self._vetted(made)

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The campaign's gates as of now, all of class F."""
        return tuple(self._gates.ready())

    def batch_of(self, candidates: Sequence[Candidate]) -> Batch:
        """Candidates as these gates read them."""
        return self._gates.batch_of(candidates)

    def admit(self, arrived: Sequence[Candidate]) -> list[Candidate]:
        """Candidates that sites sent, and that passed the gates on arrival: those whose text is new here."""
        new = {one.sample_id: one for one in arrived if one.sample_id not in self._known}
        self._known.update(new)
        self._gates.keep(list(new.values()))
        return list(new.values())

    def _across(
        self, operator: Operator, parents: Mapping[str, Sequence[Candidate]], count: int, seed: int
    ) -> list[Candidate]:
        """Children of several labels' survivors, each with the label that the operator gives it."""
        label_of = {self._words(label): label for label in self._config.labels}  # a child's may be none of its parents'
        given = [one for label, chosen in parents.items() for one in self._told(label, chosen)]
        return [
            replace(
                child,
                label=None if child.label is None else label_of[child.label],
                belief=tuple((label_of[label], share) for label, share in child.belief),
            )
            for child in _applied(operator, given, count, seed)
        ]

    def _told(self, label: str, chosen: Sequence[Candidate]) -> list[Candidate]:
        """Survivors as texts of the label that they were voted for, in its words, whatever they were made for."""
        return [replace(one, label=self._words(label), belief=()) for one in chosen]

    def _words(self, label: str) -> str:
        return self._config.label_words.get(label, label)

    def _operator(self, name: str) -> Operator:
        """An operator, which reads the same public corpora and writes with the same model as generators do; made once.

        Raises:
            ConfigError: It makes no texts, or needs what a campaign has not.
        """
        if name not in self._operators:
            if getattr(load_plugin(OPERATORS, name), "kind", None) is OperatorKind.LABEL:
                raise ConfigError(f"the operator {name} makes no texts", "steer with operators that create or reform")
            corpora = tuple(corpus for source in self._config.candidates for corpus in source.corpora)
            try:
                self._operators[name] = self._build(OPERATORS, Source(generator=name, corpora=corpora))
            except DataNotFound:  # an optional source's: its absence has been reported
                self._operators[name] = self._build(OPERATORS, Source(generator=name))
        return self._operators[name]

    def _build(self, group: str, source: Source) -> Any:  # noqa: ANN401 - what it makes is known to the caller only
        """A plug-in with its options, and with the corpora and folders if it takes any."""
        factory = load_plugin(group, source.generator)
        takes = inspect.signature(factory).parameters
        options: dict[str, Any] = dict(source.options)
        if source.corpora and "corpora" in takes:
            options["corpora"] = source.corpora
        if "search" in takes:
            options["search"] = self._search
        if group == OPERATORS:
            options |= self._language.parts(takes)
        try:
            return factory(**options)
        except TypeError:
            raise ConfigError(
                f"the plug-in {source.generator} does not take these options", "see its entry in docs/reference"
            ) from None

    def _vetted(self, made: list[Candidate], *, first: bool = False) -> list[Candidate]:
        """What is new and passes every gate; what depends on records without DP in between is a defect, and stops."""
        refuse_private(made)
        new, again = [], []
        for candidate in made:
            self.funnel.offered += 1
            if candidate.sample_id in self._known:
                again.append(Verdict(_AGAIN, VerdictCode.DUPLICATE))
            else:
                self._known.add(candidate.sample_id)
                new.append(candidate)
        result, gates = self._gates.vet_first(new) if first else self._gates.vet_more(new)
        classes = {gate.name: gate.gate_class for gate in gates}
        for name in result.refused_by:
            self.funnel.classes.setdefault(name, classes[name])
            self.funnel.reasons.setdefault(name, Counter())
        if again:
            self.funnel.classes.setdefault(_AGAIN, GateClass.FREE)
        self.funnel.refuse((*again, *result.refused.values()))
        return [new[index] for index in result.kept]
