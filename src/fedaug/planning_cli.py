"""``fedaug policy`` and ``fedaug budget``: what a campaign may do at a site, and what it would cost there, beforehand.

Both read a coordinator's ``campaign.toml`` and a site's ``site.toml``, so they stand above client and server.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedaug.console import commands, one_line
from fedaug.errors import AlreadyReleased, BudgetExceeded, ConfigError, MissingFile, ProtocolError
from fedaug.simulation.cli import parsed_settings

if TYPE_CHECKING:
    from fedaug.client.budget import ReleaseCost, Room
    from fedaug.client.policy import EffectivePolicy, Spending
    from fedaug.client.settings import SiteSettings
    from fedaug.privacy.events import Event
    from fedaug.privacy.ledger import LedgerEntry
    from fedaug.strategies.messages import CampaignPlan

policy = typer.Typer(no_args_is_help=True, help="A site's policy: what it is, and what it says to a campaign.")
budget = typer.Typer(no_args_is_help=True, help="A campaign's privacy budget, planned before anything is released.")

_SITE_FILE = "site.toml"
_CAMPAIGN_FILE = "campaign.toml"

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Replace a setting of the campaign; may be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@policy.command()
def explain(
    folder: Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder.")],
    *,
    campaign: Annotated[
        Path | None, typer.Option(metavar="FILE", help="campaign.toml, its folder, or a plan as JSON.")
    ] = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Print a site's policy, and what of a campaign it allows, with the reason for each line. Needs no passphrase.

    A line shows what is in force: the stricter of what the site says and what the campaign asks. The exit status is 3
    if the site would refuse the campaign.

    Example: fedaug policy explain st-mary --campaign examples/banking/campaign.toml
    """
    with commands():
        from fedaug.augmentation.space import PACKAGED_SPACE  # noqa: PLC0415 - --help shall not wait for it
        from fedaug.client.callers import list_standing  # noqa: PLC0415 - as above
        from fedaug.client.policy import effective_policy  # noqa: PLC0415 - as above

        site, entries = _site(folder)
        plan = None if campaign is None else _plan(campaign, settings)
        listed = list_standing(folder.parent if folder.name == _SITE_FILE else folder, site, time.time())
        found = effective_policy(site, plan, PACKAGED_SPACE, _spending(site, entries, plan), listed=listed)
        if as_json:
            typer.echo(json.dumps(_policy_values(site, plan, found)))
        else:
            typer.echo("\n".join(map(one_line, _policy_lines(site, plan, found))))
        found.require()


@budget.command("plan")
def plan_budget(
    campaign: Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="campaign.toml, or the folder that holds it.")],
    *,
    sites: Annotated[
        list[Path] | None, typer.Option("--site", metavar="SITE_TOML", help="A site's site.toml; may be repeated.")
    ] = None,
    epsilon: Annotated[float | None, typer.Option(help="Another ε than the campaign states.")] = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Show how a campaign's ε is split before anything is released, and whether each site's budget can carry it.

    Nothing is reserved or sent. The exit status is 3 if a named site cannot carry the campaign, or knows another plan
    under its name.

    Example: fedaug budget plan examples/banking --site st-mary/site.toml --epsilon 2
    """
    with commands():
        from fedaug.client.budget import charged_plans, release_costs, room_for, standing  # noqa: PLC0415 - as above

        more = [] if epsilon is None else [f"privacy.epsilon={epsilon}"]
        plan = _plan(campaign, [*(settings or []), *more])
        costs = release_costs(plan.mechanisms, plan.delta)
        rooms = {}
        for path in sites or []:
            site, entries = _site(path)
            if site.name in rooms:
                raise ConfigError(f"two of the sites are named {site.name}", "give each site once")
            known = standing(entries, plan.campaign, plan.digest)
            rooms[site.name] = room_for(charged_plans(entries), plan.mechanisms, site.privacy.budget, known)
        if as_json:
            typer.echo(json.dumps(_budget_values(plan, costs, rooms)))
        else:
            typer.echo("\n".join(map(one_line, _budget_lines(plan, costs, rooms))))
        _require_room(rooms)


def _require_room(rooms: dict[str, Room]) -> None:
    taken = [name for name, room in rooms.items() if room.taken]
    if taken:
        raise AlreadyReleased(
            f"the campaign is known with another plan at {', '.join(taken)}",
            "plan it as a new campaign, which is charged anew",
        )
    short = [name for name, room in rooms.items() if not room.carries]
    if short:
        raise BudgetExceeded(
            f"the budget of {', '.join(short)} cannot carry the campaign",
            "plan with a smaller ε, or leave the site out",
        )


def _site(path: Path) -> tuple[SiteSettings, tuple[LedgerEntry, ...]]:
    """A site's settings, and what its ledger holds."""
    from fedaug.client.ledger_file import existing_ledger  # noqa: PLC0415 - as above
    from fedaug.client.settings import SiteSettings  # noqa: PLC0415 - as above

    folder = path.parent if path.name == _SITE_FILE else path
    settings = SiteSettings.load(folder)
    ledger = existing_ledger(folder, settings)
    if ledger is None:
        return settings, ()
    with ledger:
        return settings, ledger.entries()


