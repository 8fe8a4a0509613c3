"""The coordinator's bundle: its log, the sites' logs as they showed them, and the plans, for whoever checks them."""

from __future__ import annotations

from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.heads import HeadRole, SignedHead
from fedaug.server.enrolment import Consortium
from fedaug.server.log_book import LogBook
from fedaug.server.log_exchange import own_head
from fedaug.server.pool import Pool
from fedaug.strategies.messages import CampaignPlan

_PLAN = "plan"  # the checkpoint in which the pool keeps a campaign's plan


def keep_plan(pool: Pool, plan: CampaignPlan) -> None:
    """Keep a campaign's plan for its bundle."""
    pool.save_checkpoint(plan.campaign, _PLAN, canonical_json(plan.model_dump(mode="json")))


def export_bundle(pool: Pool, consortium: Consortium) -> bytes:
    """Every log that the pool's log book holds, as :mod:`fedaug.privacy.transparency.bundle` writes it.

    With each log goes one head in each role, the newest, which covers all that older ones did; of older
    countersignatures the coordinator's log tells sizes and roots.

    Raises:
        PoolError: The database fails.
        ConfigError: The log book is another coordinator's.
        ProtocolError: There is no log yet, or more than a bundle holds.
    """
    book = pool.logs
    book.claim(consortium.coordinator)
    own_head(book, consortium)  # over all that was appended since the sites were asked last
    logs = [_bundled(book, origin, consortium) for origin in book.origins()]
    plans = [pool.load_checkpoint(campaign, _PLAN) for campaign in pool.campaigns()]
    return write_bundle(logs, [parse_json(plan) for plan in plans if plan is not None])


def _bundled(book: LogBook, origin: str, consortium: Consortium) -> BundledLog:
    if origin == consortium.coordinator:
        head = book.newest(origin, HeadRole.COORDINATOR)
        return BundledLog(origin, LogRole.COORDINATOR, book.entries(origin), _some(head))
    seen = book.newest(origin, HeadRole.COUNTERSIGNATURE)
    if seen is not None:  # signed anew: the key that signed it may have been replaced since
        seen = consortium.sign(seen.head, HeadRole.COUNTERSIGNATURE) or seen
    shown = book.newest(origin, HeadRole.SITE)
    return BundledLog(origin, LogRole.SITE, book.entries(origin), _some(shown), _some(seen))


def _some(signed: SignedHead | None) -> tuple[SignedHead, ...]:
    return () if signed is None else (signed,)
