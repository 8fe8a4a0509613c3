"""All attacks on released samples at once: membership, singling out, linkability, attribute inference, distances.

The attacker holds the samples, texts with labels, and nothing else of the release. Members were in the data; controls
are of the same kind and were not. A sample carries a text and a label, so these take the place of columns: the halves
that are linked are those of the text, and the secret that is inferred is the label. What cannot be tried on the data at
hand is skipped, and says why.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.audit.attacked import PoolFindings, Skipped
from fedaug.privacy.audit.attributes import Secrets, attribute_inference
from fedaug.privacy.audit.distances import distance_diagnostics
from fedaug.privacy.audit.findings import Finding, Population
from fedaug.privacy.audit.linkability import Halves, linkability
from fedaug.privacy.audit.membership import density_scores, likelihood_ratio_scores, loss_scores, membership
from fedaug.privacy.audit.singling_out import facts, singling_out
from fedaug.privacy.vetting.words import words

#: Members attacked, and as many controls, at most.
MOST: Final = 500
#: With fewer members or controls no attack could show anything.
FEWEST: Final = 20
_GIVE: Final = "give records and samples that have it"
_WIDTH: Final = 128  # of a half text's vector of words
LABEL_INFERRED: Final = "Attribute inference guesses the label, since a sample carries a text and a label only."
HALVES_LINKED: Final = "Linkability links the halves of a text, since a sample has no columns."
FACTS_COMBINED: Final = "Singling out combines words of a text and its label."
DENSITY: Final = "membership by nearest-sample density"
LOSS: Final = "membership by the loss of a student of the samples"
RATIO: Final = "membership by likelihood ratio against a public student"
SINGLING_OUT: Final = "singling-out"
LINKABILITY: Final = "linkability"
INFERENCE: Final = "attribute-inference"
DISTANCE: Final = "distance-to-closest-record"


@dataclass(frozen=True, repr=False, eq=False)
class Texts:
    """Texts with their labels, embedded in the public space.

    Attributes:
        texts: [n].
        labels: Of each its label, [n].
        vectors: Float32 [n, d].
        losses: Of each the loss, under its label, of a student trained on the samples; None without a student.
        public_losses: The same of a student that has seen no record.

    Raises:
        ConfigError: There is not one label and one vector for each text.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: NDArray[np.float32]
    losses: NDArray[np.float64] | None = None
    public_losses: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        columns = (self.labels, self.vectors, self.losses, self.public_losses)
        if any(column is not None and len(column) != len(self.texts) for column in columns):
            raise ConfigError("texts that are attacked lack labels or vectors", "give one of each for every text")

    def __len__(self) -> int:
        return len(self.texts)

    def drawn(self, count: int, draw: random.Random) -> Texts:
        """So many of them, by chance."""
        return self.take(sorted(draw.sample(range(len(self)), count)))

    def take(self, rows: Sequence[int]) -> Texts:
        """Those at these positions."""
        return Texts(
            tuple(self.texts[row] for row in rows),
            tuple(self.labels[row] for row in rows),
            self.vectors[list(rows)],
            None if self.losses is None else self.losses[list(rows)],
            None if self.public_losses is None else self.public_losses[list(rows)],
        )


