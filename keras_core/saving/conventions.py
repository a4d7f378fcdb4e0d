"""Models that are given weights follow the convention of the engine that these are from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from keras_core.saving import writer
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import layers_within


def to_change(model: Any, group: H5Dict, by_name: bool, written_on: str | None) -> dict[Any, str]:
    """The layers that compute otherwise once they have weights from Theano, or of Keras 1.

    A file that says TensorFlow may be of here, of a model that keeps Theano's convention.

    Args:
        model: Model.
        group: H5Dict, the group of weights.
        by_name: bool, whether only the layers named there are meant.
        written_on: str, the engine that the user says, or None.

    Returns:
        For each the engine whose convention it is to follow.
    """
    engine = writer.engine_of(group, written_on)
    of_keras1 = engine == "tensorflow" and writer.is_keras1(group)
    if engine is None or not (engine == "theano" or of_keras1):
        return {}
    named = set(group.names("layer_names"))
    layers = [layer for layer in model.layers if not by_name or layer.name in named]
    return dict.fromkeys(_to_change(layers, engine), engine)


def follow(model: Any, changed: Mapping[Any, str]) -> None:
    """Has layers that were given weights from elsewhere compute as they did there.

    Args:
        model: Model.
        changed: the layers and engines, as `to_change` gave them.
    """
    for layer, engine in changed.items():
        layer.convention = engine
    if changed:
        model._retrace(set(changed))


def _to_change(layers: list[Any], engine: str) -> Iterator[Any]:
    for layer in layers_within(layers):
        differs = getattr(layer, "_trains_by_convention", None)
        if differs is not None and layer.convention != engine and differs():
            yield layer
