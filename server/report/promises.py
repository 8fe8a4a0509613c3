"""What a report does not promise, in sentences that hold whatever the figures are."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.units import PrivacyUnit

_RECORD: Final = (
    "The unit is a record, not a person. Someone with k records is protected by up to k times ε, and δ grows as well."
)
_ALWAYS: Final = (
    "What is true of many records is learnt; that is the purpose. A conclusion about a group may concern someone who "
    "is in no record.",
    "Removing names (de-identification) is done as well, but is not differential privacy and counts for nothing above.",
    "A synthetic text may resemble a real one by chance, or because a public text did. What public corpora and base "
    "models hold is outside the statement.",
    "Vetting lowers harm and raises quality. That a text passed every gate does not show that no record is like it.",
    "An audit shows what one attack found, and no attack that finds little shows that none finds more.",
    "Which sites took part, when they answered and whether they failed is not hidden. Side channels of a site’s "
    "computers are out of scope.",
    "ε assumes that sites ran what they signed. A site that did not can be named afterwards, but not detected from its "
    "numbers.",
    "Other campaigns on the same records, and what a site let out by other means, are not in these figures; its own "
    "ledger adds campaigns up.",
)
SIMULATED: Final = (
    "The reference figures of this simulation (each site alone, all records) read records without noise. A deployment "
    "has none."
)


def not_promised(unit: PrivacyUnit, *, simulated: bool) -> tuple[str, ...]:
    """What no figure of a report covers.

    Args:
        unit: Whom ε protects.
        simulated: Whether the report holds reference figures that read records.
    """
    return (*((_RECORD,) if unit is PrivacyUnit.RECORD else ()), *_ALWAYS, *((SIMULATED,) if simulated else ()))
