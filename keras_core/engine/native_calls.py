"""Calls of layers on the engine's own tensors: `model(x)` inside the engine's code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_core import backend as K
from keras_core.engine.assembling import made
from keras_core.graph import in_sequence
from keras_core.graph.tensor import Spec, Tensor
from keras_core.plugins.programs import closed_program, updates_of_graph
from keras_core.utils.generic_utils import has_arg, unpack_singleton

# What no engine's tensors are, so that no backend needs to be loaded to tell.
_NO_TENSORS = (np.ndarray, np.generic, int, float, str, list, tuple, dict, type(None))


class NativeCall(NamedTuple):
    """What a call is traced by: equal calls share a program.

    Attributes:
        inputs: specs of the inputs, the batch size left open.
        tensors: names and specs of keyword arguments that are tensors of the engine's own.
        others: names and values of the other keyword arguments.
        phase: the learning phase.
    """

    inputs: tuple[Spec, ...]
    tensors: tuple[tuple[str, Spec], ...]
    others: tuple[tuple[str, Any], ...]
    phase: int


def is_native_call(inputs: Any) -> bool:
    """Whether a layer is called on tensors of the engine's own."""
    if all(isinstance(x, Tensor) for x in inputs):
        return False
    return all(_spec_of(x) is not None for x in inputs)


def _spec_of(value: Any) -> Spec | None:
    from keras_core.plugins import current_backend

    if isinstance(value, (Tensor, *_NO_TENSORS)):
        return None
    return current_backend().spec_of(value)


def run_natively(layer: Any, inputs: Any, arguments: dict[str, Any]) -> Any:
    """Computes a layer on tensors of the engine's own, which can derive the result.

    In the learning phase 1 the layer's updates are done as well.

    Args:
        layer: the layer or model; built first if need be.
        inputs: list of the engine's tensors.
        arguments: keyword arguments of the call. `training` is the learning phase: what
            `K.set_learning_phase` fixed by default, and else 0.

    Returns:
        A tensor of the engine's own, or a list of them.
    """
    call, extra = _described(layer, inputs, arguments)
    run = _inlined(layer, call)
    return unpack_singleton(run([*inputs, *extra]))


def _described(layer: Any, inputs: Any, arguments: dict[str, Any]) -> tuple[NativeCall, list[Any]]:
    """The call, and the tensors among its keyword arguments."""
    arguments = dict(arguments)
    phase = _phase(arguments.get("training"))
    if "training" in arguments and not has_arg(layer.call, "training"):
        del arguments["training"]
    specs = {name: _spec_of(value) for name, value in arguments.items()}
    tensors = {name: spec for name, spec in specs.items() if spec is not None}
    others = {name: value for name, value in arguments.items() if name not in tensors}
    keep_batch = bool(layer.stateful)
    call = NativeCall(
        tuple(_any_batch(_spec_of(x), keep_batch) for x in inputs),
        tuple((name, _any_batch(spec, keep_batch)) for name, spec in tensors.items()),
        tuple(others.items()),
        phase,
    )
    return call, [arguments[name] for name in tensors]


def _phase(training: Any) -> int:
    if training is None:
        training = K.learning_phase()
    return 0 if isinstance(training, Tensor) else int(bool(training))


def _any_batch(spec: Any, keep_batch: bool) -> Spec:
    return spec if keep_batch or not spec.shape else Spec((None, *spec.shape[1:]), spec.dtype)


def _inlined(layer: Any, call: NativeCall) -> Any:
    """The engine's function for a call, made once for calls that are alike."""
    from keras_core.plugins import current_backend

    if _is_static(layer, call):
        _check_sizes(layer, call.inputs)
        call = call._replace(inputs=tuple(x.spec for x in layer.inputs))
    backend = current_backend()
    table = layer.__dict__.setdefault("_native_calls", {})
    key = (backend, call, _trainable_flags(layer) if call.phase else None)
    return made(
        table, key, lambda: backend.inline(closed_program(layer, *_traced(layer, call)), call.phase)
    )


def _trainable_flags(layer: Any) -> tuple[Any, ...]:
    """What decides which updates happen."""
    return (layer.trainable, *map(_trainable_flags, layer._layers))


def _traced(layer: Any, call: NativeCall) -> tuple[list[Any], list[Any], list[Any]]:
    """Inputs, outputs and updates of the layer as tensors of the graph."""
    placeholders = [K.placeholder(spec.shape, dtype=spec.dtype) for spec in call.inputs]
    inputs = unpack_singleton(placeholders)
    with K.name_scope(layer.name):
        layer._build_for(inputs)
        layer.assert_input_compatibility(inputs)
        if _is_static(layer, call):
            return layer.inputs, layer.outputs, updates_of_graph(layer, call.phase)
        extra = {name: K.placeholder(spec.shape, dtype=spec.dtype) for name, spec in call.tensors}
        masks = [None] * len(placeholders)
        outputs, _ = layer._compute(inputs, masks, {**dict(call.others), **extra})
    happens = call.phase or layer.stateful
    updates = [*layer.get_updates_for(inputs), *layer.get_updates_for(None)] if happens else []
    return [*placeholders, *extra.values()], outputs, in_sequence(updates)


def _is_static(layer: Any, call: NativeCall) -> bool:
    """Whether the layer is a graph of layers, whose own tensors serve."""
    return getattr(layer, "_is_graph_network", False) and not call.tensors and not call.others


def _check_sizes(model: Any, specs: Sequence[Spec]) -> None:
    if len(specs) != len(model.inputs):
        raise ValueError(
            f"Model {model.name} has {len(model.inputs)} inputs {model.input_names}, but was "
            f"called on {len(specs)} tensors."
        )
    for spec, x in zip(specs, model.inputs):
        pairs = zip(spec.shape, x.shape)
        if spec.ndim != x.ndim or any(a != b for a, b in pairs if None not in (a, b)):
            raise ValueError(
                f"Model {model.name}: the input {x.name!r} has the shape {x.shape}, but a tensor "
                f"of shape {spec.shape} was given."
            )
