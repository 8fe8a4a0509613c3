"""The coordinator's bundle: its log, the sites' logs as they showed them, and the plans, for whoever checks them."""

from __future__ import annotations

from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.heads import HeadRole
from fedaug.server.enrolment import Consortium
from fedaug.server.log_exchange import own_head
from fedaug.server.pool import Pool
from fedaug.strategies.messages import CampaignPlan

_PLAN = "plan"  # the checkpoint in which the pool keeps a campaign's plan


def keep_plan(pool: Pool, plan: CampaignPlan) -> None:
    """Keep a campaign's plan for its bundle."""
    pool.save_checkpoint(plan.campaign, _PLAN, canonical_json(plan.model_dump(mode="json")))


def export_bundle(pool: Pool, consortium: Consortium) -> bytes:
    """Everything that the pool's log book holds, as :mod:`fedaug.privacy.transparency.bundle` writes it.

    Raises:
        PoolError: The database fails.
        ProtocolError: There is no log yet, or more than a bundle holds.
    """
    book = pool.logs
    own_head(book, consortium)  # over all that was appended since the sites were asked last
    logs = [
        BundledLog(
            origin,
            LogRole.COORDINATOR if origin == consortium.coordinator else LogRole.SITE,
            book.entries(origin),
            book.heads(origin, HeadRole.COORDINATOR if origin == consortium.coordinator else HeadRole.SITE),
            book.heads(origin, HeadRole.COUNTERSIGNATURE),
        )
        for origin in book.origins()
    ]
    plans = [pool.load_checkpoint(campaign, _PLAN) for campaign in pool.campaigns()]
    return write_bundle(logs, [parse_json(plan) for plan in plans if plan is not None])
