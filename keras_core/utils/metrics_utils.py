"""What metrics share: registering updates, thresholds, the counts of a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import wraps
from typing import Any, Callable

from keras_core import backend as K
from keras_core.graph import primitives
from keras_core.graph.tensor import Constant, Update
from keras_core.utils import losses_utils
from keras_core.utils.generic_utils import to_list

# The score of a class that is not among the best k: below every threshold.
NEG_INF = -1e10


class Reduction:
    """Names of the ways in which a metric joins the values of all batches."""

    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    WEIGHTED_MEAN = "weighted_mean"


class ConfusionMatrix(Enum):
    """The four outcomes of a binary prediction."""

    TRUE_POSITIVES = "tp"
    FALSE_POSITIVES = "fp"
    TRUE_NEGATIVES = "tn"
    FALSE_NEGATIVES = "fn"


class AUCCurve(Enum):
    """The curve under which an area is taken."""

    ROC = "ROC"
    PR = "PR"

    @staticmethod
    def from_str(key: str) -> AUCCurve:
        """The curve of a name, in lower or upper case.

        Raises:
            ValueError: unknown name.
        """
        return _member(AUCCurve, key, "curve")


class AUCSummationMethod(Enum):
    """The height of a strip under a curve: the mean, lesser or greater of its two ends."""

    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"

    @staticmethod
    def from_str(key: str) -> AUCSummationMethod:
        """The method of a name, in lower or upper case.

        Raises:
            ValueError: unknown name.
        """
        return _member(AUCSummationMethod, key, "summation_method")


def _member(kind: Any, key: Any, argument: str) -> Any:
    for member in kind:
        if str(key).lower() == member.value.lower():
            return member
    names = ", ".join(repr(member.value) for member in kind)
    raise ValueError(f"AUC: `{argument}` must be one of {names}; got {key!r}.")


def update_state_wrapper(update_state_fn: Callable[..., Any]) -> Callable[..., Any]:
    """An `update_state` that also hands its updates to the metric, or does them at once for values.

    Args:
        update_state_fn: the bound method of a metric.

    Returns:
        Function of the metric and the arguments of the method.
    """

    @wraps(update_state_fn)
    def decorated(metric_obj: Any, *args: Any, **kwargs: Any) -> Any:
        updates = update_state_fn(*args, **kwargs)
        if (args or kwargs) and all(map(_is_value, (*args, *kwargs.values()))):
            return _done([update for update in to_list(updates) if update is not None])
        metric_obj.add_update(updates)
        return updates

    return decorated


def _is_value(x: Any) -> bool:
    """Whether it is no symbol, but a number, an array, a constant, or a list of such."""
    if isinstance(x, (list, tuple)):
        return all(map(_is_value, x))
    return not K.is_tensor(x) or isinstance(x, Constant)


def as_symbol(x: Any) -> Any:
    """`x`, where it is a constant as a symbol, so that a metric's call does nothing at once."""
    return K.identity(x) if isinstance(x, Constant) else x


def _done(updates: list[Update]) -> list[Update]:
    """Does updates; returns such as set the same values."""
    K.eval(updates)
    variables = [update.variable for update in updates]
    return [Update(v, K.constant(K.get_value(v), K.dtype(v))) for v in variables]


def result_wrapper(result_fn: Callable[..., Any]) -> Callable[..., Any]:
    """A `result` whose tensor says that it is a metric's and stands on its own.

    Args:
        result_fn: the bound method of a metric.

    Returns:
        Function of the metric and the arguments of the method.
    """

    @wraps(result_fn)
    def decorated(metric_obj: Any, *args: Any, **kwargs: Any) -> Any:
        result = K.identity(result_fn(*args, **kwargs))
        result._is_metric = True
        metric_obj._call_result = result
        return result

    return decorated


