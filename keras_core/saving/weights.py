"""The weights of layers in a group of an HDF5 file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core import backend as K
from keras_core.attempt import current
from keras_core.errors import ModelFileError, shortened, shown
from keras_core.graph import Variable
from keras_core.graph.hands import held_still
from keras_core.saving import dialects, writer
from keras_core.saving.config import KERAS_VERSION, KERNEL_LAYOUT
from keras_core.saving.dialects import keras1_weights
from keras_core.saving.dialects.numbered import Numbered
from keras_core.saving.json_text import parse_json
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import describe, unfrozen
from keras_core.utils.weight_conversion import convert_weights
from keras_core.warned import warn

if TYPE_CHECKING:
    from keras_core.engine.base_layer import Layer


def save_weights(group: H5Dict, layers: Sequence[Layer]) -> None:
    """Writes the weights of layers.

    Args:
        group: H5Dict.
        layers: list of layers.
    """
    group["layer_names"] = [_encoded(layer) for layer in layers]
    group["backend"] = KERNEL_LAYOUT.encode("utf8")
    group["keras_version"] = KERAS_VERSION.encode("utf8")
    with held_still([variable for layer in layers for variable in layer.weights]):
        for layer in layers:
            with named_after(layer):
                inner = group.group(layer.name)
            _save_layer(inner, layer)


@contextmanager
def named_after(layer: Layer) -> Iterator[None]:
    """Has an error over the name of a layer, within which something is named, tell so.

    Args:
        layer: layer.
    """
    try:
        yield
    except ValueError as error:
        reason = error.reason if isinstance(error, ModelFileError) else f"{shortened(error, 200)}."
        raise ValueError(
            f"Layer {shown(layer.name)} cannot be saved under this name: {reason} Give it another."
        ) from error


def _encoded(layer: Layer) -> bytes:
    with named_after(layer):
        return layer.name.encode("utf8")


# Beside Keras 2's list of names, where frozen layers change its order: the order that they do not.
_UNFROZEN_NAMES = "unfrozen_weight_names"


def _save_layer(group: H5Dict, layer: Layer) -> None:
    """Writes the weights of a layer in Keras 2's order: those of frozen layers at the end."""
    names = dict(zip(layer.weights, save_variables(group, layer.weights)))
    unfrozen_names = [names[variable].encode("utf8") for variable in _stored(layer)]
    if list(names) != _stored(layer):
        group[_UNFROZEN_NAMES] = unfrozen_names


def _stored(layer):
    """The variables of a layer in the order of files, whatever is frozen."""
    with unfrozen():
        return layer.weights


def save_variables(group: H5Dict, variables: Sequence[Variable]) -> list[str]:
    """Writes variables under their names, which are made different where they are equal.

    Args:
        group: H5Dict.
        variables: list of variables.

    Returns:
        The names.
    """
    names = _distinct([variable.name for variable in variables])
    group["weight_names"] = [name.encode("utf8") for name in names]
    for name, value in zip(names, K.batch_get_value(variables)):
        group[name] = np.asarray(value)
    return names


def _distinct(names: Iterable[str]) -> list[str]:
    taken: dict[str, Any] = {}
    for name in names:
        stem, colon, output = name.partition(":")
        distinct, count = name, taken.get(name, 0)
        while distinct in taken:
            count += 1
            distinct = f"{stem}_{count}{colon}{output}"
        taken[name] = count
        taken.setdefault(distinct, 0)
    return list(taken)


def read_json(group: H5Dict, key: str) -> Any:
    """Reads what a text in JSON says.

    Raises:
        ModelFileError: if it is missing or no JSON.
    """
    text = group.text(key)
    try:
        return parse_json(text)
    except ModelFileError as error:
        raise group.wrong(error.reason, key) from error


def survey(group: H5Dict) -> float:
    """The number of numbers in the weights of a file, none of which is read; not known of a dict.

    Args:
        group: H5Dict.

    Raises:
        ModelFileError: if a layer's group or array is missing, cannot be read, or if all arrays
            together are too large.
    """
    if group.file is None:
        return math.inf
    size = 0
    for name in group.names("layer_names"):
        size += _size(group.group(name))
    group.check_size(size)
    return size


def shapes(group: H5Dict) -> dict[str, tuple[int, ...]]:
    """The shapes of all arrays of a file by their names, as far as these mean one shape.

    Args:
        group: H5Dict.
    """
    found: dict[str, set[tuple[int, ...]]] = {}
    for layer in map(group.group, group.names("layer_names")):
        for name in layer.names("weight_names"):
            found.setdefault(name, set()).add(layer.array_shape(name))
    return {name: each.pop() for name, each in found.items() if len(each) == 1}


def _size(group: H5Dict) -> int:
    return sum(math.prod(group.array_shape(name)) for name in group.names("weight_names"))


def read_arrays(group: H5Dict, limit: int, key: str = "weight_names") -> list[np.ndarray]:
    """Reads the arrays of a group in the order of a list of names in it.

    Args:
        group: H5Dict.
        limit: int, the number of elements that the arrays may have together; a file that claims
            more is refused before memory is taken for it.
        key: str, the name of the list.

    Raises:
        ModelFileError: if an array is missing or damaged, or if they are too large for what they
            are read for.
    """
    size = 0 if group.file is None else _size(group)
    if size > limit:
        raise group.wrong(f"it holds {size} numbers, but at most {limit} were expected there.")
    return [group.array(name) for name in group.names(key)]


def _largest(variables: Sequence[Variable]) -> int:
    # A CuDNN bias is twice as long as the one it is converted to.
    return 2 * sum(int(np.prod(K.int_shape(v))) for v in variables) + 16


