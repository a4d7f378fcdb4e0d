"""Metric objects that average a function of targets and predictions."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core import losses
from keras_core.graph import Tensor
from keras_core.metrics import functions
from keras_core.metrics.base import Mean, MeanMetricWrapper
from keras_core.utils import losses_utils
from keras_core.utils.generic_utils import checked_whole_number


def _checked_k(k: int) -> int:
    return checked_whole_number("k", k, least=1)


class MeanSquaredError(MeanMetricWrapper):
    """Mean of squared errors.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.0, 2.0]], [[1.0, 5.0]]
        >>> K.eval(metrics.MeanSquaredError()(y_true, y_pred)).tolist()
        5.0
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of absolute errors.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.0, 2.0]], [[1.0, 5.0]]
        >>> K.eval(metrics.MeanAbsoluteError()(y_true, y_pred)).tolist()
        2.0
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of absolute errors in percent of the targets.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[2.0, 4.0]], [[3.0, 4.0]]
        >>> print(K.eval(metrics.MeanAbsolutePercentageError()(y_true, y_pred)).round(3))
        25.0
    """

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: str | None = None
    ) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of squared differences of log(1 + value).

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.0, 3.0]], [[1.0, 3.0]]
        >>> print(K.eval(metrics.MeanSquaredLogarithmicError()(y_true, y_pred)).round(3))
        0.24
    """

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: str | None = None
    ) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype=dtype)


class Hinge(MeanMetricWrapper):
    """Mean of max(1 - y_true y_pred, 0), for targets of -1 and 1 (or 0 and 1).

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[1.0, -1.0]], [[0.5, -2.0]]
        >>> K.eval(metrics.Hinge()(y_true, y_pred)).tolist()
        0.25
    """

    def __init__(self, name: str | None = "hinge", dtype: str | None = None) -> None:
        super().__init__(losses.hinge, name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of max(1 - y_true y_pred, 0)**2, for targets of -1 and 1 (or 0 and 1).

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[1.0, -1.0]], [[0.5, -2.0]]
        >>> K.eval(metrics.SquaredHinge()(y_true, y_pred)).tolist()
        0.125
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.squared_hinge, name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Mean of max(0, 1 + largest wrong score - right score), for one-hot targets.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> K.eval(metrics.CategoricalHinge()(y_true, y_pred)).tolist()
        0.75
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.categorical_hinge, name, dtype=dtype)


