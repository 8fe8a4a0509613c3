"""Texts after de-identification by the default policy, as a site gets them."""

from __future__ import annotations

from collections.abc import Sequence

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY


def deidentified(texts: Sequence[str], policy: str = DEFAULT_POLICY) -> list[str | QuarantinedRecord]:
    """Each text without its identifiers, or why it was set aside."""
    finder = Deidentifier(load_policy(policy))
    return [
        outcome if isinstance(outcome, QuarantinedRecord) else outcome.text for outcome in finder.deidentify_many(texts)
    ]
