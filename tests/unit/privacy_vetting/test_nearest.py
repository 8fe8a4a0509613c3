"""The nearest vectors, as by multiplying all out."""

import numpy as np
import pytest

from fedaug.privacy.vetting import nearest
from fedaug.privacy.vetting.nearest import KeptVectors, NearVectors, Vectors


def unit(count: int, seed: int, *, dimensions: int = 48, spread: float = 1.0) -> Vectors:
    """Random directions; with a small spread they lie close together, as real embeddings do."""
    draw = np.random.default_rng(seed)
    vectors = np.ones(dimensions) * (1 - spread) + draw.standard_normal((count, dimensions)) * spread
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("spread", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("least", [0.3, 0.9, 0.97])
def test_the_nearest_is_found_as_by_multiplying_all_out(
    spread: float, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "_KNOWN_AT_A_TIME", 100)
    monkeypatch.setattr(nearest, "_ASKED_AT_A_TIME", 70)
    known, asked = unit(730, 1, spread=spread), unit(250, 2, spread=spread)
    asked[:20] = unit(20, 3) * 0.02 + known[:20]
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    products = asked @ known.T
    best, partner = NearVectors(known).closest(asked, least)
    far = products.max(axis=1) < least
    assert best == pytest.approx(np.where(far, 0, products.max(axis=1)), abs=1e-5)
    assert (partner[far] == -1).all()
    assert products[np.arange(250), partner][~far] == pytest.approx(products.max(axis=1)[~far], abs=1e-5)


def test_a_bound_without_the_other_coordinates_would_miss_some(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = NearVectors._turned

    def short(self: NearVectors, vectors: Vectors) -> Vectors:  # the seeded defect
        return turned(self, vectors)[:, :-1]

    monkeypatch.setattr(NearVectors, "_turned", short)
    known = unit(500, 1)
    assert (NearVectors(known).closest(known, 0.9)[0] == 0).any()


def test_nothing_is_near_where_nothing_is_known() -> None:
    best, partner = NearVectors(unit(0, 1)).closest(unit(3, 2), 0.5)
    assert (best.tolist(), partner.tolist()) == ([0.0] * 3, [-1] * 3)


def test_only_those_that_were_kept_count_in_whatever_block_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_ASKED_AT_A_TIME", 4)
    vectors = unit(30, 5, dimensions=3)
    asked = KeptVectors(vectors, 0.9)
    kept: list[int] = []
    for position, vector in enumerate(vectors):
        expected = any(vectors[other] @ vector >= 0.9 for other in kept)
        assert asked.has_near(position) == expected
        if not expected and position % 5:
            asked.add(position)
            kept.append(position)
    assert 3 < len(kept) < 25
