"""What a privacy statement says in plain words: texts that hold whatever the figures are, chosen by the facts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fedaug.privacy.events import AboveThresholdEvent, Event, GaussianEvent, SubsampledGaussianEvent
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.messages import ADAPTER_KEY, TrustModel

NOISE_OFF: Final = (
    "Nothing is promised. The noise was off, so the values that left the sites are exact, and no statement about "
    "privacy holds."
)
NO_BOUND: Final = (
    "Nothing is promised. The noise is too small, or δ too near zero, for the accountant to bound what an observer "
    "learns."
)

OUTSIDE_DP: Final = (
    "Nothing is promised. A site's policy and this campaign let gates that read records exactly decide about a batch "
    "of texts, which left the site outside differential privacy. No ε holds for what that site let out, or for the "
    "pool. What the noisy releases cost is in each site's ledger."
)

#: What is known of the base encoder's pretraining, by the encoder's name.
ENCODERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "all-MiniLM-L6-v2": (
            "Apache-2.0",
            "A public model with published weights: distilled from a language model that had read public books and "
            "web text, then trained on more than a billion public sentence pairs (forum threads, questions and "
            "answers, scientific citations). The sites' records were not used to train it.",
        )
    }
)
UNKNOWN_ENCODER: Final = (
    "not stated",
    "Not known to this version of fedaug: ask whoever chose it what it was trained on.",
)

#: The same of language models that sites may adapt.
LANGUAGE_MODELS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "embedded": (
            "Apache-2.0",
            "The model that fedaug brings: a public sentence encoder, trained on as a language model on public-domain, "
            "CC0 and CC BY texts, which its model card lists. No text that plays the sites' private data, and none of "
            "an evaluation, was among them.",
        )
    }
)
UNKNOWN_LANGUAGE_MODEL: Final = (
    "not stated",
    "Not known to fedaug: a model that the consortium chose. Ask whoever chose it what it was trained on; a record "
    "that it has read in training is not hidden by what is promised here.",
)

ADDS_NOISE: Final[Mapping[TrustModel, str]] = MappingProxyType(
    {
        TrustModel.LOCAL: "each site, all of it, before anything leaves the site",
        TrustModel.SECURE_SUM: "each site adds a share; only the masked sum is ever seen",
        TrustModel.TRUSTED_COORDINATOR: "the coordinator, after it has received values without noise",
    }
)
TRUSTED: Final[Mapping[TrustModel, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        TrustModel.LOCAL: (
            ("the site", "its own records and keys, and to run the signed software unchanged, noise included"),
            ("the other sites", "nothing: they see no more of a site than the coordinator passes on"),
            ("the coordinator", "nothing that concerns privacy; it may be curious, and keep all that it receives"),
            (
                "readers of the results",
                "nothing: they may hold everything that left the sites, and know all other data",
            ),
        ),
        TrustModel.SECURE_SUM: (
            ("the site", "its own records and keys, and to run the signed software unchanged"),
            ("the other sites", "that no more of them collude or leave out their noise than each event states"),
            ("the coordinator", "nothing that concerns privacy; it sees masked sums only"),
            ("readers of the results", "nothing: they may hold every sum, and know all other data"),
        ),
        TrustModel.TRUSTED_COORDINATOR: (
            ("the site", "its own records and keys, and to run the signed software unchanged"),
            ("the other sites", "nothing: they see no more of a site than the coordinator passes on"),
            ("the coordinator", "with values without noise, and to add the noise that the events state"),
            ("readers of the results", "nothing: they may hold all that the coordinator passed on"),
        ),
    }
)

ENROLLED: Final = (
    "Sites and coordinator sign with keys on an enrolment list, which the consortium's authority has signed. Answers "
    "and requests under any other key, or under a revoked one, are refused."
)
FIRST_USE: Final = (
    "There was no enrolment list. A site's key was believed when it was first shown and held to from then on, so who "
    "is behind it, and that one body is behind one key only, was not checked. Requests were not signed."
)
VIRTUAL: Final = " In this simulation one process played authority, coordinator and sites."

WITHIN: Final = (
    "The campaign's releases were fixed in a plan before the first of them was made. A site is charged for the whole "
    "plan, whatever arrived of it. All releases are composed together under one neighbour relation, not added up one "
    "by one."
)
ACROSS: Final = (
    "Each site's own ledger composes this campaign with every other on the same records, by a privacy filter, and "
    "refuses a plan that would exceed the site's budget."
)
FILTER: Final = "Gaussian differential privacy filter, valid when campaigns are chosen one after the other"
FILTER_REFERENCE: Final = "Smith & Thakurta 2022; Koskela, Tobaben & Honkela 2022"
UNKNOWN_TO_COORDINATOR: Final = (
    "whether the log that a site shows is the only one that it keeps for these records",
    "what a site has let out by other means than this software",
    "whether a person's data lie at more sites than max_sites_per_unit: the consortium has to know",
)

QUERY_MODEL: Final = (
    "Number, kinds, sensitivity and noise of all releases were fixed beforehand, and each is made once; nobody can ask "
    "a site anything else. What a release is asked about (candidate texts, a student's weights) is public or follows "
    "from earlier releases, which composition allows for."
)
TUNING: Final = (
    "The settings come from a table that was tuned on other data, or from the campaign's author. A campaign that was "
    "run on these records to choose settings is charged in each site's ledger like any other, and its cost is not in "
    "the figures here. That nothing was tuned on these records outside a ledger is the author's word; nobody can check "
    "it."
)
COLLECTION: Final = (
    "Records stay at the site that collected them. Differential privacy bounds what leaves a site; it does not protect "
    "records from those who collect, keep or administer them there.",
    "A site keeps a working copy, from which patterns such as numbers and addresses are taken out. It is encrypted at "
    "rest under the site's own keys.",
)
SIDE_CHANNELS: Final = (
    "The time that a site takes, its memory, its caches, its network traffic and its backups are not covered.",
    "A site answers with ok, refused or unavailable and gives no cause. Repeating a request brings the sealed answer "
    "again, not fresh noise.",
)
BIAS: Final = (
    "Noise is the same for every label, so small groups are served worst: a rare label's figures may be noise alone.",
    "Bounding what one unit contributes makes units with many records count for less than they hold.",
    "Noisy values are shrunk towards zero before use, which favours what is frequent. Scores are in report.json.",
)


def enforced_by(events: tuple[Event, ...], unit: PrivacyUnit) -> tuple[str, ...]:
    """How a unit's contribution is bounded, step by step."""
    lines = []
    if unit is PrivacyUnit.SUBJECT:
        lines.append(
            "Records with one subject id are one unit. Only its first records_per_unit records count; which those are "
            "depends on that subject alone."
        )
    else:
        lines.append("Each record is a unit of its own.")
    lines.append(
        "A unit's whole contribution to a release is put together first, and clipped to an L2 norm of at most the "
        "event's sensitivity, before anything is added up."
    )
    if any(isinstance(event, AboveThresholdEvent) for event in events):
        lines.append(
            "In a question of nearness a unit counts once for each candidate, however many of its records are near, so "
            "every count changes by 1 at most, all in one direction. Counts are compared with noise and never told."
        )
    if any(not isinstance(event, GaussianEvent) for event in events):
        lines.append(
            "The clipped contribution is then rounded to a public grid, so sums are of whole numbers and their order "
            "cannot matter. What rounding adds to the sensitivity is charged."
        )
    if any(isinstance(event, SubsampledGaussianEvent) for event in events):
        lines.append("In training, each step samples units by independent coin flips, and never batches of fixed size.")
    if any(event.key == ADAPTER_KEY for event in events):
        lines.append(
            "A language model is adapted by training adapters beside it; the model itself stays as it is. A unit's "
            "gradient at a step, over all of its records that count there, is clipped as one. Texts that the adapted "
            "model writes follow from that training and public words alone, so they cost nothing more."
        )
    return tuple(lines)


