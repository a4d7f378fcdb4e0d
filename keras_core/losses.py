"""Losses: functions of targets and predictions, and classes that also weigh and reduce."""

from __future__ import annotations

import math
from typing import Any, Callable

from keras_core import backend as K
from keras_core.utils import losses_utils
from keras_core.utils.generic_utils import (
    deserialize_keras_object,
    interpret_identifier,
    serialize_keras_object,
)

# Functions: one value for each sample (and step), the mean over the last axis


def _operands(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors of the dtype of the predictions."""
    y_pred = y_pred if K.is_tensor(y_pred) else K.constant(y_pred)
    y_true = y_true if K.is_tensor(y_true) else K.constant(y_true)
    return K.cast(y_true, K.dtype(y_pred)), y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of (y_pred - y_true)**2 over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of |y_pred - y_true| over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of 100 |y_true - y_pred| / |y_true| over the last axis, in percent.

    Args:
        y_true: targets `(batch, ..., features)`; |y_true| counts as `K.epsilon()` at least.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    scale = K.clip(K.abs(y_true), K.epsilon(), None)
    return 100.0 * K.mean(K.abs((y_true - y_pred) / scale), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of (log(1 + y_pred) - log(1 + y_true))**2 over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`; values below `K.epsilon()` count as that.
        y_pred: predictions, of the same shape; likewise.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.square(_log_of_one_more(y_pred) - _log_of_one_more(y_true)), axis=-1)


def _log_of_one_more(x: Any) -> Any:
    return K.log(K.clip(x, K.epsilon(), None) + 1.0)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean of max(1 - y_true y_pred, 0)**2 over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`, -1 or 1; if all are 0 or 1, 0 stands for -1.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.square(_margin_violation(y_true, y_pred)), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean of max(1 - y_true y_pred, 0) over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`, -1 or 1; if all are 0 or 1, 0 stands for -1.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(_margin_violation(y_true, y_pred), axis=-1)


def _margin_violation(y_true: Any, y_pred: Any) -> Any:
    is_binary = K.all(K.equal(y_true * (1.0 - y_true), 0.0))
    signs = K.switch(is_binary, 2.0 * y_true - 1.0, y_true)
    return K.maximum(1.0 - signs * y_pred, 0.0)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(0, 1 + largest wrong score - right score).

    Args:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: scores, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    right = K.sum(y_true * y_pred, axis=-1)
    wrong = K.max((1.0 - y_true) * y_pred, axis=-1)
    return K.maximum(wrong - right + 1.0, 0.0)


def logcosh(y_true: Any, y_pred: Any) -> Any:
    """Mean of log(cosh(y_pred - y_true)) over the last axis.

    It is near to half the square of small errors, and to the absolute value of large ones.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    error = y_pred - y_true
    # cosh itself overflows; log(cosh(x)) = x + log(1 + exp(-2x)) - log(2) does not.
    return K.mean(error + K.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def huber_loss(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """0.5 e**2 where the error |e| is at most delta, else delta |e| - 0.5 delta**2; not averaged.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.
        delta: where the loss turns from squared to absolute, in units of the targets.

    Returns:
        Tensor `(batch, ..., features)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    size = K.abs(y_pred - y_true)
    quadratic = K.minimum(size, delta)
    return 0.5 * K.square(quadratic) + delta * (size - quadratic)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0
) -> Any:
    """-sum(y_true log(y_pred)) over the classes, the last axis.

    Args:
        y_true: probabilities, mostly one-hot, `(batch, ..., classes)`.
        y_pred: probabilities of the same shape, scaled to sum to 1; or logits.
        from_logits: whether `y_pred` holds logits, the inputs of a softmax.
        label_smoothing: the part in [0, 1] of the targets that is spread evenly over the classes.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    if _smooths(label_smoothing):
        # Keras 2 counts the classes on axis 1, which is that of the steps where there are steps.
        classes = K.cast(K.shape(y_pred)[1], K.dtype(y_pred))
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return K.categorical_crossentropy(y_true, y_pred, from_logits=from_logits)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log of the probability predicted for the right class.

    Args:
        y_true: integer classes `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`; or logits.
        from_logits: whether `y_pred` holds logits, the inputs of a softmax.
        axis: the axis of `y_pred` with the classes.

    Returns:
        Tensor `(batch, ...)`.
    """
    return K.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0
) -> Any:
    """Mean of -y_true log(y_pred) - (1 - y_true) log(1 - y_pred) over the last axis.

    Args:
        y_true: probabilities, mostly 0 or 1, `(batch, ..., features)`.
        y_pred: probabilities of the same shape; or logits.
        from_logits: whether `y_pred` holds logits, the inputs of a sigmoid.
        label_smoothing: how far in [0, 1] the targets are moved to 0.5.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    if _smooths(label_smoothing):
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing * 0.5
    return K.mean(K.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=-1)


def _smooths(label_smoothing: Any) -> bool:
    return K.is_tensor(label_smoothing) or label_smoothing != 0


def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Any:
    """Sum of y_true log(y_true / y_pred) over the last axis.

    Args:
        y_true: probabilities `(batch, ..., classes)`; values below `K.epsilon()` count as that.
        y_pred: probabilities of the same shape; likewise.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    y_true, y_pred = K.clip(y_true, K.epsilon(), 1.0), K.clip(y_pred, K.epsilon(), 1.0)
    return K.sum(y_true * K.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Mean of y_pred - y_true log(y_pred) over the last axis.

    Args:
        y_true: counts `(batch, ..., features)`.
        y_pred: predicted rates of the same shape, not negative.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(y_pred - y_true * K.log(y_pred + K.epsilon()), axis=-1)


def cosine_proximity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between targets and predictions: -1 for the same direction.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.
        axis: the axis of the vectors.

    Returns:
        Tensor of the shape of `y_pred` without `axis`.
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return -K.sum(K.l2_normalize(y_true, axis=axis) * K.l2_normalize(y_pred, axis=axis), axis=axis)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence
cosine = cosine_similarity = cosine_proximity


# Classes


class Loss:
    """A loss that weighs samples and reduces; a subclass defines `call(y_true, y_pred)`.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text, or None.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = None,
    ) -> None:
        losses_utils.Reduction.validate(reduction)
        self.reduction = reduction
        self.name = name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss, weighted and reduced.

        Args:
            y_true: targets `(batch, ...)`.
            y_pred: predictions `(batch, ...)`.
            sample_weight: weights that can be broadcast to the losses `(batch, ...)`, a number, or
                None.

        Returns:
            A scalar tensor; a tensor `(batch, ...)` for the reduction `'none'`.
        """
        scope = (self.name or type(self).__name__).strip("<>")
        with K.name_scope(scope):
            losses = self.call(y_true, y_pred)
            return losses_utils.compute_weighted_loss(
                losses, sample_weight, reduction=self.reduction
            )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        return {"reduction": self.reduction, "name": self.name}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses, not yet weighted or reduced, `(batch, ...)`."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, y_true, y_pred).")


class LossFunctionWrapper(Loss):
    """A loss made of a function of targets and predictions.

    Args:
        fn: function `(y_true, y_pred, **kwargs)` that returns losses `(batch, ...)`.
        reduction: a name from `losses_utils.Reduction`.
        name: text, or None.
        **kwargs: further arguments of `fn`; part of the configuration.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        values = {k: K.eval(v) if K.is_tensor(v) else v for k, v in self._fn_kwargs.items()}
        return {**super().get_config(), **values}


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared errors.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_squared_error",
    ) -> None:
        super().__init__(mean_squared_error, reduction=reduction, name=name)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute errors.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_absolute_error",
    ) -> None:
        super().__init__(mean_absolute_error, reduction=reduction, name=name)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute errors in percent of the targets.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_absolute_percentage_error",
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction=reduction, name=name)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared differences of log(1 + value).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "mean_squared_logarithmic_error",
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction=reduction, name=name)


