"""A small consortium that runs masked sums in one process, and can lose sites at any step of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from tests import enrolment_lists as lists
from tests.seeded_noise import SeededNoise

from fedaug.client.secure_sum import SumSite
from fedaug.client.secure_sum_state import Phase
from fedaug.errors import ProtocolError
from fedaug.privacy.enrolment import read_list
from fedaug.privacy.events import DistributedGaussianEvent, ReleaseKind
from fedaug.privacy.masking.fixed_point import shared_noise, with_least_modulus
from fedaug.privacy.noise import NoiseSource
from fedaug.server.secure_sum import SumCoordinator
from fedaug.strategies.secure_sum.messages import decode_sum_reply, decode_sum_request
from fedaug.strategies.secure_sum.terms import KeyOf, SumTerms, keys_of, least_threshold
from fedaug.strategies.wire import encode

Integers = NDArray[np.int64]
#: What a site has to answer, in order.
STEPS = ("keys", "shares", "values", "survivors", "unmasking")
BOUND = 2**40
DIMENSIONS = 6


def names(count: int) -> tuple[str, ...]:
    return tuple(f"site-{number:03}" for number in range(count))


def signer(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes((1_000 + number).to_bytes(32))


def key_book(count: int) -> KeyOf:
    """The identity keys of so many sites, by a list that was signed and read."""
    members = [lists.member(name, signer(number)) for number, name in enumerate(names(count))]
    data = lists.forged(lists.body(members=members))
    return keys_of(read_list(data, lists.AUTHORITY.public_key(), lists.NOW))


def event(sites: int = 5, survivors: int = 3, colluders: int = 0, **changes: Any) -> DistributedGaussianEvent:
    more = {"sensitivity": 1.0, "noise_std": 1.0, "dimensions": DIMENSIONS} | changes
    made = shared_noise(
        "statistics", ReleaseKind.NOISY_STATISTICS, sites=sites, survivors=survivors, colluders=colluders, **more
    )
    return with_least_modulus(made, BOUND)


def terms(planned: DistributedGaussianEvent | None = None, **changes: Any) -> SumTerms:
    planned = planned or event()
    values = {
        "campaign": "autumn",
        "plan": "ab" * 32,
        "event": planned.as_dict(),
        "bound": BOUND,
        "threshold": least_threshold(planned.sites, planned.colluders),
        "challenge": "5a" * 16,
    }
    return SumTerms(**(values | changes))


class Remembered(SeededNoise):
    """Seeded noise that remembers what was drawn from the Gaussian, so that a test can add it to the plain sum."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.drawn: list[Integers] = []

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> Integers:
        self.drawn.append(super().discrete_gaussian(shape, log2_std))
        return self.drawn[-1]


@dataclass
class World:
    """Sites, a coordinator, and all that they said to each other.

    Attributes:
        terms: Of the round.
        clean: What each site adds, by name.
        gone: Step from which on a site is not heard any more, by name.
        make: Makes a site; a test's own class may misbehave.
    """

    terms: SumTerms
    clean: Mapping[str, Integers]
    gone: Mapping[str, int] = field(default_factory=dict)
    make: Callable[..., SumSite] = SumSite
    noise: Callable[[int], NoiseSource] = Remembered
    seed: int = 0

    def __post_init__(self) -> None:
        self.key_of = key_book(len(self.clean))
        self.noises = {name: self.noise(self.seed * 1_000 + n) for n, name in enumerate(self.clean)}
        self.sites = {
            name: self.make(
                self.terms,
                site=name,
                signer=signer(number),
                key_of=self.key_of,
                contribution=lambda name=name: self.clean[name],
                noise=self.noises[name],
            )
            for number, name in enumerate(self.clean)
        }
        self.coordinator = SumCoordinator(self.terms, tuple(self.clean), self.key_of)
        self.said: list[dict[str, bytes]] = []
        self.asked: list[dict[str, bytes]] = []

    def ask(self, requests: Mapping[str, bytes]) -> dict[str, bytes]:
        """One step over a perfect wire to those who are still there."""
        step = len(self.asked)
        self.asked.append(dict(requests))
        self.said.append(
            {
                name: self.sites[name].answer(request)
                for name, request in requests.items()
                if step < self.gone.get(name, len(STEPS))
            }
        )
        return self.said[-1]

    def until(self, step: str) -> World:
        """Run up to, and without, a step."""
        for _ in range(STEPS.index(step) - len(self.asked)):
            self.coordinator.receive(self.ask(self.coordinator.requests()))
        return self

    def plain(self, survivors: Sequence[str]) -> Integers:
        """The plain sum of noisy values, without a modulus or a mask."""
        return np.sum([self.clean[name] + _only(self.noises[name]) for name in survivors], axis=0)


def _only(noise: NoiseSource) -> Integers:
    assert isinstance(noise, Remembered)
    (drawn,) = noise.drawn
    return drawn


def clean_values(sites: int = 5, dimensions: int = DIMENSIONS, seed: int = 1) -> dict[str, Integers]:
    """Values over the whole of what the bound allows, its ends among them."""
    draw = np.random.default_rng(seed)
    values = {name: draw.integers(-BOUND, BOUND, dimensions, endpoint=True) for name in names(sites)}
    for value in values.values():
        value[:2] = (BOUND, -BOUND)  # so that the sum is as large as it may be
    return values


def brought_to(step: str, **changes: Any) -> World:
    """Five sites that have been brought up to a step."""
    return World(changes.pop("terms", terms()), clean_values(), **changes).until(step)


def request_to(found: World, site: str) -> Any:
    return decode_sum_request(found.coordinator.requests()[site])


def said_by(found: World, step: str, site: str) -> Any:
    return decode_sum_reply(found.said[STEPS.index(step)][site])[0]


def put(found: World, site: str, request: Any) -> Any:
    return decode_sum_reply(found.sites[site].answer(encode(request)))[0]


def refused(found: World, site: str, request: Any, error: type[ProtocolError], why: str) -> None:
    """The site refuses, and takes no further part in the round: the right request comes too late."""
    right = found.coordinator.requests()[site]
    with pytest.raises(error, match=why) as caught:
        put(found, site, request)
    assert type(caught.value) is error
    assert found.sites[site].state.phase is Phase.OVER
    assert set(found.sites[site].state.seed) == {"0"}
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        found.sites[site].answer(right)
