"""Loss objects made of the loss functions."""

from __future__ import annotations

from keras_core.losses import functions
from keras_core.losses.base import LossFunctionWrapper
from keras_core.utils.generic_utils import checked_number
from keras_core.utils.losses_utils import Reduction


def _checked_smoothing(value: float) -> float:
    return checked_number("label_smoothing", value, least=0, most=1)


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared errors.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 2.0], [1.0, 1.0]], [[1.0, 2.0], [1.0, 4.0]]
        >>> K.eval(losses.MeanSquaredError()(y_true, y_pred)).tolist()  # the mean over all samples
        2.5
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_squared_error",
    ) -> None:
        super().__init__(functions.mean_squared_error, reduction=reduction, name=name)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute errors.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 2.0], [1.0, 1.0]], [[1.0, 2.0], [1.0, 4.0]]
        >>> K.eval(losses.MeanAbsoluteError()(y_true, y_pred)).tolist()
        1.0
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_absolute_error",
    ) -> None:
        super().__init__(functions.mean_absolute_error, reduction=reduction, name=name)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute errors in percent of the targets.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[2.0, 4.0]], [[3.0, 4.0]]
        >>> print(K.eval(losses.MeanAbsolutePercentageError()(y_true, y_pred)).round(3))
        25.0
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_absolute_percentage_error",
    ) -> None:
        super().__init__(functions.mean_absolute_percentage_error, reduction=reduction, name=name)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared differences of log(1 + value).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 3.0]], [[1.0, 3.0]]
        >>> print(K.eval(losses.MeanSquaredLogarithmicError()(y_true, y_pred)).round(3))
        0.24
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_squared_logarithmic_error",
    ) -> None:
        super().__init__(functions.mean_squared_logarithmic_error, reduction=reduction, name=name)


class Hinge(LossFunctionWrapper):
    """Mean of max(1 - y_true y_pred, 0), for targets of -1 and 1 (or 0 and 1).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[1.0, -1.0]], [[0.5, -2.0]]
        >>> K.eval(losses.Hinge()(y_true, y_pred)).tolist()
        0.25
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "hinge",
    ) -> None:
        super().__init__(functions.hinge, reduction=reduction, name=name)


class SquaredHinge(LossFunctionWrapper):
    """Mean of max(1 - y_true y_pred, 0)**2, for targets of -1 and 1 (or 0 and 1).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[1.0, -1.0]], [[0.5, -2.0]]
        >>> K.eval(losses.SquaredHinge()(y_true, y_pred)).tolist()
        0.125
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "squared_hinge",
    ) -> None:
        super().__init__(functions.squared_hinge, reduction=reduction, name=name)


class CategoricalHinge(LossFunctionWrapper):
    """max(0, 1 + largest wrong score - right score), for one-hot targets.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> K.eval(losses.CategoricalHinge()(y_true, y_pred)).tolist()
        0.75
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "categorical_hinge",
    ) -> None:
        super().__init__(functions.categorical_hinge, reduction=reduction, name=name)


class Poisson(LossFunctionWrapper):
    """Mean of y_pred - y_true log(y_pred), for counts.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[1.0, 0.0]], [[1.0, 2.0]]
        >>> print(K.eval(losses.Poisson()(y_true, y_pred)).round(3))
        1.5
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "poisson",
    ) -> None:
        super().__init__(functions.poisson, reduction=reduction, name=name)


class LogCosh(LossFunctionWrapper):
    """Mean of log(cosh(error)).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 0.0]], [[0.0, 1.0]]
        >>> print(K.eval(losses.LogCosh()(y_true, y_pred)).round(3))
        0.217
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "logcosh",
    ) -> None:
        super().__init__(functions.logcosh, reduction=reduction, name=name)


class KLDivergence(LossFunctionWrapper):
    """Sum of y_true log(y_true / y_pred), for probabilities.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.5, 0.5]], [[0.25, 0.75]]
        >>> print(K.eval(losses.KLDivergence()(y_true, y_pred)).round(3))
        0.144
    """

    def __init__(
        self,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "kullback_leibler_divergence",
    ) -> None:
        super().__init__(functions.kullback_leibler_divergence, reduction=reduction, name=name)


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of independent yes-no targets.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: how far in [0, 1] the targets are moved to 0.5.
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[1.0, 0.0]], [[0.5, 0.5]]
        >>> print(K.eval(losses.BinaryCrossentropy()(y_true, y_pred)).round(3))
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "binary_crossentropy",
    ) -> None:
        super().__init__(
            functions.binary_crossentropy,
            reduction=reduction,
            name=name,
            from_logits=from_logits,
            label_smoothing=_checked_smoothing(label_smoothing),
        )
        self.from_logits = from_logits


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot targets.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: the part in [0, 1] of the targets that is spread evenly over the classes.
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(losses.CategoricalCrossentropy()(y_true, y_pred)).round(3))
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "categorical_crossentropy",
    ) -> None:
        super().__init__(
            functions.categorical_crossentropy,
            reduction=reduction,
            name=name,
            from_logits=from_logits,
            label_smoothing=_checked_smoothing(label_smoothing),
        )


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of integer targets.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[1]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(losses.SparseCategoricalCrossentropy()(y_true, y_pred)).round(3))
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(
            functions.sparse_categorical_crossentropy,
            reduction=reduction,
            name=name,
            from_logits=from_logits,
        )


class Huber(LossFunctionWrapper):
    """Mean of 0.5 e**2 for errors up to delta, delta |e| - 0.5 delta**2 beyond.

    Args:
        delta: where the loss turns from squared to absolute, in units of the targets.
        reduction: a name from `losses_utils.Reduction`.
        name: text.

    Example:
        >>> y_true, y_pred = [[0.0, 0.0]], [[0.5, 3.0]]
        >>> K.eval(losses.Huber()(y_true, y_pred)).tolist()
        1.3125
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "huber_loss",
    ) -> None:
        super().__init__(
            functions.huber_loss,
            reduction=reduction,
            name=name,
            delta=checked_number("Huber: delta", delta, least=0),
        )
