"""A site: one folder with its settings, keys, sealed records and ledger, and one door through which it is asked.

    site = Site.init("st-mary", source="notes.csv", text="note", label="section")
    site.prepare()
    reply = site.handle(request)      # a signed envelope, whatever was asked

``handle`` is the whole protocol; the Flower app relays to it, the simulation calls it, and ``counts``, ``statistics``,
``votes`` and ``metric`` are the same calls for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Encoder, MiniLM, Progress
from fedaug.client.accepted_plans import AcceptedPlans
from fedaug.client.adaptations import Adaptations, Told
from fedaug.client.callers import callers_of
from fedaug.client.deid_keys import deid_keys
from fedaug.client.door import Door
from fedaug.client.kept_heads import KeptHeads
from fedaug.client.kept_offers import KeptOffers
from fedaug.client.ledger_file import known_lineage, site_ledger
from fedaug.client.offers import Offers
from fedaug.client.preparation import Preparation, Prepared
from fedaug.client.records import Record, RowReport
from fedaug.client.refused_texts import RefusedText, RefusedTexts
from fedaug.client.release import ReleaseGate
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SiteSettings
from fedaug.client.site_gates import SiteGates
from fedaug.client.site_log import SiteLog
from fedaug.client.store import SealedStore
from fedaug.errors import LedgerError, NotPrepared, ProtocolError
from fedaug.privacy.deid.policies import DeidPolicy
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.keys import KeyRing, find_passphrase
from fedaug.privacy.ledger import LedgerEntry
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.privacy.transparency.entries import Offered, read_site_entry
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.messages import (
    Adapt,
    AskCounts,
    AskMetric,
    AskSamples,
    AskStatistics,
    AskSupport,
    AskUpdate,
    AskVotes,
    CampaignPlan,
    Join,
    NoisyRelease,
    Outcome,
    ReleaseRequest,
    SampleBatch,
    Status,
    Tensors,
    decode_reply,
    encode,
)

if TYPE_CHECKING:  # loads torch, which takes seconds
    from fedaug.client.kept_adapters import KeptAdapter


@dataclass(frozen=True)
class SiteStatus:
    """Where a site stands. For the site's own eyes."""

    name: str
    prepared: bool
    unit: PrivacyUnit
    spent: float
    cap: float
    delta: float
    charges: tuple[LedgerEntry, ...]
    rolled_back: bool = False


