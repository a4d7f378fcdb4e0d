"""Models that are given weights follow the convention of the engine that these are from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras_core.saving import writer
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import layers_within


def follow(model: Any, group: H5Dict, by_name: bool, written_on: str | None) -> None:
    """Has layers that were given weights from Theano, or by Keras 1, compute as they did there.

    A file that says TensorFlow may be of here, of a model that keeps Theano's convention.

    Args:
        model: Model.
        group: H5Dict, the group of weights.
        by_name: bool, whether only the layers named there are meant.
        written_on: str, the engine that the user says, or None.
    """
    engine = writer.engine_of(group, written_on)
    of_keras1 = engine == "tensorflow" and writer.is_keras1(group)
    if engine is None or not (engine == "theano" or of_keras1):
        return
    named = set(group.names("layer_names"))
    layers = [layer for layer in model.layers if not by_name or layer.name in named]
    changed = set(_to_change(layers, engine))
    for layer in changed:
        layer.convention = engine
    if changed:
        model._retrace(changed)


def _to_change(layers: list[Any], engine: str) -> Iterator[Any]:
    for layer in layers_within(layers):
        differs = getattr(layer, "_trains_by_convention", None)
        if differs is not None and layer.convention != engine and differs():
            yield layer
