"""Sites that are settings and a ledger only, in the working folder, and plans for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fedaug.augmentation.space import PACKAGED_SPACE
from fedaug.client.ledger_file import site_ledger
from fedaug.client.settings import SiteSettings
from fedaug.server.campaign import load_campaign, plan_campaign
from fedaug.strategies.messages import CampaignPlan


def make_settings(folder: str = "st-mary", **more: Any) -> SiteSettings:
    """A site of which there is only site.toml."""
    given = {"privacy__epsilon": 4.0, "privacy__delta": 1e-5} | more
    return SiteSettings.create(Path(folder), name=folder, source__path="n.csv", source__columns__text="note", **given)


def tiny_plan(**overrides: Any) -> CampaignPlan:
    """The plan of the example in ``tiny``."""
    return plan_campaign(load_campaign(Path("tiny/campaign.toml"), overrides), *PACKAGED_SPACE)


def reserve(plan: CampaignPlan, settings: SiteSettings) -> None:
    """Charge a plan to a site of :func:`make_settings`."""
    folder = Path(settings.name)
    with site_ledger(folder, settings) as ledger:
        ledger.reserve(plan.campaign, plan.digest, plan.mechanisms)
