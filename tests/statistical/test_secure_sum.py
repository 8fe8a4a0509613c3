"""What a coordinator sees of a masked sum is uniform, and the sum carries the noise that was charged.

Sites contribute zeros without noise, so whatever is not uniform is a leak. Each view's bytes are compared with the
uniform law by chi-square, byte by byte of a value. Tests fail at p < 1e-9; there are fewer than 1,000 of them, so an
unseeded run would fail by chance with a probability below 1e-6 (these are seeded, and fail always or never).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.masked_sums import STEPS, World, event, names, terms
from tests.seeded_noise import SeededNoise

from fedaug.client.secure_sum import SumSite
from fedaug.client.secure_sum_state import SumState
from fedaug.privacy.events import DistributedGaussianEvent
from fedaug.privacy.masking.agreement import KeyPair, mask_seed, own_mask_seed
from fedaug.privacy.masking.masks import Words, add_mask
from fedaug.server.secure_sum import run_sum
from fedaug.strategies.secure_sum.messages import decode_sum_reply
from fedaug.strategies.secure_sum.statements import SiteKeys

ALPHA = 1e-9
VALUES = 20_000
BYTES = 6
MODULUS = 2 ** (8 * BYTES)
SILENT = replace(event(dimensions=VALUES).scaled(0.0), modulus=MODULUS)
SITES = names(5)


def zeros(sites: int = 5) -> dict[str, NDArray[np.int64]]:
    return {name: np.zeros(VALUES, np.int64) for name in names(sites)}


def masked(**changes: Any) -> tuple[World, dict[str, SumState]]:
    """A round up to the masked values, and the sites' secrets of it."""
    found = World(terms(SILENT, challenge=changes.pop("challenge", "5a" * 16)), zeros(), **changes).until("values")
    states = {name: site.state for name, site in found.sites.items()}
    return found.until("survivors"), states


def seen(found: World, site: str) -> Words:
    """The masked values as they arrived."""
    return decode_sum_reply(found.said[STEPS.index("values")][site])[1]["values"].view(np.uint64).copy()


def without_own(found: World, states: dict[str, SumState], site: str) -> Words:
    """What a coordinator can make of a survivor's values: its own mask is taken away."""
    values = seen(found, site)
    salt = bytes.fromhex(_said(found, site).roster)
    add_mask(values, own_mask_seed(bytes.fromhex(states[site].seed), salt), -1)
    return values & np.uint64(MODULUS - 1)


def without_pairs(found: World, states: dict[str, SumState], site: str) -> Words:
    """What a coordinator can make of values that come after their site was declared lost: it has its mask key."""
    values, salt = seen(found, site), bytes.fromhex(_said(found, site).roster)
    pair = KeyPair(bytes.fromhex(states[site].mask_key))
    for keys in _others(states[site], site):
        add_mask(values, mask_seed(pair, bytes.fromhex(keys.mask_key), salt), -1 if site < keys.site else 1)
    return values & np.uint64(MODULUS - 1)


def _said(found: World, site: str) -> Any:
    return decode_sum_reply(found.said[STEPS.index("values")][site])[0]


def _others(state: SumState, site: str) -> list[SiteKeys]:
    return [keys for keys in state.sites if keys.site != site]


def least_p(values: Words) -> float:
    """The least p of a chi-square against the uniform law, over the bytes of a value."""
    columns = values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :BYTES].T
    return min(float(stats.chisquare(np.bincount(column, minlength=256)).pvalue) for column in columns)


def views(found: World, states: dict[str, SumState]) -> Iterator[tuple[str, Words]]:
    """All that a coordinator can make of one round before, or without, its last answers."""
    modulo = np.uint64(MODULUS - 1)
    for name in SITES:
        yield f"{name} as it arrived", seen(found, name)
        yield f"{name}, too late", without_pairs(found, states, name)
    for size in range(1, len(SITES)):
        for some in itertools.combinations(SITES, size):
            parts = [without_own(found, states, name) for name in some]
            yield f"sum of {len(some)} from {some[0]}", np.sum(parts, axis=0, dtype=np.uint64) & modulo
    for one, other in itertools.combinations(SITES, 2):
        yield f"{one} less {other}", (seen(found, one) - seen(found, other)) & modulo


def leaks(make: type[SumSite] = SumSite) -> list[str]:
    return [what for what, values in views(*masked(make=make)) if least_p(values) < ALPHA]


def test_every_view_of_a_coordinator_is_uniform_but_the_whole_sum() -> None:
    found, states = masked()
    assert len(list(views(found, states))) == 5 + 5 + 30 + 10
    assert leaks() == []
    whole = np.sum([without_own(found, states, name) for name in SITES], axis=0, dtype=np.uint64)
    assert not (whole & np.uint64(MODULUS - 1)).any()  # the sum is what it is: zeros


def test_the_same_values_look_uniformly_different_in_another_round() -> None:
    """Even with the same secrets at all sites: the round's digest is in every mask."""
    first, _ = masked()
    again, _ = masked()
    later, _ = masked(challenge="77" * 16)
    assert least_p((seen(first, SITES[0]) - seen(again, SITES[0])) & np.uint64(MODULUS - 1)) == 0
    for site in SITES:
        assert least_p((seen(first, site) - seen(later, site)) & np.uint64(MODULUS - 1)) > ALPHA


