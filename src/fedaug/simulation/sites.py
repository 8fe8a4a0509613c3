"""Virtual sites: each a real site folder, with its own settings, keys, sealed store and ledger."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.language.loading import EMBEDDED
from fedaug.augmentation.registry import MODEL_GENERATOR
from fedaug.client.ledger_file import site_ledger
from fedaug.client.records import Record
from fedaug.client.report import gather, write_site_report
from fedaug.client.settings import SiteSettings
from fedaug.client.site import Site
from fedaug.client.training.adapt import Progress
from fedaug.privacy.enrolment import EnrolmentStore
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import NoiseSource
from fedaug.server.adaptation import AdaptationSettings
from fedaug.simulation.consortium import CHEAP_SCRYPT, VirtualConsortium
from fedaug.simulation.example import Example
from fedaug.simulation.partition import partition

#: The site's own edition of the report, in its folder.
REPORT: Final = "report.html"


def deal(example: Example, rows: Sequence[Record]) -> list[list[Record]]:
    """The rows of each virtual site, the same for the same seed.

    Raises:
        TooFewRecords: There are too few rows for so many sites.
    """
    split = example.simulation.sites
    alpha = split.alpha if split.partition == "dirichlet" else None
    dealt = partition(
        [str(row.label) for row in rows], split.count, seed=example.campaign.seed, alpha=alpha, minimum=split.minimum
    )
    return [[rows[index] for index in part] for part in dealt]


class VirtualSites:
    """The sites of one simulation, made when first asked for and found again by a rerun.

    Args:
        example: The campaign, its sites and their settings.
        folder: Holds one folder per site; beside it lies that of their consortium.
        encoder: Shared by all of them.
        noise: Makes a site's noise source; tests alone pass another than the default.
        prefix: What the sites' names begin with.
        told: Called with (steps taken, steps in all) where a site adapts a language model.
    """

    def __init__(
        self,
        example: Example,
        folder: Path,
        encoder: Callable[[], Encoder],
        noise: Callable[[str], NoiseSource] | None = None,
        prefix: str = "site",
        told: Callable[[int, int], None] | None = None,
    ) -> None:
        self._example = example
        self._folder = folder
        self._encoder = encoder
        self._noise = noise
        self._prefix = prefix
        self._told = told
        self._open: dict[int, Site] = {}
        self.consortium = VirtualConsortium(folder.parent / "consortium", self._passphrase())

    def prepare(self, index: int, rows: Callable[[], Sequence[Record]]) -> Site:
        """The site of one partition, prepared; ``rows`` is called only if it was not prepared yet."""
        site = self._open.get(index)
        if site is not None:
            return site
        name = f"{self._prefix}-{index + 1:02d}"
        folder = self._folder / name
        passphrase = self._passphrase()
        if not (folder / "keys" / "keyring.json").exists():
            self._found(folder, name, rows(), passphrase)
        # Before it is enrolled: beside an enrolment list, no ledger means one that was lost.
        site_ledger(folder, SiteSettings.load(folder)).close()
        # Each time: that it was done is known only when all of it is.
        key = KeyRing.open(folder, passphrase).signer.public_key()
        self.consortium.enrol(name, key, EnrolmentStore(folder / "enrolment", self.consortium.authority))
        noise = None if self._noise is None else self._noise(name)
        site = Site.open(folder, passphrase=passphrase, encoder=self._encoder, noise=noise, told=self._tell)
        if not site.status().prepared:
            site.prepare()
        self._open[index] = site
        return site

    def report(self, created: datetime, version: str) -> None:
        """Write each site's own report into its folder."""
        for site in self._open.values():
            write_site_report(gather(site, created, version), site.folder / REPORT)

    def close(self) -> None:
        """Let go of all sites' files."""
        for site in self._open.values():
            site.close()
        self._open.clear()

    def _tell(self, progress: Progress) -> None:
        if self._told is not None:
            self._told(progress.step, progress.steps)

    def _found(self, folder: Path, name: str, rows: Sequence[Record], passphrase: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / "records.jsonl"
        with source.open("w", encoding="utf-8") as file:
            for row in rows:
                line = {"id": row.record_id, "subject": row.subject_id, "text": row.text, "label": row.label}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        privacy = self._example.campaign.privacy
        settings = {
            "privacy__epsilon": privacy.epsilon,
            "privacy__delta": privacy.delta,
            "privacy__unit": str(privacy.unit),
            "policy__allow_noise_off": self._example.campaign.budget.noise_off,
            "source__min_records": 1,
            "privacy__reply_interval_s": 0.0,  # nobody watches the time here, and it would add up
            "consortium__authority": self.consortium.authority.public_bytes_raw().hex(),
            **_for_adaptation(self._example.campaign.adaptation),
        } | {key.replace(".", "__"): value for key, value in self._example.simulation.site_settings.items()}
        (folder / "site.toml").unlink(missing_ok=True)  # left behind by a run that was cut off before the keys
        SiteSettings.create(
            folder,
            name=name,
            source__path=str(source),
            source__columns__text="text",
            source__columns__label="label",
            source__columns__record_id="id",
            source__columns__subject_id="subject",
            **settings,
        )
        KeyRing.create(folder, passphrase, scrypt_n=CHEAP_SCRYPT)

    def _passphrase(self) -> bytes:
        """One for all sites of the run; of several processes that make one at once, the first wins."""
        path = self._folder / "passphrase"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            mine = path.with_suffix(f".{os.getpid()}.partial")
            mine.touch(0o600)
            mine.write_text(secrets.token_hex(16))
            with suppress(FileExistsError):
                os.link(mine, path)  # fails where another process was first; a rename would replace its passphrase
            mine.unlink()
        return path.read_bytes()


def _for_adaptation(settings: AdaptationSettings | None) -> dict[str, object]:
    """What a site says that takes part in an adaptation."""
    if settings is None:
        return {}
    model = settings.model if settings.model == EMBEDDED else str(Path(settings.model).expanduser().absolute())
    return {
        "adaptation__model": model,
        "adaptation__reply_interval_s": 0.0,  # as that of releases
        "samples__generators": (MODEL_GENERATOR,),
    }
