"""Texts that a site's gates refused, with the reason, for review by the site's own people.

They are sealed as the records are: what a gate of class S refused may quote one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from fedaug.client.sealing import seal, unseal
from fedaug.errors import InputError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.files import private_folder, whole_file
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.vetting.site_findings import FOLDER

_SUFFIX: Final = ".refused.sealed"


@dataclass(frozen=True)
class RefusedText:
    """One text that did not leave.

    Attributes:
        text: What it says. Left out of the repr.
        label: The label that its generator claimed, or None.
        gate: The gate that refused it.
        code: What the gate found.
    """

    text: str
    label: str | None
    gate: str
    code: str

    def __repr__(self) -> str:
        return f"<RefusedText by {self.gate}: {self.code}>"


class RefusedTexts:
    """One sealed file for each campaign, written when its batch is made.

    Args:
        folder: The site's.
        keys: Wrap each file's key.
        lineage: The data set's.
    """

    def __init__(self, folder: Path, keys: KeyRing, lineage: str) -> None:
        self._folder = folder / FOLDER
        self._keys = keys
        self._lineage = lineage

    def keep(self, campaign: str, refused: Iterable[RefusedText]) -> None:
        """Keep what was refused of a campaign's batch, in place of what was kept of it before."""
        private_folder(self._folder)
        with whole_file(self._path(campaign), overwrite=True) as file:
            lines = (canonical_json(asdict(one)) + b"\n" for one in refused)
            seal(lines, file, self._keys, self._context(campaign))

    def read(self, campaign: str) -> Iterator[RefusedText]:
        """What was refused of a campaign's batch; nothing if none was made.

        Raises:
            SealError: The file was changed or moved.
            InputError: It cannot be read.
        """
        try:
            file = self._path(campaign).open("rb")
        except FileNotFoundError:
            return
        except OSError:
            what = f"the site's folder {FOLDER} cannot be read, or is none"
            raise InputError(what, "mend its permissions, or move away what has its place") from None
        with file:
            lines = b"".join(unseal(file, self._keys, self._context(campaign))).splitlines()
        for line in lines:
            yield RefusedText(**parse_json(line))

    def _path(self, campaign: str) -> Path:
        # A hash of the name: a campaign's name comes from outside and must not choose a path.
        return self._folder / f"{digest(campaign.encode())[:32]}{_SUFFIX}"

    def _context(self, campaign: str) -> bytes:
        return canonical_json({"lineage": self._lineage, "refused": campaign})