class Hinge(LossFunctionWrapper):
    """Mean of max(1 - y_true y_pred, 0), for targets of -1 and 1 (or 0 and 1).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "hinge",
    ) -> None:
        super().__init__(hinge, reduction=reduction, name=name)


class SquaredHinge(LossFunctionWrapper):
    """Mean of max(1 - y_true y_pred, 0)**2, for targets of -1 and 1 (or 0 and 1).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "squared_hinge",
    ) -> None:
        super().__init__(squared_hinge, reduction=reduction, name=name)


class CategoricalHinge(LossFunctionWrapper):
    """max(0, 1 + largest wrong score - right score), for one-hot targets.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "categorical_hinge",
    ) -> None:
        super().__init__(categorical_hinge, reduction=reduction, name=name)


class Poisson(LossFunctionWrapper):
    """Mean of y_pred - y_true log(y_pred), for counts.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "poisson",
    ) -> None:
        super().__init__(poisson, reduction=reduction, name=name)


class LogCosh(LossFunctionWrapper):
    """Mean of log(cosh(error)).

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "logcosh",
    ) -> None:
        super().__init__(logcosh, reduction=reduction, name=name)


class KLDivergence(LossFunctionWrapper):
    """Sum of y_true log(y_true / y_pred), for probabilities.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "kullback_leibler_divergence",
    ) -> None:
        super().__init__(kullback_leibler_divergence, reduction=reduction, name=name)


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of independent yes-no targets.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: how far in [0, 1] the targets are moved to 0.5.
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "binary_crossentropy",
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction=reduction,
            name=name,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot targets.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: the part in [0, 1] of the targets that is spread evenly over the classes.
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "categorical_crossentropy",
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction=reduction,
            name=name,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of integer targets.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        reduction: a name from `losses_utils.Reduction`.
        name: text.
    """

    def __init__(
        self,
        from_logits: bool = False,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
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
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = "huber_loss",
    ) -> None:
        super().__init__(
            huber_loss,
            reduction=reduction,
            name=name,
            delta=delta,
        )


# Names and configurations


def is_categorical_crossentropy(loss: Any) -> bool:
    """Whether a loss, in any form that `compile` takes, is categorical cross-entropy."""
    if isinstance(loss, LossFunctionWrapper):
        return loss.fn is categorical_crossentropy
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None)
    return name == "categorical_crossentropy"


def serialize(loss: Any) -> Any:
    """The name or configuration of a loss."""
    return serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss that a name or a configuration stands for.

    Args:
        name: name, or dictionary with `class_name` and `config`.
        custom_objects: losses of one's own, by name.

    Returns:
        A function or a `Loss`.
    """
    return deserialize_keras_object(
        name,
        module_objects=globals(),
        custom_objects=custom_objects,
        printable_module_name="loss function",
    )


def get(identifier: Any) -> Any:
    """The loss that a name, configuration, function, class or object stands for; None for None.

    Raises:
        ValueError: unknown name, or something else altogether.
    """
    return (
        None
        if identifier is None
        else interpret_identifier(identifier, deserialize, "loss function")
    )
