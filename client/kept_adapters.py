"""The adapters that a site has trained, one sealed file for each campaign."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import load, save

from fedaug.augmentation.lora import AdapterSpec, AdapterState
from fedaug.client.sealing import seal, unseal
from fedaug.client.training.signal import StepEnergies
from fedaug.errors import NotReserved, ProtocolError, SealError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.events import SubsampledGaussianEvent, event_from_dict
from fedaug.privacy.files import private_folder, remove_partials, whole_file
from fedaug.privacy.keys import KeyRing

_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, repr=False)
class KeptAdapter:
    """A trained adapter. It depends on records through its event's mechanism only.

    Attributes:
        state: Its weights by name.
        spec: Which adapter it is.
        event: What it was charged as.
        steps: How many were taken.
        weights: SHA-256 of the base model that it belongs to.
        energies: Of the noised sums that it was made of.
    """

    state: AdapterState
    spec: AdapterSpec
    event: SubsampledGaussianEvent
    steps: int
    weights: str
    energies: StepEnergies


class KeptAdapters:
    """A folder of sealed adapters.

    Args:
        folder: Made when the first is kept, for its owner only.
        keys: Wrap each file's key.
        lineage: The data set's random id. A file of another data set does not open.
    """

    def __init__(self, folder: Path, keys: KeyRing, lineage: str) -> None:
        self._folder = folder
        self._keys = keys
        self._lineage = lineage

    def keep(self, campaign: str, adapter: KeptAdapter) -> None:
        """Seal an adapter, in place of one of that campaign."""
        head = canonical_json(
            {
                "spec": asdict(adapter.spec),
                "event": adapter.event.as_dict(),
                "steps": adapter.steps,
                "weights": adapter.weights,
                "energies": asdict(adapter.energies),
            }
        )
        private_folder(self._folder)
        remove_partials(self._folder)
        with whole_file(self._path(campaign), overwrite=True) as file:
            tensors = {name: value.contiguous() for name, value in adapter.state.items()}
            parts = (len(head).to_bytes(_LENGTH_BYTES, "little"), head, save(tensors))
            seal(parts, file, self._keys, self._context(campaign))

    def find(self, campaign: str) -> KeptAdapter:
        """The adapter of a campaign.

        Raises:
            NotReserved: The site has trained none for it.
            SealError: The file was changed or moved.
        """
        try:
            with self._path(campaign).open("rb") as file:
                data = b"".join(unseal(file, self._keys, self._context(campaign)))
        except FileNotFoundError:
            raise NotReserved("the site has adapted no model for this campaign", "ask it to adapt one first") from None
        length = int.from_bytes(data[:_LENGTH_BYTES], "little")
        try:
            head: dict[str, Any] = parse_json(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
            spec = AdapterSpec(**(head["spec"] | {"targets": tuple(head["spec"]["targets"])}))
            event, energies = event_from_dict(head["event"]), StepEnergies(**head["energies"])
            state = load(data[_LENGTH_BYTES + length :])
        except (SafetensorError, ProtocolError, KeyError, TypeError, ValueError):
            raise SealError("an adapter is of another version of fedaug", "plan another campaign") from None
        assert isinstance(event, SubsampledGaussianEvent)
        return KeptAdapter(state, spec, event, head["steps"], head["weights"], energies)

    def _path(self, campaign: str) -> Path:
        # A hash: the name comes from outside and must not choose a path.
        return self._folder / f"{digest(campaign.encode())[:32]}.sealed"

    def _context(self, campaign: str) -> bytes:
        return canonical_json({"lineage": self._lineage, "file": "adapter", "campaign": campaign})
