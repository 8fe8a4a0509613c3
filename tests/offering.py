"""Sites that offer texts, the plans that ask for them, and a generator that can be made to misbehave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.small import Row, events, make_plan, make_site

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.client import offers
from fedaug.client.site import Site
from fedaug.strategies.messages import CampaignPlan, SampleOffer

#: What the records say word for word, and what stands in them for an identifier.
SECRET = "a quillfeather was seen to lie beneath the ninth pillow of the old ward"
PLANTED = "KEST-4471-90"
ROWS: list[Row] = [
    *((f"s{i}", f"{SECRET} in week {i}", "fever") for i in range(6)),
    ("p", f"the badge {PLANTED} was found", "cough"),
]
COPIES = np.eye(1, 8, dtype=np.float32)
ASKED = SampleOffer(generator="made-up", count=4)


class MadeUp:
    """A generator of the texts that it is told to make."""

    name = "made-up"
    texts: Sequence[str] = ()
    dependence = Dependence.PUBLIC

    def generate(self, labels: Sequence[str], seed: int) -> Iterator[Candidate]:
        for place, text in enumerate(self.texts):
            yield Candidate(text, self.name, "tests", labels[place % len(labels)], (), self.dependence)


def makes(monkeypatch: pytest.MonkeyPatch, *texts: str, dependence: Dependence = Dependence.PUBLIC) -> None:
    """Have the generator ``made-up`` make these texts at every site."""
    made = type("Told", (MadeUp,), {"texts": texts, "dependence": dependence})
    monkeypatch.setattr(offers, "load_plugin", lambda group, name: made)


def offering_site(folder: Path, **settings: Any) -> Site:
    """A site that offers what ``made-up`` makes."""
    given = {
        "samples__generators": ("made-up",),
        "samples__gates": ("length", "duplicate"),
        "samples__planted": "planted.txt",
    } | settings
    site = make_site(folder, ROWS, **given)
    (folder / "planted.txt").write_text(PLANTED + "\n")
    return site


def offer_plan(**changes: Any) -> CampaignPlan:
    """A plan that asks for four texts, and for counts; ``changes`` to what it says of samples."""
    return make_plan(events=events(50.0, ["counts"]), samples=ASKED.model_copy(update=changes))
