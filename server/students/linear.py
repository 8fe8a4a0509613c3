"""A regularised linear head on public embeddings: softmax regression with soft labels and sample weights.

    student = LinearStudent().fit(embeddings, labels, weights, classes=77)
    student.predict(encoder.embed(texts))

Minimises  Σ wᵢ · H(qᵢ, softmax(W xᵢ + b)) + ‖W‖² / (2 C n)  with Σ wᵢ = 1, qᵢ the label as shares of belief, H the
cross entropy and n the number of samples: multinomial logistic regression (Bishop 2006, "Pattern Recognition", section
4.3.4). For plain labels that is what scikit-learn's ``LogisticRegression`` minimises; it takes no soft labels, which
carry much more of what a DP teacher knows. Solved by L-BFGS from zero, so that the same pool gives the same student.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn import functional

from fedaug.errors import ConfigError, MalformedSource, NotPrepared
from fedaug.server.students import student_file
from fedaug.server.students.student import Embeddings, Progress, Targets, check_embeddings, check_targets

#: Bias of a label that no sample carries: its probability is exactly 0 in float32, yet a message may carry the number.
ABSENT_BIAS: Final = -1e4
# Both were chosen on CLINC150, which no example protects; within a factor of ten accuracy moves by about a point.
_C_HARD: Final = 10.0
_C_SOFT: Final = 100.0  # shares of belief regularise by themselves
_ITERATIONS: Final = 100
_HISTORY: Final = 10
_NOTHING: Final = np.zeros(0, np.float32)


class LinearStudent:
    """Softmax regression on embeddings.

    Attributes:
        weight: float32 [classes, d].
        bias: float32 [classes].

    Args:
        inverse_regularisation: C of the formula above; the larger, the freer. When None, 10 for plain and 100 for soft
            labels.
        iterations: L-BFGS steps at most.
    """

    name = "linear"

    def __init__(self, *, inverse_regularisation: float | None = None, iterations: int = _ITERATIONS) -> None:
        if inverse_regularisation is not None and not 0 < inverse_regularisation < float("inf"):
            raise ConfigError("the inverse regularisation is not above zero and finite", "give a number such as 10")
        if iterations < 1:
            raise ConfigError("a student was given no iterations", "give at least 1")
        self._c = inverse_regularisation
        self._iterations = iterations
        self._weight: NDArray[np.float32] | None = None
        self._bias = np.zeros(0, np.float32)
        self.absent: tuple[int, ...] = ()

    @property
    def weight(self) -> NDArray[np.float32]:
        """float32 [classes, d].

        Raises:
            NotPrepared: The student was not trained yet.
        """
        if self._weight is None:
            raise NotPrepared("the student was not trained yet", "call fit first")
        return self._weight

    @property
    def bias(self) -> NDArray[np.float32]:
        """float32 [classes]."""
        _ = self.weight
        return self._bias

    def fit(
        self,
        inputs: Embeddings,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        classes: int,
        progress: Progress | None = None,
    ) -> Self:
        """Train from scratch on embeddings, float32 [n, d]; see :meth:`Student.fit`."""
        matrix = check_embeddings(inputs)
        targets = check_targets(len(matrix), labels, weights, classes)
        weight, bias = self._solve(torch.from_numpy(matrix), targets, progress)
        present = list(targets.present)
        self._weight = np.zeros((classes, matrix.shape[1]), np.float32)
        self._weight[present] = weight
        self._bias = np.full(classes, ABSENT_BIAS, np.float32)
        self._bias[present] = bias
        self.absent = targets.absent
        return self

    def scores(self, inputs: Embeddings) -> NDArray[np.float32]:
        """Probabilities, float32 [n, classes]."""
        logits = self._logits(inputs)
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, inputs: Embeddings) -> NDArray[np.int64]:
        """The most probable label of each row, int64 [n]."""
        best: NDArray[np.int64] = self._logits(inputs).argmax(axis=1)
        return best

    def to_bytes(self) -> bytes:
        """The trained student as one safetensors file."""
        header = {"student": self.name, "version": 1, "absent": list(self.absent)}
        return student_file.pack(header, {"weight": self.weight, "bias": self.bias})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A student from its file.

        Raises:
            MalformedSource: The bytes are not a linear student.
        """
        header, tensors = student_file.unpack(data, cls.name)
        weight, bias = tensors.get("weight", _NOTHING), tensors.get("bias", _NOTHING)
        if weight.ndim != 2 or bias.shape != weight.shape[:1] or {weight.dtype, bias.dtype} != {np.dtype(np.float32)}:
            raise MalformedSource("a student's file has tensors of the wrong shape", "train the student again")
        student = cls()
        student._weight, student._bias = weight, bias
        student.absent = _absent(header.get("absent"), len(student._bias))
        return student

    def _logits(self, inputs: Embeddings) -> NDArray[np.float32]:
        matrix = check_embeddings(inputs, self.weight.shape[1])
        return matrix @ self.weight.T + self.bias

    def _solve(
        self, matrix: torch.Tensor, targets: Targets, progress: Progress | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shares, weights = torch.from_numpy(targets.shares), torch.from_numpy(targets.weights)
        weight = torch.zeros(shares.shape[1], matrix.shape[1], requires_grad=True)
        bias = torch.zeros(shares.shape[1], requires_grad=True)
        penalty = 1 / (2 * (self._c or (_C_SOFT if targets.soft else _C_HARD)) * len(matrix))
        solver = torch.optim.LBFGS(
            [weight, bias],
            max_iter=self._iterations,
            history_size=_HISTORY,
            tolerance_grad=1e-5,
            line_search_fn="strong_wolfe",
        )
        evaluations = 0

        def loss() -> torch.Tensor:
            nonlocal evaluations
            solver.zero_grad()
            entropy = functional.cross_entropy(matrix @ weight.T + bias, shares, reduction="none")
            value = weights @ entropy + penalty * weight.square().sum()
            value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            evaluations += 1
            if progress is not None:
                progress(min(evaluations, self._iterations), self._iterations)
            return value

        solver.step(loss)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        if progress is not None:
            progress(self._iterations, self._iterations)
        return weight.detach().numpy(), bias.detach().numpy()


def _absent(values: object, classes: int) -> tuple[int, ...]:
    if isinstance(values, Sequence) and all(isinstance(label, int) and 0 <= label < classes for label in values):
        return tuple(values)
    raise MalformedSource("a student's file has a malformed header", "train the student again")