def _plan(path: Path, settings: list[str] | None) -> CampaignPlan:
    """A campaign's plan: read as it is from JSON, or made from campaign.toml as the coordinator makes it."""
    if path.suffix == ".json":
        if settings:
            raise ConfigError("--set was given beside a finished plan", "give the campaign.toml that it was made from")
        return _finished_plan(path)
    from fedaug.augmentation.space import PACKAGED_SPACE  # noqa: PLC0415 - as above
    from fedaug.server.campaign import load_campaign, plan_campaign  # noqa: PLC0415 - as above

    file = path / _CAMPAIGN_FILE if path.is_dir() else path
    return plan_campaign(load_campaign(file, parsed_settings(settings or [])), *PACKAGED_SPACE)


def _finished_plan(path: Path) -> CampaignPlan:
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from fedaug.privacy.canonical import parse_json  # noqa: PLC0415 - as above
    from fedaug.privacy.limits import LIMITS  # noqa: PLC0415 - as above
    from fedaug.strategies.messages import CampaignPlan  # noqa: PLC0415 - as above

    try:
        with path.open("rb") as file:
            data = file.read(LIMITS.header_bytes + 1)
    except OSError:
        raise MissingFile(f"{path} cannot be read", "check its path and permissions") from None
    if len(data) > LIMITS.header_bytes:
        raise ConfigError("the plan is over the size limit", "give a plan that a message can carry")
    try:
        return CampaignPlan.model_validate(parse_json(data))
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"][:1]
        field = where[0] if where and where[0] in CampaignPlan.model_fields else "whole plan"
        raise ConfigError(f"the plan is malformed ({field})", "get it from the coordinator anew") from None


def _spending(site: SiteSettings, entries: tuple[LedgerEntry, ...], plan: CampaignPlan | None) -> Spending:
    """What the ledger would say to the plan, worked out without asking it to reserve."""
    from fedaug.client.budget import Standing, charged_plans, standing  # noqa: PLC0415 - as above
    from fedaug.client.policy import Spending  # noqa: PLC0415 - as above
    from fedaug.privacy.accounting.filter import campaigns_epsilon  # noqa: PLC0415 - as above

    delta, charged = site.privacy.delta, list(charged_plans(entries).values())
    spent = campaigns_epsilon(charged, delta)
    if plan is None:
        return Spending(spent, spent)
    known = standing(entries, plan.campaign, plan.digest)
    if known is not Standing.NEW:  # a plan that is charged is not charged again
        return Spending(spent, spent, taken=known is Standing.TAKEN)
    try:
        return Spending(spent, campaigns_epsilon([*charged, plan.mechanisms], delta))
    except ProtocolError:  # a mechanism that has no ε: another line refuses it
        return Spending(spent, math.inf)


def _policy_values(site: SiteSettings, plan: CampaignPlan | None, found: EffectivePolicy) -> dict[str, Any]:
    return {
        "site": site.name,
        "campaign": None if plan is None else plan.campaign,
        "allowed": None if plan is None else found.allowed,
        "clauses": [clause.as_dict() for clause in found.clauses],
    }


