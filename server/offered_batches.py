"""Batches of texts that came, beside what their sites' logs say of them: a site signs both, and they have to agree.

A site writes a batch into its log before the batch leaves, so one that came and is not listed was never meant to be
found. Without the comparison a site could send a batch that its gates of class S picked as one for which an ε holds,
and tell its auditors the opposite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from fedaug.errors import LogContradicted
from fedaug.privacy.canonical import digest
from fedaug.privacy.transparency.entries import Offered, encode_entry, read_site_entry
from fedaug.server.verify import AcceptedBatch
from fedaug.strategies.messages import CampaignPlan

#: Stands in every such entry, whose form is canonical.
_OFFERED: Final = b'"entry":"offered"'


class Difference(StrEnum):
    """What a site's log says otherwise than the site's batch; a closed set."""

    DIGEST = "digest"
    OUTSIDE_DP = "outside-dp"
    REQUEST = "request"
    TEXTS = "number-of-texts"


class OfferedBatches:
    """One campaign's batches, as they came.

    Args:
        plan: What the sites agreed to.
    """

    def __init__(self, plan: CampaignPlan) -> None:
        self._campaign = plan.campaign
        self._outside_dp = plan.samples is not None and plan.samples.outside_dp
        self._came: dict[tuple[str, str], Offered] = {}

    def note(self, batch: AcceptedBatch) -> None:
        """Take note of a batch that was accepted."""
        self._came[batch.site, batch.header.key] = _entry(batch)

    def require_agreement(self, site: str, entries: Iterable[bytes]) -> None:
        """Compare every batch of the campaign that a site's log lists with the one that came from it.

        A batch that is listed and never came is no fault: it may have been lost on its way.

        Args:
            site: Its name.
            entries: Of its log.

        Raises:
            LogContradicted: One departs from what came, or is outside DP where the plan asks for none.
        """
        for listed in _offered(entries, self._campaign):
            came = self._came.get((site, listed.key))
            found = [] if came is None else list(_differences(listed, came))
            if listed.outside_dp and not self._outside_dp and Difference.OUTSIDE_DP not in found:
                found.append(Difference.OUTSIDE_DP)
            if found:
                raise LogContradicted(
                    f"the log of {site!r} lists another batch of texts than it sent ({', '.join(sorted(found))})",
                    "leave the site out, keep both, and ask its people",
                )

    def is_listed(self, batch: AcceptedBatch, entries: Iterable[bytes]) -> bool:
        """Whether the log of the batch's site lists it just as it came."""
        return encode_entry(_entry(batch)) in set(entries)


def _entry(batch: AcceptedBatch) -> Offered:
    """What the site's log has to say of a batch."""
    return Offered(
        campaign=batch.header.campaign,
        key=batch.header.key,
        request=batch.header.request_digest,
        artefact=digest(batch.envelope),
        texts=len(batch.batch.samples),
        outside_dp=batch.batch.outside_dp,
    )


def _offered(entries: Iterable[bytes], campaign: str) -> Iterator[Offered]:
    for data in entries:
        if _OFFERED not in data:  # logs are long, and this is looked for in each exchange
            continue
        entry = read_site_entry(data)
        if isinstance(entry, Offered) and entry.campaign == campaign:
            yield entry


def _differences(listed: Offered, came: Offered) -> Iterator[Difference]:
    if listed.artefact != came.artefact:
        yield Difference.DIGEST
    if listed.outside_dp != came.outside_dp:
        yield Difference.OUTSIDE_DP
    if listed.request != came.request:
        yield Difference.REQUEST
    if listed.texts != came.texts:
        yield Difference.TEXTS
