"""The arguments of `compile`, checked and joined with the outputs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_core import backend as K
from keras_core.engine.compilation.losses import (
    prepare_loss_functions,
    prepare_loss_weights,
    prepare_sample_weights,
    target_shape,
    with_class_axis,
)
from keras_core.engine.compilation.metrics import collect_per_output_metric_info, unique_name
from keras_core.engine.compilation.objective import Objectives, ScoredOutput
from keras_core.metrics import Metric
from keras_core.utils.generic_utils import check_for_unexpected_keys, to_list


@dataclass(frozen=True)
class Arguments:
    """What `compile` was given, besides the optimizer."""

    loss: Any = None
    metrics: Any = None
    loss_weights: Any = None
    sample_weight_mode: Any = None
    weighted_metrics: Any = None
    target_tensors: Any = None


def make_objectives(model: Any, given: Arguments) -> Objectives:
    """What a model is trained for.

    Args:
        model: a model with outputs.
        given: the arguments of `compile`.

    Raises:
        ValueError: an argument does not fit the outputs, or there is no loss at all.
        TypeError: an argument is of a type that says nothing.
    """
    names = list(model.output_names)
    shapes = [K.int_shape(output) for output in model.outputs]
    losses = list(map(with_class_axis, prepare_loss_functions(given.loss, names), shapes))
    factors = prepare_loss_weights(names, given.loss_weights)
    skipped = [i for i, loss in enumerate(losses) if loss is None]
    weights, modes = prepare_sample_weights(names, given.sample_weight_mode, skipped)
    plain = _metrics_of(model, losses, given.metrics)
    weighted = _metrics_of(model, losses, given.weighted_metrics)
    targets = _targets(model, losses, given.target_tensors)
    penalties = model.losses
    if len(skipped) == len(names) and not penalties:
        raise ValueError(
            f"compile: model {model.name} has no loss to minimize. Give loss=..., or let a layer "
            "or the model add one with add_loss."
        )
    _name_metrics(model, losses, plain, weighted)
    columns = zip(names, model.outputs, losses, factors, targets, weights, modes, plain, weighted)
    scored = [ScoredOutput(*column) for column in columns if column[2] is not None]
    return Objectives(scored, penalties, len(names) > 1)


def _metrics_of(model: Any, losses: Sequence[Any], metrics: Any) -> list[dict[str, Metric]]:
    """The metrics of each output, by the names that users gave; none where there is no loss."""
    pairs = zip(model.outputs, losses)
    shapes = [None if loss is None else K.int_shape(output) for output, loss in pairs]
    return collect_per_output_metric_info(metrics, model.output_names, shapes, losses)


def _targets(model: Any, loss_fns: Sequence[Any], target_tensors: Any) -> list[Any]:
    """The target tensor of each output: the user's own, or a placeholder; None without a loss."""
    given = _given_targets(list(model.output_names), target_tensors)
    return [
        None if loss is None else (own if own is not None else _target(name, output, loss))
        for name, output, loss, own in zip(model.output_names, model.outputs, loss_fns, given)
    ]


def _given_targets(names: list[str], target_tensors: Any) -> list[Any]:
    if isinstance(target_tensors, dict):
        check_for_unexpected_keys("target_tensors", target_tensors, names)
        tensors = [target_tensors.get(name) for name in names]
    else:
        tensors = [] if target_tensors is None else to_list(target_tensors, allow_tuple=True)
        tensors = tensors or [None] * len(names)
    for tensor in tensors:
        if tensor is not None and not K.is_tensor(tensor):
            raise TypeError(
                f"compile: target_tensors has a {type(tensor).__name__}; give a tensor for each "
                "output, in a list or a dict by name. Arrays are given to fit, as y."
            )
    if len(tensors) != len(names):
        raise ValueError(
            f"compile: target_tensors has {len(tensors)} entries, but the model has {len(names)} "
            f"outputs, {names}."
        )
    return tensors


def _target(name: str, output: Any, loss: Any) -> Any:
    shape = target_shape(loss, K.int_shape(output)) or (None,) * K.ndim(output)
    return K.placeholder(shape=shape, dtype=K.dtype(output), name=f"{name}_target")


def _name_metrics(model: Any, losses: Sequence[Any], *found: Sequence[dict[str, Metric]]) -> None:
    """Gives each metric object the name under which it is reported."""
    names = list(model.output_names)
    several = len(names) > 1
    scored = [name for name, loss in zip(names, losses) if loss is not None]
    taken = ["loss", *(f"{name}_loss" for name in scored if several)]
    taken += [metric.name for metric in model._added_metrics()]
    for output, *of_output in zip(names, *found):
        for name, metric in (pair for metrics in of_output for pair in metrics.items()):
            metric._report_as(unique_name(f"{output}_{name}" if several else name, taken))
            taken.append(metric.name)
