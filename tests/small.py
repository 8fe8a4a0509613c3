"""A small world for tests: an encoder of eight dimensions, records, a prepared site, a plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Progress
from fedaug.client.settings import SiteSettings
from fedaug.client.site import Site
from fedaug.privacy.accounting import calibrate
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.messages import CampaignPlan, TrustModel

PASSPHRASE = b"a passphrase for tests"
LABELS = ("fever", "cough", "rash")
KINDS = {
    "counts": ReleaseKind.NOISY_COUNTS,
    "statistics": ReleaseKind.NOISY_STATISTICS,
    "votes/0": ReleaseKind.NOISY_VOTES,
    "metric": ReleaseKind.NOISY_METRIC,
}
Row = tuple[str, str, str]  # subject, text, label


class SmallEncoder:
    """Words hashed to directions of their own; texts that share words are near each other."""

    name = "small"
    dimensions = 8

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        self.seen.extend(texts)
        rows = np.zeros((len(texts), self.dimensions))
        for place, text in enumerate(texts):
            for word in text.lower().split() or [""]:
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
                rows[place] += np.random.default_rng(seed).standard_normal(self.dimensions)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        if progress is not None:
            progress(len(texts), len(texts))
        return rows.astype(np.float32)


def some_rows(count: int = 12) -> list[Row]:
    """One record a subject, labels in turn."""
    return [(f"s{i}", f"the {LABELS[i % 3]} is worse in week {i}", LABELS[i % 3]) for i in range(count)]


def make_site(
    folder: Path,
    rows: Sequence[Row],
    *,
    noise: NoiseSource | None = None,
    encoder: Callable[[], Any] = SmallEncoder,
    prepare: bool = True,
    **settings: Any,
) -> Site:
    """A real site; ``settings`` by dotted name as :meth:`SiteSettings.create` takes them."""
    folder.mkdir(parents=True)
    source = folder / "source.jsonl"
    lines = [
        json.dumps({"id": str(i), "subject": subject, "text": text, "label": label})
        for i, (subject, text, label) in enumerate(rows)
    ]
    source.write_text("\n".join(lines) + "\n")
    given = {
        "privacy__reply_interval_s": 0.0,
        "privacy__epsilon": 4.0,
        "privacy__delta": 1e-5,
        "privacy__unit": "subject",
    } | settings
    SiteSettings.create(
        folder,
        name=folder.name,
        source__path=str(source),
        source__min_records=1,
        source__columns__text="text",
        source__columns__label="label",
        source__columns__record_id="id",
        source__columns__subject_id="subject",
        **given,
    )
    KeyRing.create(folder, PASSPHRASE, scrypt_n=2)
    site = open_site(folder, noise=noise, encoder=encoder)
    if prepare:
        site.prepare()
    return site


def open_site(folder: Path, *, noise: NoiseSource | None = None, encoder: Callable[[], Any] = SmallEncoder) -> Site:
    return Site.open(folder, passphrase=PASSPHRASE, noise=noise, encoder=encoder)


def event(key: str, release: ReleaseKind, noise_std: float, **changes: Any) -> dict[str, Any]:
    """A release of sensitivity 1 and as many values as any here has; ``changes`` to what the event says."""
    made = DiscreteGaussianEvent(key, release, 1.0, noise_std, grid_for(noise_std or 1.0), 1_000)
    return made.as_dict() | changes


def events(noise_std: float, keys: Sequence[str] = tuple(KINDS), **changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple(event(key, KINDS[key], noise_std, **changes) for key in keys)


def make_plan(**changes: Any) -> CampaignPlan:
    """A plan that :func:`make_site`'s default settings allow."""
    templates = [DiscreteGaussianEvent(key, kind, 1.0, 1.0, grid_for(1.0), 1_000) for key, kind in KINDS.items()]
    fields: dict[str, Any] = {
        "campaign": "autumn",
        "labels": LABELS,
        "unit": PrivacyUnit.SUBJECT,
        "epsilon": 4.0,
        "delta": 1e-5,
        "trust_model": TrustModel.LOCAL,
        "encoder": SmallEncoder.name,
        "dimensions": SmallEncoder.dimensions,
        "votes_per_record": 2,
        "records_per_unit": 100,
        "events": tuple(made.as_dict() for made in calibrate(templates, Budget(3.9, 1e-5))),
    }
    return CampaignPlan.model_validate(fields | changes)


def candidates(count: int = 6) -> dict[str, NDArray[Any]]:
    """A vote's public inputs: labels in turn."""
    texts = [f"{LABELS[i % 3]} number {i}" for i in range(count)]
    return {"candidates": SmallEncoder().embed(texts), "labels": np.arange(count, dtype=np.int32) % len(LABELS)}


def head() -> dict[str, NDArray[np.float32]]:
    """A linear student."""
    return {"weight": SmallEncoder().embed(list(LABELS)), "bias": np.zeros(len(LABELS), np.float32)}
