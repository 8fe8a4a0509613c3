"""The gates of class S of one site: they read its records exactly, and decide only where policy and campaign let them.

Where they decide, they run while the batch is made. Where they do not, they look at batches that have left already,
when the site's own people want to know: nothing that a coordinator sees, the time of an answer included, depends on
the records then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.encoder import Encoder
from fedaug.client.kept_offers import KeptOffers
from fedaug.client.refused_texts import RefusedText
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SamplesSettings
from fedaug.client.store import SealedStore
from fedaug.client.used_surrogates import UsedSurrogates
from fedaug.errors import DefectError, MissingFile
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.files import private_folder, whole_file
from fedaug.privacy.vetting import Batch, Gate, VerdictCode
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.copies import CopyGate
from fedaug.privacy.vetting.planted import PlantedGate, SurrogateGate
from fedaug.privacy.vetting.site_findings import FOLDER, SiteFindings
from fedaug.strategies.messages import SampleBatch

_LOG = logging.getLogger(__name__)
_CODES: Final = {
    CopyGate.name: VerdictCode.VERBATIM_COPY,
    ClosestRecordGate.name: VerdictCode.TOO_CLOSE,
    PlantedGate.name: VerdictCode.PLANTED,
    SurrogateGate.name: VerdictCode.SURROGATE_USED,
}


class SiteGates:
    """Runs them, and keeps what they find in the site's own file.

    Args:
        folder: The site's.
        policy: Its settings of samples.
        store: Its sealed records.
        rows: Their embeddings.
        encoder: Makes the public embedding space; loaded when first needed.
        kept: The batches that have left.
    """

    def __init__(
        self,
        folder: Path,
        policy: SamplesSettings,
        store: SealedStore,
        rows: PreparedRows,
        encoder: Callable[[], Encoder],
        kept: KeptOffers,
    ) -> None:
        self._folder = folder
        self._policy = policy
        self._store = store
        self._rows = rows
        self._encoder = encoder
        self._kept = kept
        self.findings = SiteFindings(folder)

    def decide(
        self, candidates: Sequence[Candidate], campaign: str, key: str
    ) -> tuple[list[Candidate], list[RefusedText]]:
        """What these gates let go on, and what each of them refuses. Where one of them fails, nothing goes on."""
        batch, rows, away = self._batch(candidates), set(range(len(candidates))), []
        for name, make in self._gates():
            try:
                passed = set(self.findings.observe(batch, [make()], campaign=campaign, key=key, blocks=True))
            except Exception as error:
                _failed(error)
                rows = set()
            else:
                gone = (candidates[row] for row in sorted(rows - passed))
                away += [RefusedText(one.text, one.label, name, _CODES[name]) for one in gone]
                rows &= passed
        return [candidates[row] for row in sorted(rows)], away

    def look(self) -> None:
        """Look at every batch that has left and that no gate decided about; each gate at each batch once.

        A gate that fails is told in the log by the kind of its failure, and asked again the next time.
        """
        for name, header, batch in self._kept.batches():
            if not batch.outside_dp and batch.samples:
                self._look_at(name, batch, header.campaign, header.key)

    def _look_at(self, name: str, left: SampleBatch, campaign: str, key: str) -> None:
        path = private_folder(self._folder / FOLDER) / f"{name}.looked"
        done = _gates_in(path)
        todo = [(gate, make) for gate, make in self._gates() if gate not in done]
        if not todo:
            return
        texts = tuple(sample.text for sample in left.samples)
        batch = Batch(texts, tuple(sample.label for sample in left.samples), self._encoder().embed(texts))
        for gate, make in todo:
            try:
                self.findings.observe(batch, [make()], campaign=campaign, key=key)
                done.add(gate)
            except Exception as error:
                _failed(error)
        with whole_file(path, overwrite=True) as file:
            file.write(canonical_json(sorted(done)))

    def _batch(self, candidates: Sequence[Candidate]) -> Batch:
        texts = tuple(candidate.text for candidate in candidates)
        vectors = self._encoder().embed(texts) if texts else None
        return Batch(texts, tuple(candidate.label for candidate in candidates), vectors)

    def _gates(self) -> Iterator[tuple[str, Callable[[], Gate]]]:
        policy, folder = self._policy, self._folder
        records = self._store.records
        yield CopyGate.name, lambda: CopyGate((one.text for one in records()), min_run=policy.copied_words)
        yield (
            ClosestRecordGate.name,
            lambda: ClosestRecordGate(self._rows.vectors(), least_distance=policy.least_distance),
        )
        if (planted := policy.planted) is not None:
            yield PlantedGate.name, lambda: PlantedGate(_lines(folder / planted))
        if policy.used_surrogates:
            yield SurrogateGate.name, lambda: SurrogateGate(UsedSurrogates(self._store).read())


def _gates_in(path: Path) -> set[str]:
    """The gates that a note of what was looked at names; of a note that is damaged none: they look again."""
    try:
        return set(map(str, parse_json(path.read_bytes())))
    except (OSError, ValueError, TypeError):
        return set()


def _failed(error: Exception) -> None:
    """Say so: by its kind alone, since its text may quote a record."""
    _LOG.warning("%s: a gate of class S failed with %s", DefectError.code, type(error).__name__)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise MissingFile(
            "the file of planted identifiers cannot be read", "see samples.planted in site.toml"
        ) from None
