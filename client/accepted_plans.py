"""The plans that a site has agreed to, one file each, so that every release is made as it was planned."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from fedaug.errors import AlreadyReleased, LedgerError, NotReserved, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.files import private_folder, whole_file
from fedaug.strategies.messages import CampaignPlan


class AcceptedPlans:
    """A folder of plans. They are public; the ledger beside them says what was charged.

    Args:
        folder: Made when the first plan is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, plan: CampaignPlan) -> None:
        """Keep a plan for good. One that cannot be read is replaced: the ledger knows the digest of the right one.

        Raises:
            AlreadyReleased: The campaign is known with another plan.
        """
        try:
            if self.find(plan.campaign) == plan:
                return
        except (NotReserved, LedgerError):
            private_folder(self._folder)
            with whole_file(self._path(plan.campaign), overwrite=True) as file:
                file.write(canonical_json(plan.model_dump(mode="json")))
        else:
            raise AlreadyReleased("the campaign is known with another plan", "give the new plan a new name")

    def holds(self, plan: CampaignPlan) -> bool:
        """Whether the site has agreed to this very plan."""
        try:
            return self.find(plan.campaign) == plan
        except (NotReserved, LedgerError):
            return False

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
