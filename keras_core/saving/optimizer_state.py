"""The arrays of an optimizer, from files of other writers in today's form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_core.saving.dialects import keras1_weights
from keras_core.saving.weights import read_arrays
from keras_core.saving.writer import is_keras1
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import unfrozen
from keras_core.utils.weight_conversion import (
    convert_weights,
    flipped,
    kernels_to_flip,
    leaves,
)

# By the optimizer's class: whether Keras 1 wrote how many steps were done, and how many arrays it
# wrote for each weight.
_KERAS1_LAYOUT = {
    "SGD": (True, 1),
    "RMSprop": (False, 1),
    "Adagrad": (False, 1),
    "Adadelta": (False, 2),
    "Adam": (True, 2),
    "Adamax": (True, 2),
    "Nadam": (True, 2),
}


def state_of_today(
    store: H5Dict, model: Any, values: Sequence[np.ndarray], written_on: str | None
) -> list[np.ndarray]:
    """The state of a model's optimizer, from what a file holds.

    Args:
        store: H5Dict, the whole file.
        model: compiled Model with the weights of the file.
        values: list of arrays, the state in the file.
        written_on: str, the engine that the file was written on, or None.

    Raises:
        ValueError: if the state does not fit.
    """
    if is_keras1(store.group("model_weights")):
        return _from_keras1(store.group("model_weights"), model, values, written_on)
    return _turned(model, values) if written_on == "theano" else list(values)


def _turned(model: Any, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Reverses what belongs to kernels that are reversed: slots come weight by weight, in turn."""
    kernels = {id(kernel) for layer in model.layers for kernel in _kernels(layer)}
    weights = model._collected_trainable_weights
    turned = []
    for place, value in enumerate(values):
        weight = weights[(place - len(values)) % len(weights)]
        is_slot = id(weight) in kernels and value.shape == weight.shape
        turned.append(flipped(value) if is_slot else value)
    return turned


def _kernels(layer: Any) -> Iterator[Any]:
    with unfrozen():
        for leaf in leaves(layer):
            yield from leaf.weights[: kernels_to_flip(leaf)]


def _from_keras1(
    group: H5Dict, model: Any, values: Sequence[np.ndarray], written_on: str | None
) -> list[np.ndarray]:
    """Keras 1 sorted the weights by their names, split as it split them."""
    kind = type(model.optimizer).__name__
    if kind not in _KERAS1_LAYOUT:
        raise ValueError(f"what Keras 1 wrote for {kind} is not known")
    counts_steps, number = _KERAS1_LAYOUT[kind]
    slots = values[1:] if counts_steps else values
    steps = values[0] if counts_steps else np.asarray(0)
    weights = _WeightsOfKeras1(group, model)
    if len(slots) != number * len(weights.trained):
        raise ValueError(
            f"Keras 1 wrote {len(values)} arrays for {kind}, but for {len(weights.trained)} "
            f"weights there are {number * len(weights.trained) + counts_steps}"
        )
    per_set = len(weights.trained)
    sets = [
        weights.of_today(slots[i * per_set : (i + 1) * per_set], written_on) for i in range(number)
    ]
    state = [np.asarray(steps), *_schedule(model.optimizer, steps)]
    state += [array for one in sets for array in one]
    return state + [weight.get_value() for weight in model.optimizer.weights[len(state) :]]


def _schedule(optimizer: Any, steps: Any) -> list[np.ndarray]:
    """The product of Nadam's momenta so far, which Keras 1 left out."""
    if type(optimizer).__name__ != "Nadam":
        return []
    config = optimizer.get_config()
    decays = 0.96 ** (np.arange(1, int(steps) + 1) * config["schedule_decay"])
    return [np.asarray(np.prod(config["beta_1"] * (1.0 - 0.5 * decays)), "float32")]


class _WeightsOfKeras1:
    """The weights in a group that Keras 1 wrote, by which the slots of its optimizers went.

    Args:
        group: H5Dict.
        model: Model.

    Attributes:
        trained: list of str, the names of the arrays that have slots, in the order of these.
    """

    def __init__(self, group: H5Dict, model: Any) -> None:
        self._params = model._collected_trainable_weights
        size = 2 * sum(int(np.prod(weight.shape)) for weight in model.weights) + 16
        named = [
            (name, group.group(name).names("weight_names")) for name in group.names("layer_names")
        ]
        named = [(name, names) for name, names in named if names]
        layers = [layer for layer in model.layers if layer.weights]
        owners = keras1_weights.owners_of_groups(layers, [name for name, _ in named])
        self._groups = [
            (layer, names, read_arrays(group.group(name), size))
            for layer, (name, names) in zip(owners, named)
        ]
        self.trained = sorted(name for one in self._groups for name in self._trained_in(*one))

    def _trained_in(self, layer, names, arrays):
        params = set(map(id, self._params))
        for leaf, share in keras1_weights.shares(layer, names, arrays):
            with unfrozen():
                trainable = [id(weight) in params for weight in leaf.weights]
            if len(share) != len(trainable):
                yield from (names[i] for i in share if trainable[0])
            else:
                yield from (names[i] for i, is_trained in zip(share, trainable) if is_trained)

    def of_today(self, slots: Sequence[np.ndarray], written_on: str | None) -> list[np.ndarray]:
        """A slot for each weight of today, of those that Keras 1 had for its own.

        Raises:
            ValueError: if a slot has not the shape of its weight.
        """
        named = dict(zip(self.trained, slots))
        found: dict[int, np.ndarray] = {}
        for layer, names, arrays in self._groups:
            parts = [named.get(name, array) for name, array in zip(names, arrays)]
            if any(part.shape != array.shape for part, array in zip(parts, arrays)):
                raise ValueError(f"the state for {layer.name} has other shapes than its weights")
            parts = keras1_weights.of_today(layer, names, parts)
            with unfrozen():
                parts = convert_weights(layer, parts, written_on)
                found.update(zip(map(id, layer.weights), parts))
        return [found[id(weight)] for weight in self._params]
