"""Models that are given weights from Theano follow its convention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras_core.saving import writer
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import layers_within


def to_change(model: Any, group: H5Dict, by_name: bool, written_on: str | None) -> set[Any]:
    """The layers that compute otherwise once they have weights from Theano.

    Args:
        model: Model.
        group: H5Dict, the group of weights.
        by_name: bool, whether only the layers named there are meant.
        written_on: str, the engine that the user says, or None.
    """
    if writer.engine_of(group, written_on) != "theano":
        return set()
    named = set(group.names("layer_names"))
    layers = [layer for layer in model.layers if not by_name or layer.name in named]
    return set(_to_change(layers))


def follow(model: Any, changed: set[Any]) -> None:
    """Has layers that were given weights from Theano compute as they did there.

    Args:
        model: Model.
        changed: the layers, as `to_change` gave them.
    """
    for layer in changed:
        layer.convention = "theano"
    if changed:
        model._retrace(changed)


def _to_change(layers: list[Any]) -> Iterator[Any]:
    for layer in layers_within(layers):
        differs = getattr(layer, "_trains_by_convention", None)
        if differs is not None and layer.convention != "theano" and differs():
            yield layer
