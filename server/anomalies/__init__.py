"""Anomaly flags: facts about a site's noised values and texts that honest records and noise do not explain.

Everything here reads what sites released and the public plan, so it is post-processing. Each flag has a figure, a
threshold, and the chance that a site which keeps to the protocol is flagged by that check.
"""

from fedaug.server.anomalies.flag import Check, Flag, Noised

__all__ = ["Check", "Flag", "Noised"]
