"""Metrics as given to `compile`, made into named objects for each output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras_core import losses
from keras_core import metrics as metrics_module
from keras_core.engine.compilation.losses import (
    check_takes_targets,
    masked_weights,
    refuse_function_of_others,
)
from keras_core.utils.generic_utils import check_for_unexpected_keys, to_list
from keras_core.utils.metrics_utils import as_symbol

# What 'accuracy' and 'crossentropy' mean depends on the output and its loss.
_CHOICES = {
    "accuracy": ("binary_accuracy", "sparse_categorical_accuracy", "categorical_accuracy"),
    "crossentropy": (
        "binary_crossentropy",
        "sparse_categorical_crossentropy",
        "categorical_crossentropy",
    ),
}
_CHOICES["acc"] = _CHOICES["accuracy"]
_CHOICES["ce"] = _CHOICES["crossentropy"]


def get_metric_name(metric: Any, weighted: bool = False) -> str:
    """The name under which a metric appears: text as it is, else that of the function or object.

    Raises:
        ValueError: it is no metric.
        AttributeError: it has no name.
    """
    if isinstance(metric, str):
        return metric
    refuse_function_of_others("metric", metric)
    found = metrics_module.get(metric)
    if isinstance(found, metrics_module.Metric):
        return found.own_name
    check_takes_targets("metric", found)
    return found.name if hasattr(found, "name") else found.__name__


def get_metric_function(metric: Any, output_shape: Any = None, loss_fn: Any = None) -> Any:
    """The function or object that a metric's name means for an output.

    Args:
        metric: name, configuration, function or object.
        output_shape: shape of the output.
        loss_fn: loss of the output.

    Raises:
        ValueError: it is no metric.
    """
    if not isinstance(metric, str) or metric not in _CHOICES:
        return metrics_module.get(metric)
    binary, sparse, categorical = _CHOICES[metric]
    loss = getattr(loss_fn, "fn", None)
    if output_shape[-1] == 1 or loss is losses.binary_crossentropy:
        return metrics_module.get(binary)
    is_sparse = loss is losses.sparse_categorical_crossentropy
    return metrics_module.get(sparse if is_sparse else categorical)


def collect_per_output_metric_info(
    metrics: Any,
    output_names: Sequence[str],
    output_shapes: Sequence[Any],
    loss_fns: Sequence[Any],
    is_weighted: bool = False,
) -> list[dict[str, Any]]:
    """The metric objects of each output, by name.

    Args:
        metrics: list of metrics for every output, list of such lists, dict by output name, or None.
        output_names: names of the outputs.
        output_shapes: shapes of the outputs, None for an output without loss.
        loss_fns: losses of the outputs, None for an output without loss.
        is_weighted: whether sample weights count.

    Raises:
        TypeError: neither list nor dict.
        ValueError: an unknown output, a list of another length, or something that is no metric.
    """
    if not metrics:
        return [{} for _ in output_names]
    described = []
    nested = _metrics_of_each(metrics, list(output_names))
    for wanted, shape, loss in zip(nested, output_shapes, loss_fns):
        found: dict[str, Any] = {}
        for metric in wanted if shape is not None else ():
            name = get_metric_name(metric, is_weighted)
            found[name] = _object(get_metric_function(metric, shape, loss), name)
        described.append(found)
    return described


def _metrics_of_each(metrics: Any, names: list[str]) -> list[list[Any]]:
    if isinstance(metrics, dict):
        check_for_unexpected_keys("metrics", metrics, names)
        return [to_list(metrics.get(name, [])) for name in names]
    if not isinstance(metrics, (list, tuple)):
        raise TypeError(
            f"compile: metrics is {metrics!r}; give a list, metrics=[{metrics!r}], or a dict by "
            "output name."
        )
    if any(isinstance(metric, (list, tuple)) for metric in metrics):
        if len(metrics) != len(names):
            raise ValueError(
                f"compile: metrics is a list of {len(metrics)} lists, but the model has "
                f"{len(names)} outputs, {names}; give a list for each."
            )
        return [to_list(one, allow_tuple=True) for one in metrics]
    # Each output accumulates by itself, so it needs objects of its own.
    clones = [[metrics_module.clone_metric(m) for m in metrics] for _ in names[1:]]
    return [list(metrics), *clones]


def _object(metric: Any, name: str) -> Any:
    if isinstance(metric, metrics_module.Metric):
        return metric
    return metrics_module.MeanMetricWrapper(metric, name=name)


def call_metric_function(
    metric_fn: Any, y_true: Any, y_pred: Any = None, weights: Any = None, mask: Any = None
) -> Any:
    """The result of a metric, with weights and mask.

    Args:
        metric_fn: metric object.
        y_true: targets, or the only argument of the metric.
        y_pred: predictions, or None.
        weights: weights `(batch,)` or `(batch, steps)`, or None.
        mask: mask `(batch, steps)`, or None.
    """
    if y_pred is None:
        return metric_fn(y_true)
    return metric_fn(y_true, y_pred, sample_weight=masked_weights(y_pred, weights, mask))


class Measured(NamedTuple):
    """What a program computes and updates for a metric."""

    result: Any
    updates: list[Any]


def measure(metric: Any, *args: Any, **kwargs: Any) -> Measured:
    """Applies a metric to tensors, also to constants, in a program."""
    known = len(metric.updates)
    result = call_metric_function(metric, *map(as_symbol, args), **kwargs)
    return Measured(result, list(metric.updates[known:]))


def unique_name(name: str, taken: Sequence[str]) -> str:
    """`name`, or `name_1`, `name_2`, ... when it is taken."""
    candidate, number = name, 0
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
