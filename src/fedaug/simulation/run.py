"""A whole campaign in one process: virtual sites, coordinator, oracle, report.

The same ClientApp and ServerApp code runs in a deployment; only the grid between them differs.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flwr.app import Context
from platformdirs import user_cache_dir

from fedaug import __version__
from fedaug.augmentation.embedding_cache import EmbeddingMemory, PublicEmbeddingCache
from fedaug.augmentation.encoder import Encoder, MiniLM
from fedaug.client.app import make_client_app
from fedaug.client.records import Record
from fedaug.client.site import Site
from fedaug.errors import ConfigError, EmptySource, FedaugError
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.outcome import AUDIT_FILE, AuditOutcome, read_audit
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.files import whole_file
from fedaug.privacy.noise import NoiseSource
from fedaug.server.campaign import plan_campaign
from fedaug.server.candidates import CandidateSource
from fedaug.server.coordinator import CampaignResult, Coordinator, Narrator
from fedaug.server.enrolment import Consortium
from fedaug.server.exchange import Exchange, FlowerExchange
from fedaug.server.log_export import export_bundle
from fedaug.server.pool import Pool
from fedaug.server.report import (
    LabelFigure,
    Reference,
    ReportData,
    not_promised,
    read_report,
    redraw,
    with_audit,
    write_report,
    write_statement,
)
from fedaug.server.report.render import REPORT_JSON
from fedaug.server.schooling import Heldout
from fedaug.server.statement_facts import state
from fedaug.server.summary import summarise
from fedaug.simulation.audit import audit_run
from fedaug.simulation.consortium import VirtualConsortium
from fedaug.simulation.example import Example, Rows, read_rows
from fedaug.simulation.grid import InProcessGrid
from fedaug.simulation.oracle import Figure, References, consult
from fedaug.simulation.sites import VirtualSites, deal

_LOG = logging.getLogger(__name__)
_RUN_FILE = "run.json"
#: What `fedaug log verify` checks.
BUNDLE = "log-bundle.json"


@dataclass(frozen=True)
class Finished:
    """A finished simulation: its report's facts, where the page lies, and what the audit found if there was one."""

    report: ReportData
    page: Path
    audit: AuditOutcome | None = None


@dataclass(frozen=True)
class Encoders:
    """The public embedding space twice: one keeps public texts' vectors on disk, one the rest in memory.

    The second spares the oracle from embedding what a site has embedded already.
    """

    public: Encoder
    plain: Encoder

    @classmethod
    def open(cls, cache: Path | None = None) -> Encoders:
        """Load the encoder; ``cache`` is the user's cache folder by default."""
        plain = MiniLM()
        folder = cache or Path(user_cache_dir("fedaug")) / "embeddings"
        return cls(PublicEmbeddingCache(plain, folder), EmbeddingMemory(plain))


