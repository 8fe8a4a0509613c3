"""Writes ``privacy_statement.json``: the statement of a made-up campaign. Run it to write the file again.

Its ε is real (worked out from the events), everything else is invented.
"""

from __future__ import annotations

import math
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tests.tiny_example import CAMPAIGN

from fedaug.privacy.events import Event
from fedaug.server.campaign import campaign_from, plan_campaign
from fedaug.server.coordinator import CampaignResult
from fedaug.server.schooling import Heldout
from fedaug.server.statement import PrivacyStatement, statement_json
from fedaug.server.statement_facts import state

HELDOUT = Heldout(("x", "y"), np.array([0, 1]), np.eye(2, 8, dtype=np.float32), "Made-up questions that no site holds.")
CREATED = datetime(2025, 1, 1, 9, 30, tzinfo=UTC)
CORPORA = [{"generator": "public-corpus", "corpora": ["clinc150", "a/folder/own.csv"]}, {"generator": "label-phrases"}]


def campaign_result(
    events: tuple[Event, ...] | None = None,
    *,
    planned: float | None = None,
    sites: int = 3,
    enrolled: bool = True,
    **overrides: Any,
) -> CampaignResult:
    """A finished campaign without samples.

    Args:
        events: Take the place of what the plan would hold.
        planned: Takes the place of the plan's ε.
        sites: How many agreed to the plan.
        enrolled: Whether there was an enrolment list.
        overrides: Settings by dotted name, with ``__`` for the dot.
    """
    named = {"candidates": CORPORA} | {name.replace("__", "."): value for name, value in overrides.items()}
    config = campaign_from(tomllib.loads(CAMPAIGN), named)
    plan = plan_campaign(config, "all-MiniLM-L6-v2", 384)
    if events is not None:
        plan = plan.model_copy(update={"events": tuple(event.as_dict() for event in events)})
    if planned is not None:
        plan = plan.model_copy(update={"epsilon": planned})
    return CampaignResult(
        config, plan, sites=tuple(f"bank-{number}" for number in range(1, sites + 1)), enrolled=enrolled
    )


def privacy_statement(result: CampaignResult | None = None, *, simulated: bool = False) -> PrivacyStatement:
    """The statement of a campaign; of the usual one, if none is given."""
    return state(result or campaign_result(), HELDOUT, CREATED, "0.1.0", simulated=simulated)


def noise_off_statement() -> PrivacyStatement:
    """The statement of a campaign without noise."""
    return privacy_statement(campaign_result(privacy__epsilon=math.inf))


def main() -> None:
    """Write the vector beside this script."""
    text = statement_json(privacy_statement())
    Path(__file__).with_name("privacy_statement.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
