"""An example: a campaign, the real or made-up records it is tried on, and how they are dealt to virtual sites."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from fedaug.augmentation.datasets import data_folder, find
from fedaug.augmentation.generators.clinical_notes import clinical_notes, write_notes
from fedaug.client.records import ColumnMap, Record, RowReport, read_records
from fedaug.errors import ConfigError, DataNotFound, MissingFile
from fedaug.server.campaign import CampaignConfig, Settings, campaign_from, read_toml, setting_error, with_overrides

_LOG = logging.getLogger(__name__)

CAMPAIGN_FILE = "campaign.toml"
SIMULATION_FILE = "simulation.toml"
#: Of an audit. With fewer, all coins might fall on "out"; with 1,000 the bound on ε reaches 4.16 at 99.9 % and
#: δ = 1e-5, and more than that raises it no further.
FEWEST_CANARIES = 50
MOST_CANARIES = 2_000


class DataSettings(Settings):
    """Which records play the sites' private data.

    Attributes:
        data_set: A public data set, looked for on this machine.
        file: Its training file.
        columns: Which column holds what.
        validation_percent: Rows carved out for the coordinator's held-out file, by a hash of the text, so that every
            run carves the same and no text is on both sides.
        search: Folders to look in, relative to the example, after ``$FEDAUG_DATA``.
        made_up_notes: So many notes are written by fedaug's own generator when the data set is not on this machine; 0
            for none.
    """

    data_set: str
    file: str
    columns: ColumnMap
    validation_percent: int = Field(15, ge=1, le=50)
    search: tuple[str, ...] = ()
    made_up_notes: int = Field(0, ge=0)


class SiteSplit(Settings):
    """How rows are dealt to virtual sites."""

    count: int = Field(ge=1, le=10_000)
    partition: Literal["even", "dirichlet"] = "even"
    alpha: float = Field(0.5, gt=0)
    minimum: int = Field(2, ge=1)


class AuditSettings(Settings):
    """The audit after a simulated campaign, at a virtual site of its own.

    Attributes:
        canaries: How many are put in or left out by a coin; 0 for no audit.
    """

    canaries: int = Field(0, ge=0, le=MOST_CANARIES)

    @field_validator("canaries")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < FEWEST_CANARIES:
            raise ValueError(f"is neither 0 nor at least {FEWEST_CANARIES}")
        return value


class SimulationConfig(Settings):
    """What a simulation knows and a deployment does not."""

    data: DataSettings
    sites: SiteSplit
    audit: AuditSettings = AuditSettings()
    site_settings: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """An example's settings, checked.

    Attributes:
        folder: Where it lies.
        campaign: What coordinator and sites agree on.
        simulation: What the simulation adds.
        search: Where public data sets are looked for.
    """

    folder: Path
    campaign: CampaignConfig
    simulation: SimulationConfig
    search: tuple[Path, ...]

    @classmethod
    def load(cls, folder: Path, overrides: Mapping[str, Any] | None = None) -> Example:
        """Read an example's folder.

        Args:
            folder: Holds ``campaign.toml`` and ``simulation.toml``.
            overrides: Settings by dotted name; those that begin with ``simulation.`` belong to the second file.

        Raises:
            MissingFile: A file is not there.
            ConfigError: A setting is unknown or wrong.
            InvalidBudget: The privacy budget is no promise.
        """
        if not folder.is_dir():
            raise MissingFile(f"there is no folder {folder}", "name an example's folder, such as examples/banking")
        prefix = "simulation."
        mine = {key.removeprefix(prefix): value for key, value in (overrides or {}).items() if key.startswith(prefix)}
        theirs = {key: value for key, value in (overrides or {}).items() if not key.startswith(prefix)}
        campaign = campaign_from(read_toml(folder / CAMPAIGN_FILE), theirs)
        try:
            simulation = SimulationConfig.model_validate(with_overrides(read_toml(folder / SIMULATION_FILE), mine))
        except ValidationError as error:
            raise setting_error(error, SIMULATION_FILE) from None
        named = [(folder / path).resolve() for path in simulation.data.search]
        return cls(folder, campaign, simulation, (data_folder(), *named))


@dataclass(frozen=True)
class Rows:
    """Labelled records of a simulation: those dealt to sites, and those held out for the coordinator.

    Attributes:
        description: What the held-out rows are.
        public: Whether all of them are a public data set's, or made up; files that a user names may be real.
    """

    train: tuple[Record, ...]
    heldout: tuple[Record, ...]
    description: str
    public: bool = False


def read_rows(example: Example, work: Path, train: Path | None = None, test: Path | None = None) -> Rows:
    """The records of an example.

    Args:
        example: Names data set and columns.
        work: Made-up notes are written here.
        train: Takes the place of the example's training file.
        test: Takes the place of the carved validation rows; then nothing is carved.

    Raises:
        InputError: A file is missing or cannot be used.
    """
    data = example.simulation.data
    path, origin = (train, f"rows of {train.name}") if train is not None else _training_file(example, work)
    rows = _labelled(path, example)
    if test is not None:
        return Rows(rows, _labelled(test, example), f"the file {test.name}, which no site holds.")
    heldout = tuple(row for row in rows if _carved(row.text, data.validation_percent))
    kept = tuple(row for row in rows if not _carved(row.text, data.validation_percent))
    how = f"{data.validation_percent} % of {origin}, carved by a hash of the text; no site holds them."
    return Rows(kept, heldout, how, public=train is None)


def _training_file(example: Example, work: Path) -> tuple[Path, str]:
    data = example.simulation.data
    try:
        path = find(data.data_set, example.search) / data.file
    except DataNotFound:
        if not data.made_up_notes:
            raise
        # Named for all that it depends on: a folder may have been left behind by a run with other settings.
        shape = (data.made_up_notes, example.simulation.sites.count, example.campaign.seed)
        path = work / "made-up-notes-{}-{}-{}.jsonl".format(*shape)
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}.partial")
            write_notes(
                clinical_notes(data.made_up_notes, example.campaign.seed, sites=example.simulation.sites.count), partial
            )
            partial.replace(path)
        return path, f"{data.made_up_notes} made-up notes"
    return path, f"the training part of {data.data_set}"


def _labelled(path: Path, example: Example) -> tuple[Record, ...]:
    """Rows with a label of the campaign; another label is an error, since a simulation's label set is its own."""
    report = RowReport()
    found = tuple(
        record
        for record in read_records(
            path,
            example.simulation.data.columns,
            labels=example.campaign.labels,
            on_bad_row="skip",
            unknown_labels="stop",
            report=report,
        )
        if record.label is not None
    )
    if report.rejected:
        _LOG.warning("%d rows of %s are left out: %s", report.rejected, path.name, ", ".join(sorted(report.counts)))
    if not found:
        raise ConfigError("no row of the file has a label", "map the label column in simulation.toml")
    return found


def _carved(text: str, percent: int) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 100 < percent