def simulate(
    folder: Path,
    out: Path,
    *,
    train: Path | None = None,
    test: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    resume: bool = False,
    pool: str | None = None,
    narrator: Narrator,
    encoders: Encoders | None = None,
    noise: Callable[[str], NoiseSource] | None = None,
) -> Finished:
    """Run an example's campaign, and write its report and privacy statement into ``out``, each as HTML and JSON.

    If ``simulation.audit.canaries`` is set, the campaign is audited afterwards, at a virtual site of the audit's own,
    and ``audit.json`` is written too. An audit that refutes the claim is not raised here: see ``Finished.audit``.

    Args:
        folder: The example.
        out: The run's folder: sites, pool and report.
        train: Takes the place of the example's training file.
        test: Takes the place of the example's held-out rows.
        overrides: Settings by dotted name.
        resume: Go on with the run that ``out`` holds: finished rounds are not asked for again. A campaign that has come
            to its end, and is to be audited, is audited and nothing else.
        pool: Database URL of the pool; a file in ``out`` by default.
        narrator: Told about progress.
        encoders: Loaded when not given.
        noise: A site's noise source by its name; tests alone give one.

    Raises:
        InputError: The example, a file or a setting cannot be used.
        RefusedError: A site's policy or budget refuses the campaign.
        QuorumLost: Too few sites take part.
    """
    example = Example.load(folder, overrides)
    claim = _claim(out, example, train, test, resume)
    _require_same_audit(out, example.simulation.audit.canaries)
    narrator.phase("read records")
    out.mkdir(parents=True, exist_ok=True)
    rows = read_rows(example, out, train, test)
    dealt = deal(example, rows.train)
    with whole_file(out / _RUN_FILE, overwrite=True) as file:  # only now: a file that cannot be read claims no folder
        file.write(claim)
    narrator.phase("embed held-out texts")
    encoders = encoders or Encoders.open()
    heldout = Heldout.of(_pairs(rows), example.campaign.labels, encoders.plain, rows.description)

    def audit() -> None:
        _audit(example, out, dealt, heldout, encoders, rows, noise, pool, narrator)

    if resume and example.simulation.audit.canaries and _is_finished(out):
        audit()
        return Finished(*redraw(out), read_audit(out))
    with ExitStack() as stack:
        sites = VirtualSites(example, out / "sites", lambda: encoders.plain, noise, told=narrator.step)
        stack.callback(sites.close)
        narrator.phase("prepare sites")
        for index, part in enumerate(dealt):
            sites.prepare(index, lambda part=part: part)  # type: ignore[misc]  # mypy cannot infer a default's type
            narrator.step(index + 1, len(dealt))

        def open_site(context: Context) -> Site:
            index = int(context.node_config["partition-id"])
            return sites.prepare(index, lambda: dealt[index])

        grid = stack.enter_context(InProcessGrid(make_client_app(open_site), len(dealt)))
        result = coordinate(
            example, FlowerExchange(grid), out, encoders.public, heldout, narrator, sites.consortium, pool
        )
        narrator.phase("sites' own reports")
        sites.report(datetime.now(UTC), __version__)
    narrator.phase("reference figures")
    source = CandidateSource(example.campaign, example.search, encoders.public, heldout)
    references = consult(example.campaign, encoders.public, encoders.plain, source, dealt, heldout)
    finished = _publish(result, heldout, out, references)
    if not example.simulation.audit.canaries:
        return finished
    audit()
    return replace(_publish(result, heldout, out, references), audit=read_audit(out))


def _audit(
    example: Example,
    out: Path,
    dealt: list[list[Record]],
    heldout: Heldout,
    encoders: Encoders,
    rows: Rows,
    noise: Callable[[str], NoiseSource] | None,
    pool: str | None,
    narrator: Narrator,
) -> None:
    """Audit a finished run, unless that was done, and write the sites' own reports again with what was found."""
    if (out / AUDIT_FILE).exists():
        return
    outcome = audit_run(
        example,
        out,
        dealt,
        heldout,
        Population.PUBLIC if rows.public else Population.REAL,
        public=encoders.public,
        plain=encoders.plain,
        narrator=narrator,
        noise=noise,
        pool=pool,
    )
    sites = VirtualSites(example, out / "sites", lambda: encoders.plain, noise)
    try:
        for index, part in enumerate(dealt):
            sites.prepare(index, lambda part=part: part)  # type: ignore[misc]  # mypy cannot infer a default's type
        sites.report(datetime.now(UTC), __version__)
    finally:
        sites.close()
    outcome.write(out)  # last: where it lies, all of this is done


def _require_same_audit(out: Path, canaries: int) -> None:
    """Refuse to put another audit in the place of one that lies there: a claim is not tried until it holds.

    Raises:
        ConfigError: It was made with another number of canaries.
    """
    if canaries and (out / AUDIT_FILE).exists() and (made := read_audit(out).canaries) != canaries:
        raise ConfigError(
            f"{out} holds an audit with {made:,} canaries already", "keep that number, or give another --out"
        )


def _is_finished(out: Path) -> bool:
    """Whether a campaign has come to its end: its report has the reference figures, which come last."""
    path = out / REPORT_JSON
    return path.exists() and read_report(path).utility.nonprivate is not None


