"""The plans that a site has agreed to, one file each, so that every release is made as it was planned."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from fedaug.errors import AlreadyReleased, LedgerError, NotReserved, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.strategies.messages import CampaignPlan


class AcceptedPlans:
    """A folder of plans. They are public; the ledger beside them says what was charged.

    Args:
        folder: Made when the first plan is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, plan: CampaignPlan) -> None:
        """Keep a plan for good.

        Raises:
            AlreadyReleased: The campaign is known with another plan.
        """
        path = self._path(plan.campaign)
        data = canonical_json(plan.model_dump(mode="json"))
        if path.exists():
            if path.read_bytes() != data:
                raise AlreadyReleased("the campaign is known with another plan", "give the new plan a new name")
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(data)
        partial.replace(path)

    def find(self, campaign: str) -> CampaignPlan:
        """The plan of a campaign.

        Raises:
            NotReserved: The site has agreed to none of that name.
            LedgerError: The file was changed.
        """
        try:
            data = self._path(campaign).read_bytes()
            plan = CampaignPlan.model_validate(parse_json(data))
        except FileNotFoundError:
            raise NotReserved("the site has agreed to no plan of that name", "put the plan to the site first") from None
        except (ValidationError, ProtocolError):
            raise _damaged() from None
        if plan.campaign != campaign or canonical_json(plan.model_dump(mode="json")) != data:
            raise _damaged()
        return plan

    def _path(self, campaign: str) -> Path:
        # A hash of the name: a campaign's name comes from outside and must not choose a path.
        return self._folder / f"{digest(campaign.encode())[:32]}.json"


def _damaged() -> LedgerError:
    return LedgerError("a plan that the site keeps is damaged", "restore the site's folder")
