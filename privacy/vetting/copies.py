"""A gate of class S that finds text copied out of private records, word for word."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.runs import longest_runs, sharing_pairs
from fedaug.privacy.vetting.words import Places, hashed

SHORTEST_RUN, LONGEST_RUN = 8, 50


class CopyGate:
    """Finds texts that share a long run of words with a private record. Exact, and so no text it lets pass is DP.

    Words are compared after normalisation (case, punctuation and Unicode forms do not matter). A verdict's score is the
    length in words of the longest run that the text shares with any one record, up to ``LONGEST_RUN``. It says nothing
    of which record, and is for the site's own eyes.

    Args:
        records: The site's texts, read once.
        min_run: Fewest words of a run that counts as copied, 8 to 50. Shorter ones are common in any two texts of a
            subject; 50 words in a row are what Carlini et al. 2023, "Quantifying memorization", take for memorised.

    Raises:
        ConfigError: ``min_run`` is out of range.
    """

    name = "copy"
    gate_class = GateClass.SITE_ONLY
    cost = 200.0

    def __init__(self, records: Iterable[str] = (), *, min_run: int = SHORTEST_RUN) -> None:
        if not SHORTEST_RUN <= min_run <= LONGEST_RUN:
            raise ConfigError("the copy gate's min_run is not between 8 and 50 words", "give a number such as 8")
        self._min_run = min_run
        self._records = hashed(records)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text and the records."""
        runs = longest_runs(hashed(batch.texts), self._records, least=self._min_run, most=LONGEST_RUN)
        return [self._verdict(int(run)) for run in runs]

    def pairs(self, batch: Batch) -> Places:
        """Which text shares a run with which record, for the site's own review: positions of both; [pairs, 2]."""
        found = list(sharing_pairs(hashed(batch.texts), self._records, self._min_run))
        both = [np.stack(pair, axis=1) for pair in found] or [np.empty((0, 2), np.int64)]
        return np.unique(np.concatenate(both), axis=0)

    def _verdict(self, run: int) -> Verdict:
        return Verdict(self.name, VerdictCode.VERBATIM_COPY if run else VerdictCode.PASSED, float(run))
