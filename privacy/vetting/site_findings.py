"""What gates of class S found: kept in a file inside the site, and nowhere else.

The file holds no text, of a record or of a candidate: for each finding the campaign, the release, the hash of the
candidate, the gate, its code and its score. It never enters a message, a log, a report for the consortium or a bundle;
the site edition of the report reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from fedaug.errors import InputError, PolicyRefused
from fedaug.privacy.files import private_folder, sync_folder
from fedaug.privacy.vetting.gate import Batch, Gate, GateClass, VerdictCode, judged

FOLDER: Final = "findings"
_FILE: Final = "site-only.jsonl"


@with_config(ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))
@dataclass(frozen=True)
class Finding:
    """One gate of class S on one candidate.

    Attributes:
        at: When it was found, in UTC, ISO 8601.
        campaign: The campaign that the candidate was made for.
        key: Names the release within it.
        candidate: SHA-256 of the candidate's text.
        gate: The gate's name.
        code: What it found.
        score: The figure that decided; None where there is none.
        blocked: Whether the candidate was left out because of it.
    """

    at: str
    campaign: str
    key: str
    candidate: str
    gate: str
    code: VerdictCode
    score: float | None
    blocked: bool


_FINDING: Final = TypeAdapter(Finding)


class SiteFindings:
    """A site's file of findings, made when there is something to write.

    Args:
        folder: The site's.
        clock: Gives the time of a finding.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder / FOLDER
        self._clock = clock

    @property
    def path(self) -> Path:
        """The file; readable by its owner only."""
        return self._folder / _FILE

    def observe(
        self, batch: Batch, gates: Sequence[Gate], *, campaign: str, key: str, blocks: bool = False
    ) -> list[int]:
        """Have gates of class S look at candidates, and note what they find.

        Every gate sees every candidate, so what one finds does not hide what another does.

        Args:
            batch: Candidates that passed every other gate.
            gates: Of class S.
            campaign: Whom they were made for.
            key: Names the release.
            blocks: Whether the site's policy and the campaign let these gates decide. By default all candidates pass.

        Returns:
            Positions of the candidates that may go on, rising.

        Raises:
            PolicyRefused: A gate is of another class, whose verdicts are counted elsewhere.
            DefectError: A gate did not give one verdict of its own per text, or gave a code of another class.
        """
        if any(gate.gate_class is not GateClass.SITE_ONLY for gate in gates):
            raise PolicyRefused("a gate whose verdicts may leave was run as one of class S", "run it with vet")
        at = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        found: dict[int, list[Finding]] = {}
        for gate in gates:
            for row, verdict in enumerate(judged(gate, batch)):
                if not verdict.passed:
                    candidate = hashlib.sha256(batch.texts[row].encode("utf-8", "surrogatepass")).hexdigest()
                    note = Finding(at, campaign, key, candidate, gate.name, verdict.code, verdict.score, blocks)
                    found.setdefault(row, []).append(note)
        self._append(note for row in sorted(found) for note in found[row])
        return [row for row in range(len(batch)) if not (blocks and row in found)]

    def read(self) -> Iterator[Finding]:
        """All findings, in the order in which they were noted.

        Raises:
            InputError: The file was changed.
        """
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError:
            raise _damaged() from None
        for line in lines:
            try:
                yield _FINDING.validate_json(line)
            except ValidationError:
                raise _damaged() from None

    def counts(self, campaign: str) -> dict[str, Counter[str]]:
        """Gate -> code -> candidates, of one campaign. For the site's own eyes: the counts are exact."""
        counted: dict[str, Counter[str]] = {}
        for finding in self.read():
            if finding.campaign == campaign:
                counted.setdefault(finding.gate, Counter())[str(finding.code)] += 1
        return counted

    def _append(self, findings: Iterable[Finding]) -> None:
        lines = "".join(json.dumps(asdict(finding), sort_keys=True, allow_nan=False) + "\n" for finding in findings)
        if not lines:
            return
        private_folder(self._folder)
        # One write of whole lines at the end, so that two processes cannot mix theirs.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(lines.encode())
            file.flush()
            os.fsync(descriptor)
        sync_folder(self._folder)


def _damaged() -> InputError:
    return InputError("the site's file of findings is damaged", "restore it, or move it away")
