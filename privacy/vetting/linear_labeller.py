"""A labeller that needs no language model: logistic regression on public vectors. Needs scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError, DefectError, MissingExtra
from fedaug.privacy.vetting.gate import Batch

#: What students of the same vectors are trained with; chosen on CLINC150, which no example protects.
_INVERSE_REGULARISATION: Final = 10.0
_ITERATIONS: Final = 500


class LinearLabeller:
    """Multinomial logistic regression (scikit-learn) on vectors of the campaign's public space.

    The same vectors and labels give the same model, up to the last bits of the processor's arithmetic: a text that lies
    on a gate's very limit may be judged otherwise on another machine.

    Args:
        vectors: Unit rows, [texts, dimensions]: of public texts or DP output only.
        labels: Of each row.
        inverse_regularisation: scikit-learn's C.

    Raises:
        ConfigError: There are fewer than two labels, rows without a label, or vectors that are not finite.
        MissingExtra: scikit-learn is not installed.
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        labels: Sequence[str],
        *,
        inverse_regularisation: float = _INVERSE_REGULARISATION,
    ) -> None:
        if len(vectors) != len(labels) or len(set(labels)) < 2 or not np.isfinite(vectors).all():
            raise ConfigError("a labeller needs finite vectors, one label each, of two labels", "give it public texts")
        if not 0 < inverse_regularisation < float("inf"):
            raise ConfigError("the inverse regularisation is not above zero and finite", "give a number such as 10")
        self.labels = tuple(sorted(set(labels)))
        self.prior: NDArray[np.float64] = np.array([labels.count(label) for label in self.labels]) / len(labels)
        self._dimensions = vectors.shape[1]
        self._model = _logistic_regression(inverse_regularisation).fit(vectors.astype(np.float64), list(labels))

    def probabilities(self, batch: Batch) -> NDArray[np.float64]:
        """Of each label for each text, [texts, labels].

        Raises:
            DefectError: The batch has no vectors, or of another space.
        """
        if batch.vectors is None or batch.vectors.shape[1:] != (self._dimensions,):
            raise DefectError("texts came to a labeller without vectors of its space", "embed them before vetting")
        return np.asarray(self._model.predict_proba(batch.vectors.astype(np.float64)), np.float64)


def _logistic_regression(inverse_regularisation: float) -> Any:  # noqa: ANN401  # scikit-learn ships no types
    try:
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types  # noqa: PLC0415  # an extra
    except ImportError:
        raise MissingExtra("scikit-learn is not installed", "run: pip install 'fedaug[server]'") from None
    return LogisticRegression(C=inverse_regularisation, max_iter=_ITERATIONS)