class NoOwnMask(SumSite):
    """A seeded defect: pairwise masks only."""

    def _add_masks(self, values: Words, others: list[SiteKeys], state: SumState, salt: bytes) -> None:
        super()._add_masks(values, others, state, salt)
        add_mask(values, own_mask_seed(bytes.fromhex(state.seed), salt), -1)


class OneMask(SumSite):
    """A seeded defect: every pair of sites has the same mask. It cancels, so the sum is right."""

    def _add_masks(self, values: Words, others: list[SiteKeys], state: SumState, salt: bytes) -> None:
        super()._add_masks(values, [], state, salt)
        for other in others:
            add_mask(values, salt, 1 if self._site < other.site else -1)


class NarrowMask(SumSite):
    """A seeded defect: masks of 32 bits under values of 48."""

    def _add_masks(self, values: Words, others: list[SiteKeys], state: SumState, salt: bytes) -> None:
        before = values.copy()
        super()._add_masks(values, others, state, salt)
        values[:] = before + ((values - before) & np.uint64(2**32 - 1))


def test_values_without_an_own_mask_would_be_caught() -> None:
    assert leaks(NoOwnMask) == [f"{name}, too late" for name in SITES]


def test_one_mask_for_all_pairs_would_be_caught() -> None:
    found = leaks(OneMask)
    assert f"sum of 1 from {SITES[2]}" in found  # two add the mask, two take it away
    world = World(terms(SILENT), zeros(), make=OneMask)
    assert not run_sum(world.coordinator, world.ask).any()


def test_masks_narrower_than_the_modulus_would_be_caught() -> None:
    assert f"{SITES[0]} as it arrived" in leaks(NarrowMask)


# Noise

#: Of 5 sites 4 survive at least, and one of these may leave out its noise: three shares are counted.
PLANNED = event(5, 4, 1, dimensions=VALUES, noise_std=3.0)
#: The variance of N normal values errs by √(2/N) of itself: 1 %. Six of these, a chance of 2e-9, are less than what
#: the least of the defects makes.
NEAR = 6 * (2 / VALUES) ** 0.5


class HalfNoise(SeededNoise):
    """A seeded defect."""

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        """Half as wide as asked."""
        return super().discrete_gaussian(shape, log2_std - 1)


class SameNoise(SeededNoise):
    """A seeded defect: each site has keys of its own, and one and the same noise."""

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        """The same whoever asks."""
        return SeededNoise(1).discrete_gaussian(shape, log2_std)


def variance(noise: type[SeededNoise], planned: DistributedGaussianEvent = PLANNED, gone: int = 1) -> float:
    """Of the sum's noise, in units of the variance that is counted for it."""
    world = World(terms(planned), zeros(), dict.fromkeys(SITES[:gone], STEPS.index("values")), noise=noise)
    total = run_sum(world.coordinator, world.ask) * planned.grid
    assert len(world.coordinator.survivors) == 5 - gone
    return float(np.mean(total**2)) / PLANNED.noise_std**2


def test_each_survivor_carries_its_share_of_the_noise() -> None:
    assert PLANNED.noise_std == pytest.approx(3.0)
    assert variance(SeededNoise) == pytest.approx(4 / 3, rel=NEAR)
    assert variance(SeededNoise, gone=0) == pytest.approx(5 / 3, rel=NEAR)


def test_the_shares_that_are_counted_carry_the_whole_noise() -> None:
    """Of the least number of survivors, the colluder takes its noise away."""
    world = World(terms(PLANNED), zeros(), {SITES[0]: STEPS.index("values")})
    total = run_sum(world.coordinator, world.ask)
    (known,) = world.noises[SITES[1]].drawn  # type: ignore[attr-defined]  # the world's noise remembers
    left = (total - known) * PLANNED.grid
    assert float(np.mean(left**2)) == pytest.approx(3.0**2, rel=NEAR)
    # As a discrete Gaussian of its own, by its law and not only its width: at 20,000 values p < 1e-9 refutes it.
    assert stats.kstest(left / 3.0, "norm").pvalue > ALPHA


@pytest.mark.parametrize(
    ("noise", "planned"),
    [
        (HalfNoise, PLANNED),
        (SameNoise, PLANNED),
        (SeededNoise, event(5, 4, 0, dimensions=VALUES, noise_std=3.0)),  # σ²/m: the colluder's share is missing
        (SeededNoise, event(5, 5, 0, dimensions=VALUES, noise_std=3.0)),  # σ²/K: so is that of who may drop out
        (SeededNoise, PLANNED.scaled(0.0)),
    ],
)
def test_too_little_noise_would_be_caught(noise: type[SeededNoise], planned: DistributedGaussianEvent) -> None:
    if planned.survivors > 4:  # a round of such terms needs them all; what it lacks is the noise of each
        planned = replace(planned, survivors=4)
    assert variance(noise, planned) != pytest.approx(4 / 3, rel=NEAR)
