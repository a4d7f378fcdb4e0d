"""The options that many layers share: how they are read, checked, used and written to a config.

A layer lists the names of its options once, in the order of its config. The signature of its
constructor gives their defaults; `set_options(self, NAMES, locals())` stores what was given,
`pick(locals(), NAMES)` hands it on to another constructor, and `options_config` writes it down.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Union

import numpy as np

from keras_core import activations, constraints, initializers, regularizers
from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.graph import Tensor, Variable
from keras_core.utils import conv_utils, generic_utils
from keras_core.utils.generic_utils import Number

# One whole number for all axes, or one an axis.
PerAxis = Union[int, Sequence[int]]

# One tensor, or several.
Tensors = Union[Tensor, Sequence[Tensor]]

# Whether a call is one of training: True or 1, False or 0, a tensor that says so when the program
# runs, or None for the learning phase.
Training = Union[bool, int, Tensor, None]

# What an option of a family is stored as.
Function = Callable[..., Any]

# An option belongs to the family that its name ends with; others are plain values.
_FAMILIES = {
    "activation": activations,
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}

# What a layer with a kernel, a bias and an activation offers.
KERNEL_AND_BIAS = (
    "activation",
    "kernel_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
)


class KernelLayer(Layer):
    """A layer with a kernel, maybe a bias, and an activation: the attributes that follow from it.

    `set_options` stores those of `KERNEL_AND_BIAS`, and `add_part` the two weights.
    """

    use_bias: bool
    activation: Callable[..., Tensor]
    kernel_initializer: Function
    bias_initializer: Function
    kernel_regularizer: Function | None
    bias_regularizer: Function | None
    activity_regularizer: Function | None
    kernel_constraint: Function | None
    bias_constraint: Function | None
    kernel: Variable
    bias: Variable | None


# Options that are True or False.
_FLAGS = frozenset({"use_bias", "unit_forget_bias", "reset_after"})


def _family(option: str) -> Any:
    return _FAMILIES.get(option.rpartition("_")[2])


def pick(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The values of these names, and no others; those of a constructor are its `locals()`."""
    return {name: values[name] for name in names}


def set_options(layer: Layer, names: Iterable[str], values: Mapping[str, Any]) -> None:
    """Stores options on a layer, those of a family (a name, a config, a function) as its objects.

    Args:
        layer: the layer that gets one attribute an option.
        names: the options to store.
        values: values by name, of these options and maybe more; a constructor's `locals()`.
    """
    for name, value in pick(values, names).items():
        family = _family(name)
        if name in _FLAGS:
            value = checked_flag(layer, name, value)
        setattr(layer, name, family.get(value) if family else value)


def options_config(layer: Layer, names: Iterable[str]) -> dict[str, Any]:
    """The options of a layer by name, as a config holds them."""
    config = {}
    for name in names:
        family = _family(name)
        value = getattr(layer, name)
        config[name] = family.serialize(value) if family else value
    return config


def named(layer: Any, option: str) -> str:
    """What messages call an option of a layer."""
    return f"{type(layer).__name__} layer {layer.name!r}: `{option}`"


def checked_flag(layer: Any, name: str, value: bool) -> bool:
    """The value, if it is True or False, or a number; any word would count as true.

    Raises:
        TypeError: Naming the layer, the option and the value seen.
    """
    if not isinstance(value, (bool, int, float, np.number, np.bool_, type(None))):
        raise TypeError(f"{named(layer, name)} is True or False, but got {value!r}.")
    return value


def checked_sizes(layer: Any, name: str, value: Any, rank: int) -> tuple[int, ...]:
    """Sizes or steps of at least 1, one for each of `rank` axes.

    Raises:
        ValueError: Naming the layer, the option and the value seen.
    """
    return conv_utils.normalize_sizes(value, rank, named(layer, name))


def checked_padding(layer: Any, value: Any, causal: bool = False) -> str:
    """The padding in lower case: "valid", "same" or, where there is such a thing, "causal".

    Raises:
        ValueError: Naming the layer and the value seen.
    """
    allowed = conv_utils.PADDINGS if causal else conv_utils.PADDINGS[:2]
    return conv_utils.normalize_padding(value, named(layer, "padding"), allowed)


def check_positive(layer: Layer, *names: str) -> None:
    """Refuses options that are no whole numbers above zero, and stores the others as int.

    Raises:
        ValueError: Naming the layer, the option and the value seen.
    """
    for name in names:
        value = getattr(layer, name)
        try:
            number = operator.index(value)
        except TypeError:
            number = 0
        if number <= 0 or isinstance(value, bool):
            raise ValueError(
                f"{named(layer, name)} must be a positive integer, got {value!r}. Write for "
                f"instance {name}=32"
                + (", and then call the layer on the tensor." if K.is_tensor(value) else ".")
            )
        setattr(layer, name, number)


def checked_fraction(layer: Any, name: str, value: Any) -> float:
    """A rate of dropout, if it is a number from 0 to 1.

    Raises:
        TypeError: it is no number.
        ValueError: it is a number outside of that.
    """
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise TypeError(f"{named(layer, name)} must be a number from 0 to 1, got {value!r}.")
    if not 0 <= value <= 1:
        raise ValueError(
            f"{named(layer, name)} is the fraction to drop, from 0 to 1, but got {value!r}. To "
            f"drop half write {name}=0.5."
        )
    return float(value)


def checked_number(layer: Any, name: str, value: Number, least: float | None = None) -> Number:
    """The value, if it is a number, and not less than the least one.

    Raises:
        TypeError: it is no number.
        ValueError: it is less than that.
    """
    return generic_utils.checked_number(named(layer, name), value, least)


def add_part(
    layer: Layer,
    part: str,
    shape: tuple[int, ...],
    initializer: Function | None = None,
    dtype: str | None = None,
) -> None:
    """Adds a weight with the options that carry its name, as the attribute of that name.

    `recurrent_kernel` takes `recurrent_initializer`, `recurrent_regularizer` and
    `recurrent_constraint`; `kernel` and `bias` take those of their own names.

    Args:
        layer: the layer that gets the weight.
        part: the weight's name.
        shape: the weight's shape.
        initializer: replaces the option's initializer.
        dtype: the weight's dtype; the layer's by default.
    """
    prefix = part.replace("_kernel", "")
    weight = layer.add_weight(
        name=part,
        shape=shape,
        dtype=dtype,
        initializer=initializer or getattr(layer, prefix + "_initializer"),
        regularizer=getattr(layer, prefix + "_regularizer"),
        constraint=getattr(layer, prefix + "_constraint"),
    )
    setattr(layer, part, weight)