def divide_no_nan(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0."""
    is_zero = K.equal(y, 0.0)
    return K.switch(is_zero, K.zeros_like(x), x / K.switch(is_zero, K.ones_like(y), y))


def assert_thresholds_range(thresholds: Sequence[float]) -> None:
    """Refuses thresholds that are not numbers in [0, 1].

    Raises:
        ValueError: there is such a threshold.
        TypeError: it is a text.
    """
    wrong = [t for t in thresholds if isinstance(t, (str, bytes))]
    if wrong:
        raise TypeError(f"Thresholds must be numbers in [0, 1]; got {wrong}.")
    invalid = [t for t in thresholds if t is None or not 0 <= t <= 1]
    if invalid:
        raise ValueError(f"Thresholds must be numbers in [0, 1]; got {invalid}.")


def parse_init_thresholds(thresholds: Any, default_threshold: float = 0.5) -> list[float]:
    """The thresholds as a list.

    Args:
        thresholds: number or list of numbers in [0, 1], or None for the default.
        default_threshold: number.

    Returns:
        list of numbers.

    Raises:
        ValueError: a threshold outside of [0, 1].
    """
    if thresholds is not None:
        assert_thresholds_range(to_list(thresholds, allow_tuple=True))
    return to_list(default_threshold if thresholds is None else thresholds, allow_tuple=True)


def weighted_assign_add(label: Any, pred: Any, weights: Any, var: Any) -> Any:
    """Adds the number, or weight, of the samples for which both label and prediction hold.

    Args:
        label: bool or 0/1 tensor that can be broadcast to `(thresholds, samples)`.
        pred: likewise.
        weights: tensor, likewise; or None.
        var: variable `(thresholds,)`.

    Returns:
        The update of `var`.
    """
    dtype = K.dtype(var)
    hits = K.cast(label, dtype)
    if weights is not None:
        hits = hits * K.cast(weights, dtype)
    return K.update_add(var, K.sum(hits * K.cast(pred, dtype), axis=1))


def update_confusion_matrix_variables(
    variables_to_update: Mapping[ConfusionMatrix, Any],
    y_true: Any,
    y_pred: Any,
    thresholds: Any = 0.5,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
) -> list[Any]:
    """Counts outcomes at each threshold; a prediction is positive when it is above the threshold.

    Args:
        variables_to_update: variable `(thresholds,)` of each outcome that is counted.
        y_true: targets, 0 or 1, `(batch, ..., classes)`.
        y_pred: scores in [0, 1], of the same shape.
        thresholds: number or list of numbers.
        top_k: only the `top_k` best classes of a sample can be positive; None for all.
        class_id: index of the only class that counts; None for all.
        sample_weight: tensor that can be broadcast to `y_pred`, or None.

    Returns:
        List of updates.

    Raises:
        ValueError: a key of `variables_to_update` is unknown, shapes disagree, or weights come with
            a `class_id`.
    """
    _check_outcomes(variables_to_update)
    y_pred, y_true = K.cast(y_pred, K.floatx()), K.cast(y_true, K.floatx())
    y_pred, y_true = losses_utils.squeeze_or_expand_dimensions(y_pred, y_true=y_true)
    _check_equal_shapes(y_true, y_pred)
    if top_k is not None:
        y_pred = filter_top_k(y_pred, top_k)
    if class_id is not None:
        _check_no_weights(sample_weight, class_id)
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    weights = None if sample_weight is None else _weights_of(y_pred, sample_weight)
    level = K.constant(to_list(thresholds, allow_tuple=True), dtype=K.dtype(y_pred))
    above = K.greater(_row(y_pred), K.expand_dims(level, -1))
    pairs = _label_and_prediction(K.not_equal(_row(y_true), 0.0), above, K.dtype(y_pred))
    return [
        weighted_assign_add(*pairs[outcome], weights, variable)
        for outcome, variable in variables_to_update.items()
    ]


def _label_and_prediction(
    label: Any, above: Any, dtype: str
) -> dict[ConfusionMatrix, tuple[Any, Any]]:
    """Per outcome two 0/1 tensors, both 1 where it has come about."""
    label, positive = K.cast(label, dtype), K.cast(above, dtype)
    return {
        ConfusionMatrix.TRUE_POSITIVES: (label, positive),
        ConfusionMatrix.FALSE_POSITIVES: (1.0 - label, positive),
        ConfusionMatrix.TRUE_NEGATIVES: (1.0 - label, 1.0 - positive),
        ConfusionMatrix.FALSE_NEGATIVES: (label, 1.0 - positive),
    }


def _check_outcomes(variables: Mapping[Any, Any]) -> None:
    unknown = [key for key in variables if not isinstance(key, ConfusionMatrix)]
    if unknown or not variables:
        raise ValueError(
            f"variables_to_update needs keys out of {list(ConfusionMatrix)}; got {list(variables)}."
        )


def _check_equal_shapes(y_true: Any, y_pred: Any) -> None:
    a, b = K.int_shape(y_true), K.int_shape(y_pred)
    if len(a) != len(b) or any(i != j for i, j in zip(a, b) if i is not None and j is not None):
        raise ValueError(
            f"Targets of shape {a} and predictions of shape {b} must have equal shapes."
        )


def _check_no_weights(sample_weight: Any, class_id: int) -> None:
    if sample_weight is not None:
        raise ValueError(
            f"sample_weight cannot be combined with class_id={class_id}. Give the metric that "
            "class's targets and predictions only, without class_id."
        )


def _weights_of(y_pred: Any, sample_weight: Any) -> Any:
    weights = K.cast(sample_weight, K.dtype(y_pred))
    _, _, weights = losses_utils.squeeze_or_expand_dimensions(y_pred, None, weights)
    return _row(losses_utils.broadcast_weights(y_pred, weights))


def _row(x: Any) -> Any:
    return K.reshape(x, (1, -1))


def filter_top_k(x: Any, k: int) -> Any:
    """Scores with all but the `k` largest of each sample put to `NEG_INF`.

    Args:
        x: tensor `(..., classes)`.
        k: int.

    Returns:
        Tensor of the shape of `x`.
    """
    _, best = primitives.top_k(x, k=k)
    among_best = K.sum(K.one_hot(best, K.int_shape(x)[-1]), axis=-2)
    return x * among_best + NEG_INF * (1.0 - among_best)
