"""The arguments of `compile`, checked and joined with the outputs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.engine.compilation import losses as output_losses
from keras_core.engine.compilation.metrics import collect_per_output_metric_info, unique_name
from keras_core.engine.compilation.objective import Endpoint, Objectives
from keras_core.utils.generic_utils import check_for_unexpected_keys, to_list


def make_objectives(
    model: Any,
    loss: Any,
    metrics: Any,
    loss_weights: Any,
    sample_weight_mode: Any,
    weighted_metrics: Any,
    target_tensors: Any,
) -> Objectives:
    """What a model is trained for.

    Args:
        model: a model with outputs.
        loss: losses, as given to `compile`; so are the other arguments.

    Raises:
        ValueError: an argument does not fit the outputs, or there is no loss at all.
        TypeError: an argument is of a type that says nothing.
    """
    names = list(model.output_names)
    shapes = [K.int_shape(x) for x in model.outputs]
    loss_fns = output_losses.prepare_loss_functions(loss, names)
    loss_weights = output_losses.prepare_loss_weights(names, loss_weights)
    skipped = [i for i, fn in enumerate(loss_fns) if fn is None]
    weights, modes = output_losses.prepare_sample_weights(names, sample_weight_mode, skipped)
    metric_shapes = [None if i in skipped else shape for i, shape in enumerate(shapes)]
    plain = collect_per_output_metric_info(metrics, names, metric_shapes, loss_fns)
    heeding = collect_per_output_metric_info(weighted_metrics, names, metric_shapes, loss_fns, True)
    targets = _targets(model, loss_fns, target_tensors)
    penalties = model.losses
    if len(skipped) == len(names) and not penalties:
        raise ValueError(
            f"compile: model {model.name} has no loss to minimize. Give loss=..., or let a layer "
            "or the model add one with add_loss."
        )
    scored = [i for i in range(len(names)) if i not in skipped]
    _name_metrics(model, scored, plain, heeding)
    endpoints = [
        Endpoint(
            name=names[i],
            output=model.outputs[i],
            mask=getattr(model.outputs[i], "_keras_mask", None),
            loss=loss_fns[i],
            loss_weight=loss_weights[i],
            target=targets[i],
            target_shape=output_losses.target_shape(loss_fns[i], shapes[i]),
            sample_weight=weights[i] if K.is_placeholder(targets[i]) else None,
            sample_weight_mode=modes[i],
            metrics=plain[i].values(),
            weighted_metrics=heeding[i].values(),
        )
        for i in scored
    ]
    return Objectives(endpoints, penalties, len(names) > 1)


def _targets(model: Any, loss_fns: Sequence[Any], target_tensors: Any) -> list[Any]:
    """The target tensor of each output: the user's own, or a placeholder; None without a loss."""
    given = _given_targets(list(model.output_names), target_tensors)
    return [
        None if loss is None else (own if own is not None else _target(name, output, loss))
        for name, output, loss, own in zip(model.output_names, model.outputs, loss_fns, given)
    ]


def _given_targets(names: list[str], target_tensors: Any) -> list[Any]:
    if target_tensors is None:
        return [None] * len(names)
    if isinstance(target_tensors, dict):
        check_for_unexpected_keys("target_tensors", target_tensors, names)
        return [target_tensors.get(name) for name in names]
    tensors = to_list(target_tensors, allow_tuple=True)
    if len(tensors) != len(names):
        raise ValueError(
            f"compile: target_tensors has {len(tensors)} entries, but the model has {len(names)} "
            f"outputs, {names}."
        )
    return tensors


def _target(name: str, output: Any, loss: Any) -> Any:
    shape = output_losses.target_shape(loss, K.int_shape(output)) or (None,) * K.ndim(output)
    return K.placeholder(shape=shape, dtype=K.dtype(output), name=f"{name}_target")


def _name_metrics(model: Any, scored: Sequence[int], plain: Any, heeding: Any) -> None:
    """Gives each metric object the name under which it is reported."""
    names = list(model.output_names)
    several = len(names) > 1
    taken = ["loss", *(f"{names[i]}_loss" for i in scored if several)]
    taken += [metric.name for metric in model._added_metrics()]
    for i in scored:
        for name, metric in (*plain[i].items(), *heeding[i].items()):
            metric.name = unique_name(f"{names[i]}_{name}" if several else name, taken)
            taken.append(metric.name)
