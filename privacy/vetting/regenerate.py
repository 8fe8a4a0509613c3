"""Making texts until enough pass: capped in public, and charged where a gate of class D is asked.

To make another text because one was refused is to ask the gates again. Gates of class F read nothing private, so that
is free. A gate of class D answers from a release, and each attempt needs a release of its own: all of them stand in the
campaign's plan and were reserved together before the first, so the cap is the number of releases that were planned.
Each attempt is handed the release that is its own, and without one nothing is made and no record is read. A gate of
class S may not be asked at all here: how often it was asked would tell of the records it read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from fedaug.errors import ConfigError, NotReserved, PolicyRefused
from fedaug.privacy.events import Event
from fedaug.privacy.vetting.gate import Batch, Gate, GateClass, Verdict, VerdictCode, vet

#: Attempts that no plan needs to exceed.
MOST_ATTEMPTS: Final = 100
_MAY_DECIDE: Final = frozenset({GateClass.FREE, GateClass.CHARGED})


@runtime_checkable
class ChargedGate(Gate, Protocol):
    """A gate of class D.

    Attributes:
        charged: The events of the releases that its verdicts are computed from.
    """

    @property
    def charged(self) -> tuple[Event, ...]: ...  # noqa: D102  # see the class


@dataclass(frozen=True, repr=False)
class Regenerated:
    """What came of it. Holds DP output and public text only, so all of it may be reported.

    Attributes:
        kept: The texts that passed, in the order in which they were made; no more than were wanted.
        attempts: How many were made.
        offered: Texts over all attempts.
        refused: Gate -> texts it refused.
        codes: Reason -> texts refused for it.
        charged: The events of every release that was asked, in order, each once.
        turned_away: The texts that did not pass, with the verdict of the gate that refused them, for review.
    """

    kept: tuple[tuple[str, str | None], ...]
    attempts: int
    offered: int
    refused: dict[str, int] = field(default_factory=dict)
    codes: dict[VerdictCode, int] = field(default_factory=dict)
    charged: tuple[Event, ...] = ()
    turned_away: tuple[tuple[str, str | None, Verdict], ...] = ()


def regenerate(
    make: Callable[[int], Batch],
    gates: Sequence[Gate],
    *,
    wanted: int,
    attempts: int,
    charged: Callable[[Event, Batch], Sequence[ChargedGate]] | None = None,
    planned: Sequence[Event] = (),
) -> Regenerated:
    """Make and vet texts until ``wanted`` pass or ``attempts`` are used up, whichever is first.

    Args:
        make: One attempt's candidates, by its number from 0; public, or from DP output.
        gates: Of class F, asked in every attempt.
        wanted: Most texts to keep.
        attempts: The public cap.
        charged: The gates of class D of one attempt, made from the release that it is handed, which it asks for about
            the candidates that passed the free gates. Not called where none passed: that release is not asked for.
        planned: The events that the ledger has reserved, one for each attempt, in order. A gate of class D that
            answers from another than its attempt's is refused.

    Raises:
        ConfigError: The cap or the number wanted is out of range.
        PolicyRefused: A gate is of class S.
        NotReserved: There are gates of class D and fewer releases than attempts, or one release twice: nothing was made
            then. Or such a gate answers from another release than its attempt's.
    """
    if not (wanted >= 1 and 1 <= attempts <= MOST_ATTEMPTS):
        raise ConfigError(f"texts are to be made again more than {MOST_ATTEMPTS} times, or never", "give a lower cap")
    if any(gate.gate_class is not GateClass.FREE for gate in gates):
        raise PolicyRefused(
            "a gate that reads records was to be asked until texts pass", "leave it out, or charge each attempt"
        )
    if charged is not None and (
        len(planned) < attempts or any(event in planned[:k] for k, event in enumerate(planned))
    ):
        raise NotReserved(
            "texts are to be made again more often than releases are reserved for a gate of class D",
            "plan one release for each attempt, and reserve them together",
        )
    kept: list[tuple[str, str | None]] = []
    spent: list[Event] = []
    tally = _Tally()
    offered = used = 0
    for attempt in range(attempts):
        batch, used = make(attempt), attempt + 1
        offered += len(batch)
        batch = tally.vetted(batch, gates)
        if len(batch) and charged is not None:
            spent.append(planned[attempt])
            batch = tally.vetted(batch, _of_release(charged(planned[attempt], batch), planned[attempt]))
        kept += zip(batch.texts, batch.labels, strict=True)
        if len(kept) >= wanted:
            break
    return Regenerated(
        tuple(kept[:wanted]),
        used,
        offered,
        dict(tally.refused),
        dict(tally.codes),
        tuple(spent),
        tuple(tally.turned_away),
    )


@dataclass
class _Tally:
    """What gates refused so far."""

    refused: Counter[str] = field(default_factory=Counter)
    codes: Counter[VerdictCode] = field(default_factory=Counter)
    turned_away: list[tuple[str, str | None, Verdict]] = field(default_factory=list)

    def vetted(self, batch: Batch, gates: Sequence[Gate]) -> Batch:
        """What passes; the rest is counted and kept."""
        result = vet(batch, gates, allowed=_MAY_DECIDE)
        self.refused.update(result.refused_by)
        self.codes.update(result.codes)
        self.turned_away += [(batch.texts[row], batch.labels[row], verdict) for row, verdict in result.refused.items()]
        return batch.take(result.kept)


def _of_release(gates: Sequence[ChargedGate], reserved: Event) -> Sequence[Gate]:
    """The gates, once each is known to answer from the release that is this attempt's, and from no other."""
    if any(gate.gate_class is not GateClass.CHARGED or not getattr(gate, "charged", ()) for gate in gates):
        raise PolicyRefused("a gate that is charged for nothing was asked as one of class D", "ask it as what it is")
    if any(event != reserved for gate in gates for event in gate.charged):
        raise NotReserved(
            "a gate of class D answers from another release than its attempt's", "make it of the release it is handed"
        )
    return gates
