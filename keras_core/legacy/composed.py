"""Layers of Keras 1 that are several layers since: what to write for a call of one.

Programs get the old layers still, or the reason why not; `upgrade` writes what stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keras_core.legacy import merging
from keras_core.legacy.call import OldCall, Written
from keras_core.legacy.conversion import converted
from keras_core.legacy.rules import Rule, on
from keras_core.legacy.table import CLASSES, Row

_DENSE = ("init", "activation", "weights", "W_regularizer", "b_regularizer", "activity_regularizer")
_CONSTRAINTS = ("W_constraint", "b_constraint", "bias")
_SHAPES = ("input_shape", "batch_input_shape", "batch_size", "input_dtype", "dtype")


def _name(call: OldCall, arguments: Iterable[str]) -> None:
    call.kwargs = {**dict(zip(arguments, call.args)), **call.kwargs}
    call.args, call.is_old = (), True


def _refuse(call: OldCall, arguments: Iterable[str], advice: str) -> None:
    found = [name for name in arguments if call.kwargs.get(name) is not None]
    if found:
        raise ValueError(f"{call.name} is gone, and {found[0]} has no counterpart. {advice}")


def _taken(call: OldCall, arguments: Iterable[str]) -> dict[str, Any]:
    return {name: call.kwargs.pop(name) for name in arguments if name in call.kwargs}


def _new(called: str, /, *args: Any, **kwargs: Any) -> OldCall:
    """A call of Keras 2, whose arguments may have their names of Keras 1."""
    return converted(called, CLASSES.get(called, Row()), args, kwargs)


def _become(call: OldCall, new: OldCall) -> None:
    call.name, call.args, call.kwargs = new.name, new.args, new.kwargs


def _times(a: Any, b: Any) -> Any:
    return a * b if isinstance(a, int) and isinstance(b, int) else Written("{} * {}", a, b)


@on(by_position=True)
def _maxout(call: OldCall) -> None:
    """One Dense layer for all maps, and the largest of them."""
    _name(call, ("output_dim", "nb_feature", *_DENSE, *_CONSTRAINTS, "input_dim"))
    advice = "Write Dense layers and Maximum, or keep the layer."
    _refuse(
        call,
        ("weights", "activity_regularizer", "W_constraint", "b_constraint", "trainable"),
        advice,
    )
    units, maps = call.kwargs.pop("output_dim", None), call.kwargs.pop("nb_feature", 4)
    named = _taken(call, ("name",))
    dense = _new("Dense", _times(units, maps), **call.kwargs)
    parts = [dense, _new("Reshape", (maps, units)), _new("GlobalMaxPooling1D")]
    _become(call, _new("Sequential", parts, **named))
    call.notes.append(
        "MaxoutDense kept its maps in one array of three axes: files with its weights do not fit "
        "the Dense layer, and random weights are of another size."
    )


@on(by_position=True)
def _highway(call: OldCall) -> None:
    """`x + gate * (h - x)`, with what the layer is called on."""
    _name(call, ("init", "activation", *_DENSE[2:], *_CONSTRAINTS, "input_dim"))
    x = call.applied
    advice = (
        "Write add([x, multiply([gate, subtract([h, x])])]) with x its input, gate = Dense(n, "
        "activation='sigmoid', bias_initializer='ones')(x) and h = Dense(n, ...)(x), n the size "
        "of x."
    )
    if x is None:
        raise ValueError(f"Highway is a layer of Keras 1. {advice}")
    _refuse(call, ("weights", "activity_regularizer", "trainable"), advice)
    _taken(call, ("input_dim", "transform_bias", *_SHAPES))
    named = _taken(call, ("name",))
    size = Written("{}[-1]", _new("int_shape", x))
    hidden = _new("Dense", size, **call.kwargs)
    call.kwargs.pop("activation", None)
    ones = {} if call.kwargs.get("bias") is False else {"bias_initializer": "ones"}
    gate = _new("Dense", size, activation="sigmoid", **ones, **call.kwargs)
    hidden.applied = gate.applied = x
    parts = [gate, _new("subtract", [hidden, x])]
    _become(call, _new("add", [x, _new("multiply", parts)], **named))
    call.applied = None
    call.notes.append("The weights of Highway are those of two Dense layers now.")


@on(by_position=True)
def _dense_at_each_step(call: OldCall) -> None:
    """A Dense layer in a wrapper."""
    _name(call, ("output_dim", *_DENSE, *_CONSTRAINTS, "input_dim", "input_length"))
    length, size = call.kwargs.pop("input_length", None), call.kwargs.pop("input_dim", None)
    outer = _taken(call, ("name", "trainable", *_SHAPES))
    if size is not None:
        outer.setdefault("input_shape", (length, size))
    _become(call, _new("TimeDistributed", _new("Dense", **call.kwargs), **outer))


@on(by_position=True)
def _merge(call: OldCall) -> None:
    """The layer for a mode; with layers or models, a model of all their inputs."""
    _name(call, ("layers", *merging.ARGUMENTS))
    layers = call.kwargs.pop("layers", None)
    advice = "Write Model(inputs, concatenate(outputs)), or another function of keras.layers."
    _refuse(call, ("node_indices", "tensor_indices", "output_mask"), advice)
    inner = OldCall("merge", (None,), call.kwargs)
    merging.by_mode(inner)
    if layers is None:
        _become(call, _layer_of_merge(inner))
        return
    each = layers if isinstance(layers, (list, tuple)) else [layers]
    if not all(getattr(one, "name", None) for one in each):
        raise ValueError(
            f"{call.name} of layers or models is gone. Give each of them a name, and write "
            "Model([left.input, right.input], concatenate([left.output, right.output])), or "
            "another function of keras.layers."
        )
    _become(call, _new("Model", _inputs(layers), _merged(inner, _each(layers, "output"))))
    call.notes.append(
        "A Sequential may begin with this model of several inputs here; in Keras 2 itself, call "
        "the layers behind it on its output."
    )


def _layer_of_merge(inner: OldCall) -> OldCall:
    if inner.name == "Lambda":
        return OldCall("Lambda", inner.args, inner.kwargs)
    return OldCall(inner.name.capitalize(), (), inner.kwargs)


def _inputs(layers: Any) -> Any:
    if isinstance(layers, (list, tuple)) and any(x.has_several_inputs for x in layers):
        joined = " + ".join(["{}.inputs"] * len(layers))
        return Written(f"list(dict.fromkeys({joined}))", *layers)
    return _each(layers, "input")


def _each(layers: Any, attribute: str) -> Any:
    if isinstance(layers, (list, tuple)):
        return [Written(f"{{}}.{attribute}", layer) for layer in layers]
    return Written(f"[layer.{attribute} for layer in {{}}]", layers)


def _merged(inner: OldCall, outputs: Any) -> OldCall:
    if inner.name == "Lambda":
        inner.applied = outputs
    else:
        inner.args = (outputs,)
    return inner


def _row(rule: Rule) -> Row:
    return Row(None, rules=(rule,))


# By the name in Keras 1.
COMPOSED: dict[str, Row] = {
    "Highway": _row(_highway),
    "MaxoutDense": _row(_maxout),
    "Merge": _row(_merge),
    "TimeDistributedDense": _row(_dense_at_each_step),
}