class LogCoshError(MeanMetricWrapper):
    """Mean of log(cosh(error)).

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.0, 0.0]], [[0.0, 1.0]]
        >>> print(K.eval(metrics.LogCoshError()(y_true, y_pred)).round(3))
        0.217
    """

    def __init__(self, name: str | None = "logcosh", dtype: str | None = None) -> None:
        super().__init__(losses.logcosh, name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """Mean of y_pred - y_true log(y_pred), for counts.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[1.0, 0.0]], [[1.0, 2.0]]
        >>> print(K.eval(metrics.Poisson()(y_true, y_pred)).round(3))
        1.5
    """

    def __init__(self, name: str | None = "poisson", dtype: str | None = None) -> None:
        super().__init__(losses.poisson, name, dtype=dtype)


class KLDivergence(MeanMetricWrapper):
    """Mean of the sum of y_true log(y_true / y_pred), for probabilities.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.5, 0.5]], [[0.25, 0.75]]
        >>> print(K.eval(metrics.KLDivergence()(y_true, y_pred)).round(3))
        0.144
    """

    def __init__(
        self, name: str | None = "kullback_leibler_divergence", dtype: str | None = None
    ) -> None:
        super().__init__(losses.kullback_leibler_divergence, name, dtype=dtype)


class Accuracy(MeanMetricWrapper):
    """The part of the predictions that equal their targets.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[1], [2], [3], [4]], [[1], [2], [3], [0]]
        >>> K.eval(metrics.Accuracy()(y_true, y_pred)).tolist()
        0.75
    """

    def __init__(self, name: str | None = "accuracy", dtype: str | None = None) -> None:
        super().__init__(functions.accuracy, name, dtype=dtype)


class CategoricalAccuracy(MeanMetricWrapper):
    """The part of the samples whose most probable class is right, for one-hot targets.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0, 1, 0], [1, 0, 0]], [[0.1, 0.8, 0.1], [0.2, 0.7, 0.1]]
        >>> K.eval(metrics.CategoricalAccuracy()(y_true, y_pred)).tolist()
        0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(functions.categorical_accuracy, name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The part of the samples whose most probable class is right, for integer targets.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[1], [0]], [[0.1, 0.8, 0.1], [0.2, 0.7, 0.1]]
        >>> K.eval(metrics.SparseCategoricalAccuracy()(y_true, y_pred)).tolist()
        0.5
    """

    def __init__(
        self, name: str | None = "sparse_categorical_accuracy", dtype: str | None = None
    ) -> None:
        super().__init__(functions.sparse_categorical_accuracy, name, dtype=dtype)


class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between targets and predictions.

    Args:
        name: text.
        dtype: dtype of state and result.
        axis: the axis of the vectors.

    Example:
        >>> y_true, y_pred = [[3.0, 4.0], [1.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]
        >>> print(K.eval(metrics.CosineSimilarity()(y_true, y_pred)).round(3))
        0.5
    """

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(functions.cosine_proximity, name, dtype=dtype, axis=axis)


class BinaryAccuracy(MeanMetricWrapper):
    """The part of the predictions on the right side of a threshold.

    Args:
        name: text.
        dtype: dtype of state and result.
        threshold: predictions above it count as 1.

    Example:
        >>> y_true, y_pred = [[1.0], [0.0], [1.0], [0.0]], [[0.9], [0.2], [0.4], [0.1]]
        >>> K.eval(metrics.BinaryAccuracy()(y_true, y_pred)).tolist()
        0.75
    """

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5
    ) -> None:
        super().__init__(functions.binary_accuracy, name, dtype=dtype, threshold=threshold)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The part of the samples whose class is among the k most probable, for one-hot targets.

    Args:
        k: int.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0, 0, 1], [1, 0, 0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]
        >>> K.eval(metrics.TopKCategoricalAccuracy(k=2)(y_true, y_pred)).tolist()
        0.5
    """

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: str | None = None
    ) -> None:
        super().__init__(functions.top_k_categorical_accuracy, name, dtype=dtype, k=_checked_k(k))


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The part of the samples whose class is among the k most probable, for integer targets.

    Args:
        k: int.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[2], [0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]
        >>> K.eval(metrics.SparseTopKCategoricalAccuracy(k=2)(y_true, y_pred)).tolist()
        0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            functions.sparse_top_k_categorical_accuracy, name, dtype=dtype, k=_checked_k(k)
        )


class BinaryCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of independent yes-no targets.

    Args:
        name: text.
        dtype: dtype of state and result.
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: how far in [0, 1] the targets are moved to even probabilities.

    Example:
        >>> y_true, y_pred = [[1.0, 0.0]], [[0.5, 0.5]]
        >>> print(K.eval(metrics.BinaryCrossentropy()(y_true, y_pred)).round(3))
        0.693
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of one-hot targets.

    Args:
        name: text.
        dtype: dtype of state and result.
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: how far in [0, 1] the targets are moved to even probabilities.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(metrics.CategoricalCrossentropy()(y_true, y_pred)).round(3))
        0.693
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of integer targets.

    Args:
        name: text.
        dtype: dtype of state and result.
        from_logits: whether predictions are logits rather than probabilities.
        axis: the axis of the classes.

    Example:
        >>> y_true, y_pred = [[1]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(metrics.SparseCategoricalCrossentropy()(y_true, y_pred)).round(3))
        0.693
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            axis=axis,
        )


class RootMeanSquaredError(Mean):
    """The root of the mean of squared errors.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [[0.0, 0.0]], [[1.0, 7.0]]
        >>> K.eval(metrics.RootMeanSquaredError()(y_true, y_pred)).tolist()
        5.0
    """

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> list[Any]:
        """Adds a batch.

        Args:
            y_true: targets `(batch, ...)`.
            y_pred: predictions of the same shape.
            sample_weight: tensor that can be broadcast to `y_pred`, or None.

        Returns:
            List of updates.
        """
        y_true, y_pred = K.cast(y_true, self.dtype), K.cast(y_pred, self.dtype)
        y_pred, y_true = losses_utils.squeeze_or_expand_dimensions(y_pred, y_true=y_true)
        return super().update_state(K.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        return K.sqrt(self.total / self.count)
