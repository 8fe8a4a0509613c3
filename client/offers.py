"""The texts that a site offers: made by a generator that its policy lists, vetted, and looked at by class S gates.

The generator reads public input, or DP output, and no record. So which texts there are, and which the free gates let
pass, is post-processing. Gates of class S read records exactly, and decide only where the site's policy and the
campaign both let them (:mod:`fedaug.client.site_gates`). Such a batch is outside DP.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.registry import GENERATORS, MODEL_GENERATOR, load_plugin
from fedaug.client.adaptations import Adaptations
from fedaug.client.offered_gates import OfferedGates, check_gates
from fedaug.client.refused_texts import RefusedText, RefusedTexts
from fedaug.client.settings import SiteSettings
from fedaug.client.site_gates import SiteGates
from fedaug.errors import PolicyRefused
from fedaug.privacy.canonical import digest
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.vetting.regenerate import regenerate
from fedaug.strategies.messages import CampaignPlan
from fedaug.strategies.samples import asked_for

_REMEDY: Final = "list it in samples.generators, or take no part"


@dataclass(frozen=True, repr=False)
class Offer:
    """Candidates on their way to the release gate.

    Attributes:
        candidates: In the order in which they are to leave.
        outside_dp: Whether gates that read records exactly decided about them.
    """

    candidates: tuple[Candidate, ...]
    outside_dp: bool


class Offers:
    """Makes a site's offers.

    Args:
        folder: The site's.
        settings: Its ``site.toml``.
        site_gates: Its gates of class S.
        encoder: Makes the public embedding space; loaded when first needed.
        refused: Keeps what the gates refuse, for review.
        adaptations: Writes with the site's adapted model where a plan asks for one.
    """

    def __init__(
        self,
        folder: Path,
        settings: SiteSettings,
        site_gates: SiteGates,
        encoder: Callable[[], Encoder],
        refused: RefusedTexts,
        adaptations: Adaptations,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._site_gates = site_gates
        self._encoder = encoder
        self._refused = refused
        self._adaptations = adaptations

    def check(self) -> None:
        """Raise what the first offer would stop at, if the site offers texts at all.

        Raises:
            ConfigError: A gate of ``samples.gates`` has wrong options, or reads records.
            InputError: A public file that one of them names cannot be used.
            PolicyRefused: A corpus, or a file that a gate compares with, is the site's own records.
            UnknownPlugin: A gate is not installed.
        """
        if self._settings.samples.generators:
            self._require_public_corpora()
            check_gates(self._settings.samples, self._require_public)

    def make(self, plan: CampaignPlan, key: str) -> Offer:
        """What a plan asks for; the same each time, as long as the records are.

        With gates of class S that decide, all that the attempts allow is made and vetted whatever these gates say, and
        of what they let pass the first ``count`` leave, or none if there are fewer. Without, no record is read.

        Raises:
            PolicyRefused: The site's policy does not list the generator, or does not let gates of class S decide.
            UnknownPlugin: The generator is not installed.
        """
        asked, policy = asked_for(plan), self._settings.samples
        blocks = asked.outside_dp and policy.site_gates_block
        if asked.generator not in policy.generators:
            raise PolicyRefused("the plan's generator is not in the site's samples.generators", _REMEDY)
        if asked.outside_dp and not blocks:
            raise PolicyRefused("the plan asks for a batch outside DP, which the site does not offer", "take no part")
        self._require_public_corpora()
        gates = OfferedGates(policy, plan.labels, self._seed(plan, 0), self._encoder, self._require_public)
        made: dict[str, Candidate] = {}
        generator = self._generator(plan)
        first = list(self._generated(generator, plan, 0))
        vetted = regenerate(
            lambda attempt: gates.batch(_new(self._generated(generator, plan, attempt) if attempt else first, made)),
            gates.gates(first),
            wanted=LIMITS.candidates if blocks else asked.count,
            attempts=asked.attempts,
        )
        passed = [made[text] for text, _ in vetted.kept]
        away = [RefusedText(text, label, verdict.gate, verdict.code) for text, label, verdict in vetted.turned_away]
        if blocks:
            passed, gone = self._site_gates.decide(passed, plan.campaign, key)
            away += gone
        self._refused.keep(plan.campaign, away)
        if blocks and len(passed) < asked.count:
            passed = []  # and the batch still says that records decided: that none is sent tells of them too
        return Offer(tuple(passed[: asked.count]), blocks)

    def _require_public_corpora(self) -> None:
        for name in self._settings.samples.corpora:
            self._require_public(Path(name))

    def _require_public(self, path: Path) -> None:
        """Refuse the site's source and whatever lies in its folder, behind a link too: rows of it would leave raw."""
        found, folder = path.resolve(), self._folder.resolve()
        if found == self._settings.source_path(folder).resolve() or (found.exists() and found.is_relative_to(folder)):
            raise PolicyRefused(
                "samples names the site's own records as public", "name public files outside its folder"
            )

    def _seed(self, plan: CampaignPlan, attempt: int) -> int:
        """Public, and the site's own."""
        return int(digest(f"{plan.digest}/{self._settings.name}/{attempt}".encode())[:8], 16)

    def _generator(self, plan: CampaignPlan) -> Any:  # noqa: ANN401 - a plug-in may be any class
        asked = asked_for(plan).generator
        if plan.adaptation is not None and asked == MODEL_GENERATOR:
            return self._adaptations.texts(plan)
        factory = load_plugin(GENERATORS, asked)
        # The site's own corpora: a coordinator that could name files would have the site offer its records.
        takes = inspect.signature(factory).parameters
        options: dict[str, Any] = {"corpora": self._settings.samples.corpora} if "corpora" in takes else {}
        return factory(**options)

    def _generated(self, generator: Any, plan: CampaignPlan, attempt: int) -> Iterator[Candidate]:  # noqa: ANN401 - as above
        """One attempt's candidates, in an order that favours no label."""
        seed = self._seed(plan, attempt)
        found = generator.generate(list(plan.labels), seed)
        yield from sorted(found, key=lambda candidate: digest(f"{seed}/{candidate.text}".encode()))


def _new(candidates: Iterable[Candidate], made: dict[str, Candidate]) -> list[Candidate]:
    """Those whose text no earlier attempt made."""
    new = []
    for candidate in candidates:
        if candidate.text not in made:
            made[candidate.text] = candidate
            new.append(candidate)
    return new
