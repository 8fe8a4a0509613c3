"""``fedaug audit``: what an audit proves about a campaign, beside what the campaign claims."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import commands, one_line
from fedaug.errors import ClaimRefuted, MissingFile

if TYPE_CHECKING:
    from fedaug.privacy.audit.outcome import AuditOutcome


def audit(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder: the --out of fedaug simulate.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Show what an audit found of a campaign: the lower bounds on ε beside the claim, and how well coins were guessed.

    The audit is made by fedaug simulate, at a virtual site with canaries; this command reads its result. The exit
    status is 1 if a bound is above its claim. A bound below the claim is no proof that the claim holds.

    Example: fedaug audit out/banking
    """
    with commands():
        from fedaug.privacy.audit.outcome import AUDIT_FILE, read_audit  # noqa: PLC0415 - --help shall not wait for it

        if not (run / AUDIT_FILE).exists():
            what = f"{run} holds no {AUDIT_FILE}" if run.is_dir() else f"there is no folder {run}"
            todo = "audit a run first, by fedaug simulate EXAMPLE --out DIR --audit 1000, and give its DIR"
            raise MissingFile(what, todo)
        outcome = read_audit(run)
        shown = outcome.model_dump_json() if as_json else "\n".join(one_line(line) for line in lines(outcome))
        typer.echo(shown)
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
    yield "A bound below the claim is no proof of it: the attack may be weak."


def site_lines(outcome: AuditOutcome) -> Iterator[str]:
    """Each site's claim and bound, a line each."""
    for name, site in outcome.sites.items():
        claimed = "nothing (noise off)" if site.claimed_epsilon is None else f"ε {site.claimed_epsilon:.2f}"
        yield (
            f"{name}: claimed {claimed}, shown ε ≥ {site.lower_bound:.2f} at {100 * outcome.confidence:g} %, "
            f"at most {site.ceiling:.2f} could be shown"
        )
