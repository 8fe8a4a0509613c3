"""What may leave a site: a closed set of kinds, and which of them are charged."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ReleaseKind(StrEnum):
    """The closed set of things that may leave a site."""

    NOISY_COUNTS = "NoisyCounts"
    NOISY_VOTES = "NoisyVotes"
    NOISY_SUPPORT = "NoisySupport"
    NOISY_STATISTICS = "NoisyStatistics"
    NOISY_UPDATE = "NoisyUpdate"
    SAMPLE_BATCH = "SampleBatch"
    NOISY_METRIC = "NoisyMetric"
    MASKED_SHARE = "MaskedShare"
    TRUSTED_SUM = "TrustedSum"
    PROTOCOL_FACT = "ProtocolFact"
    STATUS = "Status"


#: Kinds that read private records through a mechanism, and are therefore charged. A masked share is charged as the kind
#: that it carries.
CHARGED: Final = frozenset(
    {
        ReleaseKind.NOISY_COUNTS,
        ReleaseKind.NOISY_VOTES,
        ReleaseKind.NOISY_SUPPORT,
        ReleaseKind.NOISY_STATISTICS,
        ReleaseKind.NOISY_UPDATE,
        ReleaseKind.NOISY_METRIC,
    }
)

#: What a site lets out unless its policy says otherwise. Above-threshold answers have to be named: they tell of single
#: texts, and what they cost does not show in how many are asked about.
ALLOWED_BY_DEFAULT: Final = CHARGED - {ReleaseKind.NOISY_SUPPORT}
