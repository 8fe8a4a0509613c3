"""The texts that a site offers: made by a generator that its policy lists, vetted, and looked at by class S gates.

The generator reads public input, or DP output, and no record. So which texts there are, and which the free gates let
pass, is post-processing. Gates of class S read records exactly: what they find goes into the site's own file, and they
decide only where the site's policy and the campaign both let them. Such a batch is outside DP.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.registry import GENERATORS, load_plugin
from fedaug.client.refused_texts import RefusedText, RefusedTexts
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SiteSettings
from fedaug.client.store import SealedStore
from fedaug.client.used_surrogates import UsedSurrogates
from fedaug.errors import DefectError, MissingFile, PolicyRefused
from fedaug.privacy.canonical import digest
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.vetting import Batch, Gate, VerdictCode, make_gate
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.copies import CopyGate
from fedaug.privacy.vetting.planted import PlantedGate, SurrogateGate
from fedaug.privacy.vetting.regenerate import regenerate
from fedaug.privacy.vetting.site_findings import SiteFindings
from fedaug.strategies.messages import CampaignPlan
from fedaug.strategies.samples import asked_for

_LOG = logging.getLogger(__name__)
_CODES: Final = {
    CopyGate.name: VerdictCode.VERBATIM_COPY,
    ClosestRecordGate.name: VerdictCode.TOO_CLOSE,
    PlantedGate.name: VerdictCode.PLANTED,
    SurrogateGate.name: VerdictCode.SURROGATE_USED,
}
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
        store: Its sealed records.
        rows: Their embeddings.
        encoder: Makes the public embedding space; loaded when first needed.
        refused: Keeps what the gates refuse, for review.
    """

    def __init__(
        self,
        folder: Path,
        settings: SiteSettings,
        store: SealedStore,
        rows: PreparedRows,
        encoder: Callable[[], Encoder],
        refused: RefusedTexts,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._store = store
        self._rows = rows
        self._encoder = encoder
        self._refused = refused
        self.findings = SiteFindings(folder)

    def make(self, plan: CampaignPlan, key: str) -> Offer:
        """What a plan asks for; the same each time, as long as the records are.

        With gates of class S that decide, all that the attempts allow is made and vetted whatever these gates say, and
        of what they let pass the first ``count`` leave, or none if there are fewer.

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
        if any(self._holds_records(Path(name)) for name in policy.corpora):
            raise PolicyRefused("samples.corpora names the site's own records", "name public files outside its folder")
        made: dict[str, Candidate] = {}
        vetted = regenerate(
            lambda attempt: _batch(self._generated(plan, attempt), made),
            [make_gate(name) for name in policy.gates],
            wanted=LIMITS.candidates if blocks else asked.count,
            attempts=asked.attempts,
        )
        kept = [made[text] for text, _ in vetted.kept]
        away = [RefusedText(text, label, verdict.gate, verdict.code) for text, label, verdict in vetted.turned_away]
        passed = self._observed(kept, plan.campaign, key, away if blocks else None)
        self._refused.keep(plan.campaign, away)
        if blocks and len(passed) < asked.count:
            passed = []  # and the batch still says that records decided: that none is sent tells of them too
        return Offer(tuple(passed[: asked.count]), blocks)

    def _holds_records(self, path: Path) -> bool:
        """Whether a corpus is the site's source or lies in its folder, behind a link too: its rows would leave raw."""
        found, folder = path.resolve(), self._folder.resolve()
        return found == self._settings.source_path(folder).resolve() or found.is_relative_to(folder)

    def _generated(self, plan: CampaignPlan, attempt: int) -> Iterator[Candidate]:
        """One attempt's candidates, in an order that favours no label; the seed is public, and the site's own."""
        seed = int(digest(f"{plan.digest}/{self._settings.name}/{attempt}".encode())[:8], 16)
        factory = load_plugin(GENERATORS, asked_for(plan).generator)
        # The site's own corpora: a coordinator that could name files would have the site offer its records.
        takes = inspect.signature(factory).parameters
        options: dict[str, Any] = {"corpora": self._settings.samples.corpora} if "corpora" in takes else {}
        found = factory(**options).generate(list(plan.labels), seed)
        yield from sorted(found, key=lambda candidate: digest(f"{seed}/{candidate.text}".encode()))

    def _observed(
        self, kept: list[Candidate], campaign: str, key: str, away: list[RefusedText] | None
    ) -> list[Candidate]:
        """What the site's own gates let go on; where they decide, what they refuse is added to ``away``."""
        blocks = away is not None
        texts = tuple(candidate.text for candidate in kept)
        vectors = self._encoder().embed(texts) if texts else None
        batch = Batch(texts, tuple(candidate.label for candidate in kept), vectors)
        rows = set(range(len(kept)))
        for make in self._site_gates():
            try:
                gate = make()
                passed = set(self.findings.observe(batch, [gate], campaign=campaign, key=key, blocks=blocks))
                if away is not None:
                    gone = (kept[row] for row in sorted(rows - passed))
                    away += [RefusedText(one.text, one.label, gate.name, _CODES[gate.name]) for one in gone]
                rows &= passed
            except Exception as error:
                # What these gates may not decide they may not decide by failing either; where they may, nothing passes.
                rows = set() if blocks else rows
                _LOG.warning("%s: a gate of class S failed with %s", DefectError.code, type(error).__name__)
        return [kept[row] for row in sorted(rows)]

    def _site_gates(self) -> Iterator[Callable[[], Gate]]:
        policy, folder = self._settings.samples, self._folder
        yield lambda: CopyGate((record.text for record in self._store.records()), min_run=policy.copied_words)
        yield lambda: ClosestRecordGate(self._rows.vectors(), least_distance=policy.least_distance)
        if (planted := policy.planted) is not None:
            yield lambda: PlantedGate(_lines(folder / planted))
        if policy.used_surrogates:
            yield lambda: SurrogateGate(UsedSurrogates(self._store).read())


def _batch(candidates: Iterator[Candidate], made: dict[str, Candidate]) -> Batch:
    """Those whose text no earlier attempt made."""
    new = []
    for candidate in candidates:
        if candidate.text not in made:
            made[candidate.text] = candidate
            new.append(candidate)
    return Batch(tuple(one.text for one in new), tuple(one.label for one in new))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise MissingFile(
            "the file of planted identifiers cannot be read", "see samples.planted in site.toml"
        ) from None