class Site:
    """One participant. Made by :meth:`init` or :meth:`open`.

    Args:
        folder: The site's folder.
        settings: Its ``site.toml``.
        keys: Its key ring, opened.
        noise: Where privacy noise comes from; tests alone pass another than the default.
        encoder: Makes the public embedding space; loaded when first needed.
        told: Called after each step of an adaptation, with what may be told of it.
    """

    def __init__(
        self,
        folder: Path,
        settings: SiteSettings,
        keys: KeyRing,
        noise: NoiseSource,
        encoder: Callable[[], Encoder],
        told: Told | None = None,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._keys = keys
        self._ledger = site_ledger(folder, settings)
        self._store = store = SealedStore(folder / "store", keys, known_lineage(folder))
        self._rows = PreparedRows(store)
        self._preparation = Preparation(folder, settings, keys, store, self._rows, encoder)
        self._refused = RefusedTexts(folder, keys, store.lineage)
        kept = KeptOffers(folder / "offers", keys.signer.public_key())
        self._site_gates = SiteGates(folder, settings.samples, store, self._rows, encoder, kept)
        self._adaptations = Adaptations(folder, settings, keys, store, told)
        self._offers = Offers(folder, settings, self._site_gates, encoder, self._refused, self._adaptations)
        self._door = Door(
            settings,
            ReleaseGate(
                settings.name,
                keys.signer,
                self._ledger,
                noise,
                kept,
            ),
            AcceptedPlans(folder / "plans"),
            self._rows,
            SiteLog(settings.name, KeptHeads(folder), self._ledger, keys.signer),
            callers_of(folder, settings),
            self._offers,
            self._adaptations,
            keys.signer.public_key().public_bytes_raw(),
        )

    @classmethod
    def init(
        cls,
        folder: str | Path,
        *,
        source: str | Path,
        text: str,
        label: str | None = None,
        name: str | None = None,
        passphrase: bytes | None = None,
        **settings: Any,  # noqa: ANN401 - a setting's type is its own
    ) -> Self:
        """Make a site's folder: settings, keys, nothing else yet.

        Args:
            folder: Must not hold a site already.
            source: The records' file.
            text: The column that holds the text.
            label: The column that holds the label.
            name: The site's name; the folder's name by default.
            passphrase: Wraps the keys; looked up as ``fedaug keys --help`` says when not given.
            **settings: Further settings by dotted name with ``__`` for the dot, such as ``privacy__epsilon=2.0``.

        Raises:
            ConfigError: A setting is wrong, or the folder holds a site already.
        """
        folder = Path(folder)
        if passphrase is None:  # looked up first: without it there must be no folder that looks like a site
            passphrase = find_passphrase(folder)
        values = {"source__path": str(source), "source__columns__text": text, "source__columns__label": label}
        SiteSettings.create(folder, name=name or folder.resolve().name, **values, **settings)
        deid_keys(folder, KeyRing.create(folder, passphrase))
        return cls.open(folder, passphrase=passphrase)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        passphrase: bytes | None = None,
        noise: NoiseSource | None = None,
        encoder: Callable[[], Encoder] = MiniLM,
        told: Told | None = None,
    ) -> Self:
        """Open a site's folder.

        Raises:
            ConfigError: Its settings are wrong.
            SealError: The passphrase does not open its keys.
            LedgerError: Its ledger is damaged, another data set's, or lost. One that is known to be an older copy of
                itself opens, and refuses every release.
        """
        folder = Path(folder)
        settings = SiteSettings.load(folder)  # first: a wrong path must not be asked a passphrase for
        keys = KeyRing.open(folder, passphrase if passphrase is not None else find_passphrase(folder))
        return cls(folder, settings, keys, noise or SystemNoise(), encoder, told)

    def close(self) -> None:
        """Let go of the ledger's file."""
        self._ledger.close()

    # the site's own side

    def check(self) -> RowReport:
        """Read the whole source and count what is wrong: see :meth:`~fedaug.client.preparation.Preparation.check`.

        Before that, the gates of what the site offers are checked: see :meth:`~fedaug.client.offers.Offers.check`.
        """
        self._offers.check()
        return self._preparation.check()

    def require(self, report: RowReport) -> None:
        """Raise what :meth:`prepare` would stop at."""
        self._preparation.require(report)

    def prepare(self, progress: Progress | None = None, deidentified: Progress | None = None) -> Prepared:
        """Read the source, de-identify it, and seal records and embeddings in the store.

        A run that was cut off is taken up by the next where de-identification was.

        Args:
            progress: Called with (records embedded, records in all).
            deidentified: Called before that with (records de-identified, records in all).

        Raises:
            InputError: The source, the policy or what the site adds cannot be used; the store is as it was.
        """
        with suppress(LedgerError):  # the site's report tells of it
            self.observe()  # while the records are those that were there when the batches left
        return self._preparation.prepare(progress, deidentified)

    def status(self) -> SiteStatus:
        """What is prepared and what is spent."""
        budget = self.settings.privacy.budget
        return SiteStatus(
            self.settings.name,
            self._prepared(),
            self.settings.privacy.unit,
            self._ledger.spent(),
            budget.epsilon,
            budget.delta,
            self._ledger.entries(),
            self._ledger.is_older_copy(),
        )

    def records(self) -> Iterator[Record]:
        """The de-identified records in the store, one by one. For the site's own eyes.

        Raises:
            NotPrepared: There are none.
        """
        return self._store.records()

    def deid_policy(self) -> DeidPolicy:
        """The policy that the next :meth:`prepare` de-identifies by.

        Raises:
            ConfigError: It cannot be read.
        """
        return self._preparation.policy()

    def offered(self) -> tuple[Offered, ...]:
        """Every batch of texts that left, as the site's own log lists it."""
        entries = (read_site_entry(entry) for entry in self._ledger.journal())
        return tuple(entry for entry in entries if isinstance(entry, Offered))

    def campaigns(self) -> tuple[str, ...]:
        """The names of all campaigns that were charged or that texts left for, the oldest first."""
        charged, offered = self._ledger.entries(), self.offered()
        return tuple(dict.fromkeys([*(one.campaign for one in charged), *(one.campaign for one in offered)]))

    def observe(self) -> None:
        """Have gates of class S look at the batches that left undecided by them; what they find stays at the site.

        They do so when the site's people ask, and not when a coordinator does: it would see how long they take.

        Raises:
            LedgerError: A batch that the site keeps is damaged.
        """
        if self._prepared():
            self._site_gates.look()

    def refused(self, campaign: str) -> list[RefusedText]:
        """Texts of a campaign's batch that the gates refused, with the reason, for review inside the site.

        Raises:
            SealError: The file was changed or moved.
        """
        return list(self._refused.read(campaign))

    def _prepared(self) -> bool:
        try:
            self._rows.space()
        except NotPrepared:
            return False
        return True

    # the door

    def handle(self, request: bytes) -> bytes:
        """Answer one message with a signed envelope. No exception leaves: a failure is a status without its cause."""
        return self._door.handle(request)

    def join(self, plan: CampaignPlan) -> Outcome:
        """Put a plan to this site."""
        body = self._ask(encode(Join(plan=plan)))
        reply, _ = decode_reply(body)
        return reply.status if isinstance(reply, Status) else Outcome.UNAVAILABLE

    def counts(self, campaign: str, key: str = "counts") -> NDArray[np.float64]:
        """Noisy records per label, float64 [labels]."""
        return self._value(AskCounts(campaign=campaign, key=key))

    def statistics(self, campaign: str, key: str = "statistics") -> NDArray[np.float64]:
        """Noisy class sums of embeddings, float64 [labels, d]."""
        return self._value(AskStatistics(campaign=campaign, key=key))

    def votes(
        self, campaign: str, key: str, candidates: NDArray[np.float32], labels: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Noisy votes on candidates, float64 [n]; see :class:`~fedaug.strategies.messages.AskVotes`."""
        return self._value(AskVotes(campaign=campaign, key=key), {"candidates": candidates, "labels": labels})

    def support(self, campaign: str, candidates: NDArray[np.float32], key: str = "support") -> NDArray[np.float64]:
        """Whether many units are near each candidate, float64 [n]: 1, 0, or -1 after the last positive answer."""
        return self._value(AskSupport(campaign=campaign, key=key), {"candidates": candidates})

    def update(
        self, campaign: str, weight: NDArray[np.float32], bias: NDArray[np.float32], key: str = "update"
    ) -> NDArray[np.float64]:
        """A linear head after the plan's DP-SGD, float64 [labels, d + 1], the bias last."""
        return self._value(AskUpdate(campaign=campaign, key=key), {"weight": weight, "bias": bias})

    def metric(
        self, campaign: str, weight: NDArray[np.float32], bias: NDArray[np.float32], key: str = "metric"
    ) -> NDArray[np.float64]:
        """Noisy numbers of right and wrong guesses of a linear student, float64 [2]."""
        return self._value(AskMetric(campaign=campaign, key=key), {"weight": weight, "bias": bias})

    def adapt(self, campaign: str) -> NDArray[np.float64]:
        """Adapt the site's language model; the trained weights, float64 [values], or none where it stays at the site.

        It takes minutes. Cut off, the same call goes on after the last finished step.
        """
        return self._value(Adapt(campaign=campaign))

    def adapter(self, campaign: str) -> KeptAdapter:
        """The adapter of a campaign. It depends on records through DP, and is for the site's own people.

        Raises:
            NotReserved: The site has adapted no model for the campaign.
            SealError: The file was changed.
        """
        return self._adaptations.kept(campaign)

    def offer(self, campaign: str, key: str = "samples") -> SampleBatch:
        """The texts that the site offers; see :class:`~fedaug.strategies.messages.AskSamples`."""
        reply, _ = decode_reply(self._ask(encode(AskSamples(campaign=campaign, key=key))))
        if not isinstance(reply, SampleBatch):
            raise ProtocolError(f"the site answered {getattr(reply, 'status', reply.kind)}", "look into the site's log")
        return reply

    def _ask(self, request: bytes) -> bytes:
        _, body = open_envelope(self._door.answer(request), self._keys.signer.public_key())
        return body

    def _value(self, request: ReleaseRequest, tensors: Tensors | None = None) -> NDArray[np.float64]:
        reply, values = decode_reply(self._ask(encode(request, tensors)))
        if not isinstance(reply, NoisyRelease):
            raise ProtocolError(f"the site answered {getattr(reply, 'status', reply.kind)}", "look into the site's log")
        return np.asarray(values["values"], np.float64)
