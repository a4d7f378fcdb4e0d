"""Merge, the one layer of Keras 1 for what are several since: which one, by its mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_core.legacy.call import OldCall

# Mode to today's layer, and the function that makes and calls one.
LAYERS = {
    "sum": "Add",
    "mul": "Multiply",
    "concat": "Concatenate",
    "ave": "Average",
    "max": "Maximum",
    "dot": "Dot",
    "cos": "Dot",
}
FUNCTIONS = {mode: layer.lower() for mode, layer in LAYERS.items()}

# The arguments after the first, in their order.
ARGUMENTS = (
    *("mode", "concat_axis", "dot_axes", "output_shape", "output_mask", "arguments"),
    *("node_indices", "tensor_indices", "name"),
)


def options(mode: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of today's layer for a mode.

    Args:
        mode: one of `LAYERS`.
        given: `concat_axis` and `dot_axes`, where they are not -1.
    """
    if mode == "concat":
        return {"axis": given.get("concat_axis", -1)}
    if mode in ("dot", "cos"):
        normalize = {"normalize": True} if mode == "cos" else {}
        return {"axes": _flat(given.get("dot_axes", -1)), **normalize}
    return {}


def _flat(axes: Any) -> Any:
    """Axes of a dot product: Keras 1 took a list of axes of each input, of one axis at most."""
    if isinstance(axes, (list, tuple)):
        return [axis[0] if isinstance(axis, (list, tuple)) and axis else axis for axis in axes]
    return axes


def refuse_mode(mode: Any) -> ValueError:
    """The error for a mode that there never was."""
    return ValueError(
        f"merge has no mode {mode!r}; the modes are {sorted(LAYERS)}, or a function of a list of "
        "tensors."
    )


def by_mode(call: OldCall) -> None:
    """The rule for `merge(inputs, mode=...)`, which is a function a mode now."""
    _name_arguments(call)
    given = call.kwargs
    mode = given.get("mode", "sum")
    named = {"name": given["name"]} if given.get("name") is not None else {}
    call.is_old = True
    if isinstance(mode, str) and mode in LAYERS:
        call.name, call.kwargs = FUNCTIONS[mode], {**options(mode, given), **named}
    elif isinstance(mode, str) or not callable(mode):
        raise refuse_mode(mode)
    else:
        kept = {k: given[k] for k in ("output_shape", "arguments") if given.get(k) is not None}
        call.name, call.applied = "Lambda", call.args[0]
        call.args, call.kwargs = (mode,), {**kept, **named}


def _name_arguments(call: OldCall) -> None:
    first, *rest = call.args or (call.kwargs.pop("inputs", None),)
    call.kwargs = {**dict(zip(ARGUMENTS, rest)), **call.kwargs}
    call.args = (first,)
