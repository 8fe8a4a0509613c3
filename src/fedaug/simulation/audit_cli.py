"""``fedaug audit``: what an audit proves about a campaign, beside what the campaign claims."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import commands, one_line
from fedaug.errors import ClaimRefuted, MissingFile

if TYPE_CHECKING:
    from fedaug.privacy.audit.attacked import AttackedPool
    from fedaug.privacy.audit.outcome import AuditOutcome


def audit(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder: the --out of fedaug simulate.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Show what an audit found of a campaign: the lower bounds on ε beside the claim, and how well coins were guessed.

    The audit is made by fedaug simulate, at a virtual site with canaries; this command reads its result, works every
    bound out again from the guesses, and holds the claim against the privacy statement beside it. A bound below the
    claim is no proof that the claim holds.

    The exit status is 1 if what was found contradicts the claim, and 2 if the file is damaged, states a bound that its
    guesses do not give, or claims another ε than the privacy statement.

    Example: fedaug audit out/banking
    """
    with commands():
        from fedaug.privacy.audit.outcome import AUDIT_FILE, read_audit  # noqa: PLC0415 - --help shall not wait for it
        from fedaug.server.report.gather import compare_with_statement  # noqa: PLC0415 - as above

        if not (run / AUDIT_FILE).exists():
            what = f"{run} holds no {AUDIT_FILE}" if run.is_dir() else f"there is no folder {run}"
            todo = "audit a run first, by fedaug simulate EXAMPLE --out DIR --audit 1000, and give its DIR"
            raise MissingFile(what, todo)
        outcome = read_audit(run)
        compared = compare_with_statement(outcome, run)
        cautions = list(_cautions(outcome, compared=compared))
        if as_json:
            typer.echo(json.dumps(outcome.model_dump(mode="json") | {"cautions": cautions}))
        else:
            typer.echo("\n".join(one_line(line) for line in (*lines(outcome), *cautions)))
        require_passed(outcome)


def require_passed(outcome: AuditOutcome) -> None:
    """Refuse an audit that contradicts a claim.

    Raises:
        ClaimRefuted: It does.
    """
    failures = outcome.failures()
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise ClaimRefuted(f"{failures[0]}{more}", "hand on nothing of this run, and report it")


def lines(outcome: AuditOutcome) -> Iterator[str]:
    """The audit as text."""
    yield f"audit of {outcome.campaign}: {outcome.canaries:,} canaries, each put in or left out by a coin"
    yield from site_lines(outcome)
    for name, details in outcome.details.items():
        for bound in details.bounds:
            yield (
                f"{name}: {bound.correct:,} of {bound.guesses:,} guesses right: ε ≥ {bound.lower_bound:.2f} at "
                f"{100 * bound.confidence:g} % (ceiling {bound.ceiling:.2f})"
            )
        if details.loudest is not None:
            yield (
                f"{name}: the loudest canary is {details.loudest.deviations:.1f} deviations out "
                f"(limit {details.loudest.limit:.1f}): clipping {'holds' if details.loudest.passed else 'FAILS'}"
            )
        if details.noise:
            heard = ", ".join(f"{one.release} {one.heard:.3g} of {one.planned:.3g}" for one in details.noise)
            yield f"{name}: noise heard of that planned: {heard}"
    found = outcome.membership
    if found is not None:
        low, high = found.interval
        yield (
            f"membership by {found.attack}: {100 * found.tpr_at_1pct_fpr:.1f} % of {found.members:,} found at 1 % "
            f"false alarms (95 %: {100 * low:.1f} to {100 * high:.1f}), AUC {found.auc:.3f}"
        )
    for pool in outcome.attacked:
        yield from _attacked_lines(pool)
    left = outcome.identifiers
    if left is not None:
        yield (
            f"planted identifiers: {left.left:,} of {left.planted:,} are left in the store after de-identification "
            f"(95 %: {100 * left.interval[0]:.1f} to {100 * left.interval[1]:.1f} %)"
        )
    yield "A bound below the claim is no proof of it: the attack may be weak."


def _attacked_lines(pool: AttackedPool) -> Iterator[str]:
    yield f"{pool.samples:,} samples, attacks on {pool.on}:"
    for one in pool.attacks:
        noticed = "nothing" if one.detectable is None else f"{100 * one.detectable:.1f} %"
        yield (
            f"  {one.attack}: {one.successes:,} of {one.members:,}, {one.control_successes:,} of {one.controls:,} "
            f"others: {'FOUND A LEAK' if one.detected else 'no leak found'} (would notice {noticed})"
        )
    if pool.distances is not None:
        nearer = f"{100 * pool.distances.nearer_to_members:.1f} % of the samples are nearer to a member than to another"
        yield f"  {nearer}. {pool.distances.caution}"
    for skipped in pool.skipped:
        yield f"  {skipped.attack}: not tried, {skipped.why}"


def _cautions(outcome: AuditOutcome, *, compared: bool) -> Iterator[str]:
    from fedaug.privacy.audit.figures import contradicts  # noqa: PLC0415 - --help shall not wait for it

    for name, site in outcome.sites.items():
        highest = max(bound.ceiling for bound in outcome.details[name].bounds)
        if site.claimed_epsilon is not None and not contradicts(highest, site.claimed_epsilon):
            yield (
                f"{name}: {outcome.canaries:,} canaries show ε ≥ {highest:.2f} at most, below the claim of "
                f"{site.claimed_epsilon:.2f}: the bounds of this audit could not have refuted it."
            )
    if not compared:
        yield "No privacy statement with an ε lies beside the audit, so its claim was compared with nothing."


def site_lines(outcome: AuditOutcome) -> Iterator[str]:
    """Each site's claim and bound, a line each."""
    for name, site in outcome.sites.items():
        claimed = "nothing (noise off)" if site.claimed_epsilon is None else f"ε {site.claimed_epsilon:.2f}"
        yield (
            f"{name}: claimed {claimed}, shown ε ≥ {site.lower_bound:.2f} at {100 * outcome.confidence:g} %, "
            f"at most {site.ceiling:.2f} could be shown"
        )
