"""How losses a sample become one number."""

from __future__ import annotations

from typing import Any, NoReturn

from keras_core import backend as K


class Reduction:
    """Names of the ways to reduce losses.

    `NONE` keeps a loss a sample, `SUM` adds all up, `SUM_OVER_BATCH_SIZE` divides that sum by the
    number of elements.
    """

    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        return (cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)

    @classmethod
    def validate(cls, key: str) -> None:
        """Raises ValueError unless `key` is the name of a reduction."""
        if key not in cls.all():
            raise ValueError(f"Invalid loss reduction {key!r}; expected one of {cls.all()}.")


def squeeze_or_expand_dimensions(y_pred: Any, y_true: Any = None, sample_weight: Any = None) -> Any:
    """Brings targets and weights to the rank of the predictions by a last axis of size 1.

    Args:
        y_pred: tensor `(batch, ...)`.
        y_true: tensor of the rank of `y_pred`, or one more or less; or None.
        sample_weight: tensor, or a number; or None.

    Returns:
        Tuple `(y_pred, y_true, sample_weight)`; `(y_pred, y_true)` without weights.
    """
    if y_true is not None:
        surplus = K.ndim(y_pred) - K.ndim(y_true)
        y_pred = _squeezed(y_pred) if surplus == 1 else y_pred
        y_true = _squeezed(y_true) if surplus == -1 else y_true
    if sample_weight is None:
        return y_pred, y_true
    surplus = K.ndim(y_pred) - K.ndim(sample_weight)
    if K.ndim(sample_weight) and surplus == -1:
        sample_weight = _squeezed(sample_weight, sizes=(1, None))
    elif K.ndim(sample_weight) and surplus == 1:
        sample_weight = K.expand_dims(sample_weight, -1)
    return y_pred, y_true, sample_weight


def _squeezed(x: Any, sizes: tuple[Any, ...] = (1,)) -> Any:
    """Without the last axis, if that has one of some sizes; None, where it is not known."""
    return K.squeeze(x, -1) if K.int_shape(x)[-1] in sizes else x


def broadcast_weights(values: Any, sample_weight: Any) -> Any:
    """Weights repeated to the shape of the values that they weigh.

    Args:
        values: tensor.
        sample_weight: tensor whose axes are the leading ones of `values`, of equal size or size 1.

    Returns:
        Tensor of the shape of `values`.

    Raises:
        ValueError: `sample_weight` cannot be broadcast to `values`.
    """
    shape, target = K.int_shape(sample_weight), K.int_shape(values)
    if shape == target:
        return sample_weight
    fits = len(shape) <= len(target) and all(
        a in (1, None, b) or b is None for a, b in zip(shape, target)
    )
    if not fits:
        _refuse_weights(shape, target)
    return _with_rank_of(values, sample_weight) * K.ones_like(values)


def _refuse_weights(shape: Any, target: Any) -> NoReturn:
    raise ValueError(
        f"sample_weight of shape {shape} cannot be broadcast to values of shape {target}; "
        "its axes must be the leading ones of the values, each of the same size or of size 1."
    )


def _with_rank_of(values: Any, sample_weight: Any) -> Any:
    """Weights with axes of size 1 appended; a scalar stays one."""
    for _ in range(K.ndim(values) - K.ndim(sample_weight) if K.ndim(sample_weight) else 0):
        sample_weight = K.expand_dims(sample_weight, -1)
    return sample_weight


def reduce_weighted_loss(
    weighted_losses: Any, reduction: str = Reduction.SUM_OVER_BATCH_SIZE
) -> Any:
    """Weighted losses reduced in the way that `reduction` names.

    Args:
        weighted_losses: tensor.
        reduction: a name from `Reduction`.

    Returns:
        A scalar tensor; `weighted_losses` itself for `Reduction.NONE`.
    """
    if reduction == Reduction.NONE:
        return weighted_losses
    if reduction == Reduction.SUM:
        return K.sum(weighted_losses)
    return K.mean(weighted_losses)


def compute_weighted_loss(
    losses: Any,
    sample_weight: Any = None,
    reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
    name: str | None = None,
) -> Any:
    """Losses times their weights, reduced.

    Args:
        losses: tensor `(batch, ...)`.
        sample_weight: tensor that can be broadcast to `losses`, a number, or None for weights of 1.
        reduction: a name from `Reduction`.
        name: scope of the names of new nodes.

    Returns:
        A scalar tensor; one of the shape of `losses` for `Reduction.NONE`.

    Raises:
        ValueError: unknown reduction, or weights with more axes than there are losses.
    """
    Reduction.validate(reduction)
    with K.name_scope(name or "weighted_loss"):
        if sample_weight is None:
            return reduce_weighted_loss(losses, reduction)
        weights = sample_weight if K.is_tensor(sample_weight) else K.constant(sample_weight)
        weights = K.cast(weights, K.dtype(losses))
        losses, _, weights = squeeze_or_expand_dimensions(losses, None, weights)
        if K.ndim(weights) > K.ndim(losses):
            _refuse_weights(K.int_shape(weights), K.int_shape(losses))
        return reduce_weighted_loss(losses * _with_rank_of(losses, weights), reduction)


def check_values(who: str, values: Any, numbers: bool = False) -> None:
    """Refuses what a function of targets and predictions cannot mean to give.

    Args:
        who: the loss or metric, for the message.
        values: what it gave.
        numbers: whether a plain number will do.

    Raises:
        ValueError: it is None, a text, or a plain number.
    """
    is_number = isinstance(values, (int, float)) and not numbers
    if is_number or values is None or isinstance(values, (str, bytes)):
        raise ValueError(
            f"The function of the {who} returned {values!r}, but a tensor with a value a sample "
            "was expected. Does it end with a return statement?"
        )