def _policy_lines(site: SiteSettings, plan: CampaignPlan | None, found: EffectivePolicy) -> Iterator[str]:
    if plan is None:
        yield f"the policy of {site.name}"
        for clause in found.clauses:
            yield f"  {clause.name}: {clause.site} ({clause.reason})"
        return
    yield f"campaign {plan.campaign} at {site.name}: {'allowed' if found.allowed else 'refused'}"
    for clause in found.clauses:
        said = f"{clause.in_force}"
        if clause.campaign not in (None, clause.site):
            said = f"{said}, since the site says {clause.site} and the campaign asks {clause.campaign}"
        yield f"{'ok     ' if clause.allowed else 'REFUSED'}  {clause.name}: {said} ({clause.reason})"


def _budget_values(plan: CampaignPlan, costs: tuple[ReleaseCost, ...], rooms: dict[str, Room]) -> dict[str, Any]:
    return {
        "campaign": plan.campaign,
        "unit": str(plan.unit),
        "delta": plan.delta,
        "epsilon": _plain(costs[-1].so_far),
        "stated": _plain(plan.epsilon),
        "releases": [
            {
                "key": cost.event.key,
                "kind": str(cost.event.release),
                "mechanism": cost.event.MECHANISM,
                "sensitivity": cost.event.sensitivity,
                "noise_std": cost.event.noise_std,
                "share": cost.share,
                "epsilon": _plain(cost.alone),
                "cumulative_epsilon": _plain(cost.so_far),
            }
            for cost in costs
        ],
        "sites": {
            name: {
                "cap": _plain(room.cap),
                "spent": _plain(room.spent),
                "left": _plain(room.left),
                "after": _plain(room.after),
                "carries": room.carries,
                "over": _plain(max(room.after - room.cap, 0.0)) if not (room.carries or room.taken) else 0.0,
                "largest_epsilon": _plain(room.largest),
                "taken": room.taken,
                "charged": room.charged,
            }
            for name, room in rooms.items()
        },
    }


def _budget_lines(plan: CampaignPlan, costs: tuple[ReleaseCost, ...], rooms: dict[str, Room]) -> Iterator[str]:
    yield f"campaign {plan.campaign}: {len(costs)} releases per site, ε per {plan.unit} at δ {plan.delta:g}"
    for cost in costs:
        share = "" if cost.share is None else f"{100 * cost.share:.1f} % of the budget, "
        yield (
            f"  {cost.event.key}  {_mechanism(cost.event)}: {share}"
            f"ε {_figure(cost.alone)} by itself, {_figure(cost.so_far)} so far"
        )
    yield f"total: ε {_figure(costs[-1].so_far)} of {_figure(plan.epsilon)} that the campaign states"
    for name, room in rooms.items():
        yield f"site {name}: spent {_figure(room.spent)} of {_figure(room.cap)}; {_verdict(room)}"


def _mechanism(event: Event) -> str:
    told = f"{event.release}  {event.MECHANISM}, sensitivity {event.sensitivity:g}, noise σ {event.noise_std:.4g}"
    steps, rate = getattr(event, "steps", None), getattr(event, "sampling_rate", None)
    return told if steps is None or rate is None else f"{told}, {steps:,} steps on samples of {100 * rate:.3g} %"


def _verdict(room: Room) -> str:
    if room.taken:
        return "this campaign: it cannot, since it knows the campaign with another plan"
    if room.charged:
        return "this campaign: already charged under this name; costs nothing more"
    after = f"after this campaign {_figure(room.after)}"
    if room.carries:
        return f"{after}: it can carry it"
    # What is left is not said: ε of campaigns does not add up, so a plan of more than the difference may still fit.
    fits = f"one more campaign may state up to ε {room.largest:.4g}" if room.largest > 0 else "none of it fits"
    return f"{fits}; {after}: it cannot, by ε {_figure(room.after - room.cap)}"


def _figure(epsilon: float) -> str:
    return "infinite" if math.isinf(epsilon) else f"{epsilon:.4g}"


def _plain(epsilon: float) -> float | str:
    return "inf" if math.isinf(epsilon) else epsilon  # JSON has no infinity