def exclusions(events: tuple[Event, ...], unit: PrivacyUnit, *, simulated: bool) -> tuple[tuple[str, str], ...]:
    """What the figures do not cover: subject and sentence."""
    found = [
        (
            "Site-only gates",
            "A check that reads records exactly has no ε. The gates that decided what entered the pool read public "
            "text or noised values only; what a site checks for itself is outside this statement.",
        ),
        (
            "De-identification",
            "Taking names and numbers out of texts lowers harm, is not differential privacy, and counts for nothing "
            "here.",
        ),
        (
            "Pretraining overlap",
            "A record that is also in a public corpus, or in what the base encoder or a base language model was "
            "trained on, is not hidden there.",
        ),
        (
            "Participation, liveness and timing",
            "Who took part, when a site answered and whether it failed can be seen by the coordinator.",
        ),
        ("Side channels of the host", "The computers of a site and their administrators are out of scope."),
        (
            "Other releases of the same records",
            "Other campaigns, and anything published by other means, add to what is known. The site's ledger counts "
            "campaigns; nothing counts the rest.",
        ),
        (
            "Sites that do not do what they sign",
            "Figures follow from what sites signed. A site that left its noise out can be held to its signature; its "
            "numbers do not show it.",
        ),
        (
            "Facts about groups",
            "What is true of many is learnt, and may concern someone whose data are in no record.",
        ),
    ]
    if unit is PrivacyUnit.RECORD:
        found.append(
            (
                "People with several records",
                "The unit is a record. Someone with k records is protected by up to k times ε, and δ grows as well.",
            )
        )
    if any(isinstance(event, GaussianEvent) for event in events):
        found.append(
            (
                "Floating point",
                "Some noise was drawn in floating point by a hardened sampler. ε is stated for the ideal Gaussian; the "
                "remaining gap is small and not proved.",
            )
        )
    if simulated:
        found.append(
            (
                "Reference figures",
                "This was a simulation. Its report compares with figures that read the records without noise; a "
                "deployment has none.",
            )
        )
    return tuple(found)