def load_weights(
    group: H5Dict, layers: Sequence[Layer], reshape: bool = False, written_on: str | None = None
) -> None:
    """Gives the weights of a file to layers, in order; all of them or, after an error, none.

    Args:
        group: H5Dict.
        layers: list of layers; those without weights are passed over, as they are in the file.
        reshape: bool, whether a first array of another shape and equal size is reshaped.
        written_on: str, the engine that the file was written on, where it does not say.

    Raises:
        ValueError: if the file is damaged or its weights do not fit.
    """
    survey(group)
    layers = [layer for layer in layers if layer.weights]
    names = [name for name in group.names("layer_names") if _has_weights(group, name)]
    if writer.is_keras1(group):
        layers = keras1_weights.owners_of_groups(layers, names)
    if len(names) != len(layers):
        raise ValueError(
            f"{group.where} holds weights of {len(names)} layers, {shown(names)}, but the "
            f"model has {len(layers)} layers with weights, {shown([x.name for x in layers])}."
        )
    pairs: list[Any] = []
    for name, layer in zip(names, layers):
        pairs += _fitting(group, name, layer, reshape, written_on)
    give_values(pairs)


def give_values(pairs: Sequence[Any]) -> None:
    """Gives variables the values that a file has for them, and tells a reading that they have them.

    Args:
        pairs: list of (variable, array).
    """
    K.batch_set_value(pairs)
    attempt = current()
    if attempt is not None:
        attempt.settle(variable for variable, _ in pairs)


def _has_weights(group: H5Dict, name: str) -> bool:
    return bool(group.group(name).names("weight_names"))


def _fitting(
    group: H5Dict, name: str, layer: Layer, reshape: bool, written_on: str | None
) -> list[Any]:
    """Pairs the variables of a layer with converted arrays of a file."""
    inner = group.group(name)
    variables = _stored(layer)
    if writer.is_keras1(group):
        names, arrays = inner.names("weight_names"), read_arrays(inner, _largest(variables))
        arrays = keras1_weights.of_today(layer, names, arrays)
    else:
        _check_number(inner, inner.names("weight_names"), layer)
        later = dialects.is_later(writer.version_of(group))
        arrays = _in_order(layer, variables, inner, later)
    with unfrozen():
        arrays = convert_weights(layer, arrays, writer.engine_of(group, written_on), reshape)
    for variable, array in zip(variables, arrays):
        if K.int_shape(variable) != array.shape:
            raise ValueError(
                f"{inner.where}: the array for {variable.name} of layer {describe(layer)} has "
                f"shape {array.shape}, but the weight has shape {K.int_shape(variable)}."
            )
    return list(zip(variables, arrays))


def _in_order(layer, variables, inner, later):
    """The arrays of a group in the order of a layer's variables.

    Keras 2 wrote the weights of frozen layers behind the others, so the order of a file that it
    wrote depends on what was frozen. Names tell it where they are the layer's own, or written in
    the order that we keep.
    """
    if _UNFROZEN_NAMES in inner:
        return read_arrays(inner, _largest(variables), _UNFROZEN_NAMES)
    names, arrays = inner.names("weight_names"), read_arrays(inner, _largest(variables))
    own = _distinct([variable.name for variable in variables])
    if sorted(names) == sorted(own):
        named = dict(zip(names, arrays))
        return [named[name] for name in own]
    listed = layer.weights
    # Later Keras has other names, and the order by what its configuration calls trainable.
    orders = (listed, variables) if later else (variables, listed)
    order = next((order for order in orders if _fit(order, arrays)), variables)
    place = dict(zip(order, arrays))
    return [place[variable] for variable in variables]


def _fit(variables, arrays):
    return all(K.int_shape(v) == array.shape for v, array in zip(variables, arrays))


def _check_number(inner: H5Dict, names: Sequence[str], layer: Layer) -> None:
    if len(names) != len(layer.weights):
        raise ValueError(
            f"{inner.where} holds {len(names)} arrays {shown(names)}, but layer "
            f"{describe(layer)} has {len(layer.weights)} weights "
            f"{shown([w.name for w in layer.weights])}."
        )


def load_weights_by_name(
    group: H5Dict,
    layers: Sequence[Layer],
    skip_mismatch: bool = False,
    reshape: bool = False,
    written_on: str | None = None,
) -> None:
    """Gives the weights of a file to the layers of the same names.

    Args:
        group: H5Dict.
        layers: list of layers.
        skip_mismatch: bool, whether to pass over layers whose weights do not fit, with a warning.
        reshape: bool, whether a first array of another shape and equal size is reshaped.
        written_on: str, the engine that the file was written on, where it does not say.

    Raises:
        ValueError: if the file is damaged, or weights do not fit and `skip_mismatch` is False.
    """
    if isinstance(group, Numbered):
        raise ValueError(
            f"{group.where} numbers its layers, as Keras did before 1.0, so none has a name. Load "
            "it without by_name into a model of the same layers."
        )
    survey(group)
    pairs: list[Any] = []
    named: dict[str, list[Any]] = {}
    for layer in layers:
        named.setdefault(layer.name, []).append(layer)
    for name in group.names("layer_names"):
        if not _has_weights(group, name):
            continue
        for layer in named.get(name, ()):
            pairs += _fitting_or_skipped(group, name, layer, skip_mismatch, reshape, written_on)
    give_values(pairs)


def _fitting_or_skipped(
    group: H5Dict,
    name: str,
    layer: Layer,
    skip_mismatch: bool,
    reshape: bool,
    written_on: str | None,
) -> list[Any]:
    try:
        return _fitting(group, name, layer, reshape, written_on)
    except ModelFileError:
        raise
    except ValueError as error:
        if not skip_mismatch:
            raise
        warn(f"Layer {name} keeps its weights: {error}")
        return []
