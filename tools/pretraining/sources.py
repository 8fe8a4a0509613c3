"""What the embedded model is trained on, and what it never is.

Only CC BY, CC0 and public-domain text, and texts that were made for this project. Nothing that an example plays private
records with or that anything is evaluated on (docs, privacy rule 9), and nothing share-alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.pretraining import generated, readers, written
from tools.pretraining.piece import Piece


@dataclass(frozen=True)
class Source:
    """One source.

    Attributes:
        name: Names it in records and in the model card.
        licence: Of its text.
        author: Whom NOTICE names; empty where the text is the project's own.
        read: Its pieces, given the data folder and whether the held-out ones are wanted.
        weight: Its share of the word pieces that are trained on, before all shares are scaled to 1.
        own: Whether it needs no data folder.
    """

    name: str
    licence: str
    author: str
    read: Callable[[Path, bool], Iterator[Piece]]
    weight: float
    own: bool = False


_BEN_ABACHA = "A. Ben Abacha and D. Demner-Fushman, 2019"
_OPENSTAX = "OpenStax, Rice University"
_CFPB = "US Consumer Financial Protection Bureau"
SOURCES = (
    Source("medquad", "CC BY 4.0", _BEN_ABACHA, readers.medquad, 18),
    Source("medquad_questions", "CC BY 4.0", _BEN_ABACHA, readers.medquad_questions, 2),
    Source("openstax_health", "CC BY 4.0", _OPENSTAX, readers.book("openstax_health", "health"), 10),
    Source(
        "openstax_finance_business", "CC BY 4.0", _OPENSTAX, readers.book("openstax_finance_business", "finance"), 11
    ),
    Source("openstax_general", "CC BY 4.0", _OPENSTAX, readers.book("openstax_general", "general"), 7),
    Source("standardebooks", "CC0 1.0", "Standard Ebooks", readers.book("standardebooks", "general", titled=False), 4),
    Source("digitalgov", "CC0 1.0", "US General Services Administration", readers.book("digitalgov", "general"), 3),
    Source("cfpb_regulations", "public domain", _CFPB, readers.book("cfpb_regulations", "finance"), 2),
    Source("cfpb_complaints", "public domain", _CFPB, readers.complaints, 12),
    Source("clinc150_money", "CC BY 3.0", "S. Larson and others, 2019", readers.clinc150_money, 4),
    Source("clinc150_other", "CC BY 3.0", "S. Larson and others, 2019", readers.clinc150_other, 5),
    Source("nlupp_banking", "CC BY 4.0", "I. Casanueva and others (PolyAI), 2022", readers.nlupp, 2),
    Source("clinical_notes", "Apache-2.0", "", generated.notes, 9, own=True),
    Source("written_money", "Apache-2.0", "", written.read("money", "finance", "query"), 7, own=True),
    Source("written_health", "Apache-2.0", "", written.read("health", "health", "query"), 4, own=True),
    Source("written_notes", "Apache-2.0", "", written.read("notes", "health", "note"), 6, own=True),
    Source("label_phrases", "Apache-2.0", "", generated.phrases, 2, own=True),
)
#: Licences that training text may have; the project's own texts have the project's.
LICENCES = frozenset({"CC BY 3.0", "CC BY 4.0", "CC0 1.0", "public domain", "Apache-2.0"})
#: Sets that play private records or are evaluated on, here or in de-identification: never read for training.
FORBIDDEN = frozenset(
    {
        "banking77",
        "mts_dialog",
        "aci_bench",
        "evi_identity",
        "presidio_synth",
        "ncbi_disease_ner",
        "meddocan_es",
        "sec_filings_ner",
        "adult_census",
        "credit_default",
        "german_credit",
        "fhir_bulk_10patients",
        "omop_synthea27nj",
        "synthea_csv",
        "uci_heart_4sites",
        "bitext_customer_service",  # share-alike
    }
)