def coordinate(
    example: Example,
    exchange: Exchange,
    out: Path,
    encoder: Encoder,
    heldout: Heldout,
    narrator: Narrator,
    consortium: VirtualConsortium,
    pool: str | None = None,
) -> CampaignResult:
    """The coordinator's part of a campaign; leaves a report without reference figures in ``out``."""
    config = example.campaign
    plan = plan_campaign(config, encoder.name, encoder.dimensions)
    members = consortium.as_coordinator()
    with Pool.open(pool or out / "pool.sqlite") as database:
        source = CandidateSource(config, example.search, encoder, heldout)
        coordinator = Coordinator(
            plan,
            config,
            exchange,
            database,
            encoder,
            source,
            heldout=heldout,
            narrator=narrator,
            consortium=members,
        )
        try:
            result = coordinator.run()
            _publish(result, heldout, out)
        finally:  # also when the run stops: a site may need the bundle to recover its ledger before it can go on
            _write_bundle(database, members, out)
    return result


def _write_bundle(pool: Pool, consortium: Consortium, out: Path) -> None:
    """Write the bundle, if it can be written: the report is good without it."""
    if not pool.logs.origins():
        return
    try:
        data = export_bundle(pool, consortium)
        with whole_file(out / BUNDLE, overwrite=True) as file:
            file.write(data)
    except FedaugError as error:
        _LOG.warning("%s: the run's %s was not written (%s)", error.code, BUNDLE, error.what)
    except OSError as error:
        _LOG.warning("the run's %s was not written (%s)", BUNDLE, type(error).__name__)


def with_references(report: ReportData, references: References) -> ReportData:
    """The report with the oracle's figures."""
    best = references.best_epsilon0
    zero = {part.label: part.accuracy for part in best.score.per_label}
    compared = report.with_utility(
        epsilon0=best.score.accuracy,
        nonprivate=references.central.score.accuracy,
        local_only=references.median_site,
        references=tuple(_reference(f) for f in (*references.epsilon0, *references.sites, references.central)),
        per_label=tuple(
            LabelFigure(label=part.label, support=part.support, student=part.student, epsilon0=zero[part.label])
            for part in report.utility.per_label
        ),
    )
    return compared.model_copy(update={"not_promised": not_promised(report.privacy.unit, simulated=True)})


def _reference(figure: Figure) -> Reference:
    return Reference.model_validate(
        {
            "kind": figure.kind,
            "name": figure.name,
            "accuracy": figure.score.accuracy,
            "macro_f1": figure.score.macro_f1,
            "note": figure.note,
        }
    )


def _publish(result: CampaignResult, heldout: Heldout, out: Path, references: References | None = None) -> Finished:
    """Write report and privacy statement; the statement also where there is nothing to report."""
    now = datetime.now(UTC)
    statement = state(result, heldout, now, __version__, simulated=True)
    report = summarise(result, heldout, now, __version__)
    if report is None:
        write_statement(statement, out)
        raise EmptySource("there are no held-out texts to score a student on", "give --test, or a larger data set")
    if references is not None:
        report = with_references(report, references)
    report = with_audit(report, out)  # of a run that was audited, and then resumed
    return Finished(report, write_report(report, out, statement))


def _pairs(rows: Rows) -> list[tuple[str, str]]:
    return [(record.text, str(record.label)) for record in rows.heldout]


def _claim(out: Path, example: Example, train: Path | None, test: Path | None, resume: bool) -> bytes:
    """What marks a folder as this run's; the folder is free, or is to be found again.

    Raises:
        ConfigError: The folder holds a run and ``resume`` was not asked for, or it holds one with other settings.
    """
    settings = {
        "campaign": example.campaign.model_dump(mode="json"),
        "simulation": example.simulation.model_dump(mode="json", exclude={"audit"}),  # a run may be audited later
        "files": [path and str(path.resolve()) for path in (train, test)],
    }
    mine = {"settings": digest(canonical_json(settings)), "epsilon_off": math.isinf(example.campaign.privacy.epsilon)}
    claim = canonical_json(mine)
    path = out / _RUN_FILE
    if path.exists():
        if not resume:
            raise ConfigError(f"{out} holds a run already", "give --resume to go on with it, or another --out")
        if path.read_bytes() != claim:
            raise ConfigError(f"{out} holds a run with other settings", "resume with the settings it was started with")
    return claim