def attack_samples(
    released: Texts,
    members: Texts,
    controls: Texts,
    *,
    on: str,
    populations: tuple[Population, Population],
    seed: int,
) -> PoolFindings:
    """Make every attack that the data allow.

    Args:
        released: The samples.
        members: In the data.
        controls: Of the same kind, and not in the data. Both groups are cut by chance to the size of the smaller, and
            to :data:`MOST`.
        on: Whom this attacks, in a few words.
        populations: Who members and controls are.
        seed: Of what is chosen by chance.
    """
    draw = random.Random(seed)  # noqa: S311 - whom an attack is tried on is no secret
    size = min(len(members), len(controls), MOST)
    if size < FEWEST or not len(released):
        few = f"there are {len(released):,} samples, {len(members):,} members and {len(controls):,} others"
        why = f"{few}, and an attack wants a sample and {FEWEST} of either"
        return PoolFindings(on, len(released), (), (Skipped(attack="every attack", why=why),))
    inside, outside = members.drawn(size, draw), controls.drawn(size, draw)
    found: list[Finding] = []
    skipped: list[Skipped] = []
    for name, attack in _attacks(released, inside, outside, populations, seed):
        try:
            found.append(attack())
        except ConfigError as error:  # the data lack what it needs
            skipped.append(Skipped(attack=name, why=error.what))
    return PoolFindings(
        on, len(released), tuple(found), tuple(skipped), (FACTS_COMBINED, HALVES_LINKED, LABEL_INFERRED)
    )


def _attacks(
    released: Texts, inside: Texts, outside: Texts, populations: tuple[Population, Population], seed: int
) -> Iterator[tuple[str, Callable[[], Finding]]]:
    groups = (inside, outside)

    def density() -> Finding:
        scores = (density_scores(group.vectors, released.vectors) for group in groups)
        return membership(DENSITY, *scores, populations=populations)

    def loss() -> Finding:
        mine, theirs = (_losses(group.losses) for group in groups)
        return membership(LOSS, loss_scores(mine), loss_scores(theirs), populations=populations)

    def ratio() -> Finding:
        mine, theirs = (
            likelihood_ratio_scores(_losses(group.losses), _losses(group.public_losses)) for group in groups
        )
        return membership(RATIO, mine, theirs, populations=populations)

    def single_out() -> Finding:
        samples, mine, theirs = (
            [facts(text, {"label": label}) for text, label in zip(group.texts, group.labels, strict=True)]
            for group in (released, *groups)
        )
        return singling_out(samples, mine, theirs, populations=populations, seed=seed)

    def link() -> Finding:
        samples, mine, theirs = (_halves(group) for group in (released, *groups))
        return linkability(samples, mine, theirs, populations=populations)

    def infer() -> Finding:
        if len({*inside.labels, *outside.labels}) < 2:
            raise ConfigError("all records have one label, and a sample carries nothing else to infer", _GIVE)
        samples, mine, theirs = (Secrets(group.vectors, group.labels) for group in (released, *groups))
        return attribute_inference(samples, mine, theirs, populations=populations)

    def distance() -> Finding:
        return distance_diagnostics(released.vectors, inside.vectors, outside.vectors, populations=populations)

    yield DENSITY, density
    yield LOSS, loss
    yield RATIO, ratio
    yield SINGLING_OUT, single_out
    yield LINKABILITY, link
    yield INFERENCE, infer
    yield DISTANCE, distance


def _losses(losses: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if losses is None:
        raise ConfigError("no student could be trained on the samples", _GIVE)
    return losses


def _halves(group: Texts) -> Halves:
    split = [found for found in map(words, group.texts) if len(found) > 1]
    if len(split) < FEWEST:
        raise ConfigError(f"fewer than {FEWEST} texts of a group have two words to take for halves", _GIVE)
    halves = [(found[: len(found) // 2], found[len(found) // 2 :]) for found in split]
    return Halves(_hashed([first for first, _ in halves]), _hashed([second for _, second in halves]))


def _hashed(parts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Unit vectors of the words of each part, each word a fixed vector of signs (Weinberger et al. 2009)."""
    signs = {word: _signs(word) for part in parts for word in part}
    sums = np.array([np.sum([signs[word] for word in part], axis=0) for part in parts], np.float64)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def _signs(word: str) -> NDArray[np.int8]:
    bits = np.frombuffer(hashlib.sha256(word.encode("utf-8", "replace")).digest()[: _WIDTH // 8], np.uint8)
    return (2 * np.unpackbits(bits).astype(np.int8) - 1).astype(np.int8)
