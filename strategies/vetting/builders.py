"""Builds gates of class F from settings, also those that need what no settings file can hold: public items, a public
model, or the first candidates.

Whatever a gate is built of here is public text, or text that DP output chose. None of them reads a record, and each is
a function of settings, seed and public files, so that a campaign that goes on after an interruption has the same gates
as one that was not interrupted. The coordinator builds its gates here, and a site those of what it offers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.generators.public_corpus import PublicCorpus
from fedaug.errors import ConfigError, DataNotFound, DefectError
from fedaug.privacy.vetting import Batch, DuplicateGate, Gate, GateClass, make_gate
from fedaug.privacy.vetting.collapse import CollapseGate
from fedaug.privacy.vetting.contamination import ContaminationGate
from fedaug.privacy.vetting.evaluation import Thresholds
from fedaug.privacy.vetting.fluency import ngram_fluency
from fedaug.privacy.vetting.labels import InformationGate, Labeller, RelabelGate
from fedaug.privacy.vetting.linear_labeller import LinearLabeller
from fedaug.privacy.vetting.novelty import NoveltyGate
from fedaug.privacy.vetting.triggers import TriggerGate
from fedaug.strategies.vetting.evaluation_files import read_evaluation
from fedaug.strategies.vetting.options import (
    CollapseOptions,
    ContaminationOptions,
    DuplicateOptions,
    FluencyOptions,
    IdentifierOptions,
    InformationOptions,
    NoveltyOptions,
    RelabelOptions,
    TriggerOptions,
    read_options,
)

_LOG = logging.getLogger(__name__)
HELD_OUT: Final = "held-out"
_EMPTY: Final = Batch(())


class HeldOut(Protocol):
    """Texts that students are scored on, with their unit vectors, float32 [n, d]."""

    @property
    def texts(self) -> Sequence[str]: ...  # noqa: D102  # see the class

    @property
    def embeddings(self) -> NDArray[np.float32]: ...  # noqa: D102  # see the class


def _any_file(path: Path) -> None:
    """Every file may be read."""


@dataclass(frozen=True, repr=False)
class PublicMaterial:
    """What gates may be built of.

    Attributes:
        labels: The public label set.
        words: What each label is called in plain words.
        seed: Public.
        corpora: Public corpora, by name or file -> whether it is left out where it is not on this machine.
        search: Folders of public data sets.
        encoder: The public embedding space; None where no gate needs vectors.
        heldout: What students are scored on, if anything.
        require_public: Raises for a file that options name and that may not be read, such as a site's records.
    """

    labels: tuple[str, ...]
    words: tuple[str, ...]
    seed: int
    corpora: Mapping[str, bool] = field(default_factory=dict)
    search: tuple[Path, ...] = ()
    encoder: Encoder | None = None
    heldout: HeldOut | None = None
    require_public: Callable[[Path], None] = _any_file

    @property
    def vectors_of(self) -> Encoder:
        """The encoder.

        Raises:
            DefectError: There is none.
        """
        if self.encoder is None:
            raise DefectError("a gate compares meanings, and there is no encoder", "report this with the campaign")
        return self.encoder


@dataclass(repr=False)
class Seen:
    """The candidates that were there before, in the order in which they came.

    Attributes:
        made: The first candidates, before any gate.
        vectors: Their embeddings, if a gate needs any.
        first: Those of them that every gate let pass: generation 0.
        kept: All that passed so far, generation 0 included.
    """

    material: PublicMaterial
    made: tuple[Candidate, ...] = ()
    vectors: NDArray[np.float32] | None = None
    first: Batch | None = None
    kept: Batch = field(default=_EMPTY)

    @property
    def generation0(self) -> Batch:
        """The first candidates that passed."""
        assert self.first is not None
        return self.first

    @cached_property
    def labeller(self) -> Labeller:
        """Trained on the words of every label, and on public first candidates that were made for one."""
        known = self.material.labels
        labels, vectors = list(known), [self.material.vectors_of.embed(self.material.words)]
        rows = [row for row, one in enumerate(self.made) if one.dependence is Dependence.PUBLIC and one.label in known]
        labels += [str(self.made[row].label) for row in rows]
        if rows and self.vectors is not None:
            vectors.append(self.vectors[rows])
        return LinearLabeller(np.concatenate(vectors), labels)


@dataclass
class Builder:
    """Builds one gate.

    Attributes:
        make: Builds it of what was seen.
        vectors: Whether the gate needs batches with vectors.
        begins: Whether what it compares with is there.
        fresh: Whether it is built anew at every turn, since it compares with what is kept.
        later: Whether it compares with earlier turns, so that it has nothing to say where there is one turn only.
    """

    make: Callable[[Seen], Gate]
    vectors: bool = False
    begins: Callable[[Seen], bool] = lambda _: True
    fresh: bool = False
    later: bool = False
    _made: Gate | None = None

    def build(self, seen: Seen) -> Gate | None:
        """The gate as of now; None while what it compares with is not there yet."""
        if not self.begins(seen):
            return None
        if self._made is None or self.fresh:
            self._made = self.make(seen)
        return self._made


def builder(gate: str, options: dict[str, Any], material: PublicMaterial) -> Builder:
    """What builds a gate of a campaign's list. Options are checked, and files read, before any site is asked.

    Raises:
        ConfigError: The options are not the gate's, or the gate reads private records.
        InputError: A file that they name cannot be used.
        UnknownPlugin: No gate of that name is installed.
    """
    special = _SPECIAL.get(gate)
    return special(options, material) if special else _plain(gate, options, material)


def _plain(name: str, options: Mapping[str, Any], material: PublicMaterial) -> Builder:
    if isinstance(lists := options.get("lists"), str):  # a file, of the gates that go by lists of words
        material.require_public(Path(lists))
    try:
        gate = make_gate(name, **options)
    except (TypeError, ValueError, AttributeError):  # a gate compares its settings, whatever type they have
        raise ConfigError(
            f"an option of the {name} gate has the wrong type", "see the gates in docs/reference"
        ) from None
    if gate.gate_class is not GateClass.FREE:
        raise ConfigError(f"the {name} gate reads private records", "leave it out of the list")
    return Builder(lambda _: gate)


def _identifier(options: dict[str, Any], material: PublicMaterial) -> Builder:
    if not read_options("identifier", IdentifierOptions, options).neural:
        return _plain("identifier", {}, material)
    from fedaug.privacy.deid import Deidentifier  # noqa: PLC0415  # an extra that a coordinator may do without

    return Builder(lambda _: make_gate("identifier", deidentifier=Deidentifier()))


def _duplicate(options: dict[str, Any], material: PublicMaterial) -> Builder:
    del material
    chosen = read_options("duplicate", DuplicateOptions, options)
    settings = chosen.model_dump(exclude={"pooled"})

    def make(seen: Seen) -> Gate:
        known = seen.kept if chosen.pooled else _EMPTY
        return DuplicateGate(**settings, known=known.texts, known_vectors=known.vectors)

    return Builder(make, vectors=chosen.closeness is not None, fresh=chosen.pooled, later=chosen.pooled)


def _novelty(options: dict[str, Any], material: PublicMaterial) -> Builder:
    del material
    chosen = read_options("novelty", NoveltyOptions, options)

    def make(seen: Seen) -> Gate:
        return NoveltyGate(threshold=chosen.threshold, known=seen.kept.texts if chosen.pooled else ())

    return Builder(make, fresh=chosen.pooled, later=chosen.pooled)


def _contamination(options: dict[str, Any], material: PublicMaterial) -> Builder:
    chosen = read_options("contamination", ContaminationOptions, options)
    files: dict[str, Sequence[str]] = dict(read_evaluation(chosen.files, material.search, material.require_public))
    heldout = material.heldout if chosen.held_out else None
    if not files and heldout is None:
        if not (chosen.files or chosen.held_out):
            raise ConfigError("the contamination gate has nothing to compare with", "name evaluation files")
        _LOG.warning("candidates are compared with no evaluation file: none is here, and no text is held out")

    def make(_: Seen) -> Gate:
        items = files if heldout is None else {**files, HELD_OUT: heldout.texts}
        thresholds = Thresholds(**chosen.thresholds.model_dump())
        if chosen.closeness is None:
            return ContaminationGate(items, thresholds=thresholds)
        vectors = {name: material.vectors_of.embed(texts) for name, texts in files.items()}
        if heldout is not None:
            vectors[HELD_OUT] = heldout.embeddings  # the campaign's encoder may keep on disk what it embeds
        return ContaminationGate(items, vectors=vectors, closeness=chosen.closeness, thresholds=thresholds)

    return Builder(make, vectors=chosen.closeness is not None)


def _fluency(options: dict[str, Any], material: PublicMaterial) -> Builder:
    chosen = read_options("fluency", FluencyOptions, options)
    for corpus in chosen.corpora:
        material.require_public(Path(corpus))

    def make(_: Seen) -> Gate:
        texts = _public_texts(chosen, material)
        return ngram_fluency(texts, refused_share=chosen.refused_share, slack=chosen.slack)

    return Builder(make)


def _public_texts(chosen: FluencyOptions, material: PublicMaterial) -> list[str]:
    """Texts of the corpora that are named, or of those that candidates come from, as far as they are here."""
    optional = dict.fromkeys(chosen.corpora, False) if chosen.corpora else material.corpora
    texts: list[str] = []
    for corpus, may_lack in optional.items():
        reader = PublicCorpus([corpus], material.search, most_per_corpus=chosen.most_per_corpus)
        try:
            texts += [one.text for one in reader.generate((), material.seed)]
        except DataNotFound:  # its absence has been reported by its source
            if not may_lack:
                raise
    return texts


def _relabel(options: dict[str, Any], material: PublicMaterial) -> Builder:
    del material
    chosen = read_options("relabel", RelabelOptions, options)
    return Builder(lambda seen: RelabelGate(seen.labeller, margin=chosen.margin), vectors=True, begins=_has_made)


def _information(options: dict[str, Any], material: PublicMaterial) -> Builder:
    del material
    chosen = read_options("information", InformationOptions, options)
    return Builder(
        lambda seen: InformationGate(seen.labeller, min_bits=chosen.min_bits), vectors=True, begins=_has_made
    )


def _trigger(options: dict[str, Any], material: PublicMaterial) -> Builder:
    chosen = read_options("trigger", TriggerOptions, options)
    names = dict(zip(material.labels, material.words, strict=True))
    return Builder(
        lambda seen: TriggerGate(seen.generation0, names=names, **chosen.model_dump()), begins=_has_first, later=True
    )


def _collapse(options: dict[str, Any], material: PublicMaterial) -> Builder:
    del material
    chosen = read_options("collapse", CollapseOptions, options)
    settings = chosen.model_dump(exclude={"meanings"})
    if chosen.most_fall > chosen.most_fall_alone:
        raise ConfigError(
            "the collapse gate's most_fall is above its most_fall_alone", "let a batch alone fall further"
        )

    def make(seen: Seen) -> Gate:
        first, kept = (
            batch if chosen.meanings else Batch(batch.texts, batch.labels) for batch in (seen.generation0, seen.kept)
        )
        return CollapseGate(first, kept=kept, **settings)

    return Builder(make, vectors=chosen.meanings, begins=_has_first, fresh=True, later=True)


def _has_made(seen: Seen) -> bool:
    return bool(seen.made)


def _has_first(seen: Seen) -> bool:
    return seen.first is not None


_SPECIAL: Final[Mapping[str, Callable[[dict[str, Any], PublicMaterial], Builder]]] = MappingProxyType(
    {
        "collapse": _collapse,
        "contamination": _contamination,
        "duplicate": _duplicate,
        "fluency": _fluency,
        "identifier": _identifier,
        "information": _information,
        "novelty": _novelty,
        "relabel": _relabel,
        "trigger": _trigger,
    }
)
