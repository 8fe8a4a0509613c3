"""A finished run's report with what was found since: its audit, other runs, what de-identification misses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fedaug.errors import ConfigError
from fedaug.pages.recall import Deidentification
from fedaug.privacy.audit.outcome import AUDIT_FILE, AuditOutcome, read_audit
from fedaug.server.report.findings import Audit
from fedaug.server.report.model import BudgetRun, ReportData, read_report
from fedaug.server.report.render import REPORT_JSON, write_report
from fedaug.server.statement import FILE, read_statement

#: Another version of the numerical libraries may round differently, and no further off than this, relative.
_AGREES: Final = 1e-6
_AUDIT_THIS: Final = "audit this run, or take the file away"


def redraw(
    folder: Path, *, beside: Sequence[Path] = (), deidentification: Deidentification | None = None
) -> tuple[ReportData, Path]:
    """Write a run's report once more, with what lies in its folder now; returns its facts and the page's path.

    Args:
        folder: The run's: ``report.json``, and ``audit.json`` if it was audited.
        beside: Folders of other runs of the same campaign, with another budget or seed.
        deidentification: Measured on generated or public text; on real records it belongs in a site's own report.

    Raises:
        MissingFile: There is no report.
        InputError: A file is not what its name says.
        ConfigError: A run or an audit is another campaign's, or the run is to stand beside itself.
        MissingExtra: jinja2 or matplotlib is not installed; nothing is written.
    """
    data = with_audit(read_report(folder / REPORT_JSON), folder)
    if folder.resolve() in {other.resolve() for other in beside}:
        raise ConfigError("a run cannot stand beside itself", "name other runs of the campaign")
    if beside:
        data = with_runs(data, [read_report(other / REPORT_JSON) for other in beside])
    if deidentification is not None:
        data = data.model_copy(update={"deidentification": deidentification})
    statement = read_statement(folder / FILE) if (folder / FILE).exists() else None
    return data, write_report(data, folder, statement)


def with_audit(data: ReportData, folder: Path) -> ReportData:
    """The report with the audit that lies in the run's folder; as it is, if there is none.

    Raises:
        ConfigError: The audit is damaged, another campaign's, or of a run with another ε.
    """
    if not (folder / AUDIT_FILE).exists():
        return data
    found = read_audit(folder)
    if found.campaign != data.campaign:
        raise ConfigError(f"{AUDIT_FILE} is of another campaign", "run the audit again, or take the file away")
    # A campaign's runs share its name. Where samples are outside DP the report states no ε to compare a claim with.
    if not data.privacy.outside_dp:
        require_claim(found, data.privacy.delta, [site.epsilon for site in data.privacy.sites.values()], "the report")
    audit = Audit.model_validate(found.model_dump(mode="json") | {"failures": found.failures()})
    return data.model_copy(update={"audit": audit})


def with_runs(data: ReportData, others: Sequence[ReportData]) -> ReportData:
    """The report with other runs of its campaign beside it, by rising ε.

    Raises:
        ConfigError: A run is of another campaign, or its student was scored by another metric or on other texts.
    """
    for other in others:
        mine, its = data.utility, other.utility
        if other.campaign != data.campaign or (mine.metric, mine.test_size) != (its.metric, its.test_size):
            raise ConfigError(
                "a run is of another campaign, or was scored on other texts", "name runs of one campaign and test file"
            )
    runs = {(run.epsilon, run.student): run for run in map(_run, (data, *others))}
    return data.with_utility(budgets=tuple(runs[place] for place in sorted(runs)))


def compare_with_statement(found: AuditOutcome, folder: Path) -> bool:
    """Hold an audit's claim against the privacy statement that lies beside it; False if there is none to hold it to.

    Raises:
        ConfigError: They differ.
        InputError: The statement is damaged, or its figures are not what its own events cost.
    """
    if not (folder / FILE).exists():
        return False
    statement = read_statement(folder / FILE)
    if statement.outside_dp:
        return False
    if statement.campaign != found.campaign:
        raise ConfigError(f"{AUDIT_FILE} is of another campaign than {FILE}", _AUDIT_THIS)
    stated = statement.privacy_parameters
    spent = math.inf if stated.per_site.epsilon is None else stated.per_site.epsilon
    require_claim(found, stated.delta, [spent], FILE)
    return True


def require_claim(found: AuditOutcome, delta: float, stated: Sequence[float], where: str) -> None:
    """Require that an audit's claim is what was stated of the run, at the same δ.

    Raises:
        ConfigError: It is another.
    """
    claims = [math.inf if site.claimed_epsilon is None else site.claimed_epsilon for site in found.sites.values()]
    apart = [(one, other) for one in claims for other in stated if not math.isclose(one, other, rel_tol=_AGREES)]
    if apart:
        one, other = apart[0]
        raise ConfigError(
            f"{AUDIT_FILE} is of a run with another ε: it claims {one:.4g}, and {where} states {other:.4g}", _AUDIT_THIS
        )
    if not math.isclose(found.delta, delta, rel_tol=_AGREES):
        raise ConfigError(
            f"{AUDIT_FILE} is of a run with another δ: it claims {found.delta:g}, and {where} states {delta:g}",
            _AUDIT_THIS,
        )


def _run(data: ReportData) -> BudgetRun:
    spent = max((site.epsilon for site in data.privacy.sites.values()), default=data.privacy.consortium_epsilon)
    seed = data.config.get("seed")
    return BudgetRun(
        name=data.campaign if seed is None else f"{data.campaign}, seed {seed}",
        epsilon=spent,
        student=data.utility.student,
        gap_closed=data.utility.gap_closed,
    )
