"""Where Keras computed one layer in two ways: on TensorFlow, and on Theano.

The layers here follow TensorFlow; those of a model that was trained on Theano keep its ways.
Padding "same" is the main one. The number of results is equal by both, ceil(size / stride), but
Theano pads by the window alone, TensorFlow by what the last window lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from keras_core.engine.base_layer import Layer

Pair = tuple[int, int]
Pairs = tuple[Pair, ...]
Around = Union[str, Pairs]

CONVENTIONS = ("tensorflow", "theano")


class ConventionLayer(Layer):
    """A layer that Keras computed in two ways.

    Args:
        convention: "tensorflow" or "theano", whose ways the layer follows. Models that were
            trained on Theano keep its convention when they are loaded.
        kwargs: options of every layer.

    Raises:
        ValueError: if it is another convention.
    """

    def __init__(self, convention: str = "tensorflow", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if convention not in CONVENTIONS:
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r}: `convention` names the engine whose "
                f"ways the layer follows, one of {CONVENTIONS}; got {convention!r}."
            )
        self.convention = convention

    def _depends_on_convention(self) -> bool:
        """Whether the results of this layer differ between the two."""
        return True

    def _trains_by_convention(self) -> bool:
        """Whether its results or its gradients differ."""
        return self._depends_on_convention()

    def _convention_config(self) -> dict[str, Any]:
        """The part of the config that says the convention, where it is not TensorFlow's."""
        if self.convention == "tensorflow" or not self._depends_on_convention():
            return {}
        return {"convention": self.convention}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._convention_config()}


class WindowLayer(ConventionLayer):
    """A layer whose windows slide over an image, with padding "same" by a convention."""

    padding: str
    strides: tuple[int, ...]

    def _reaches(self) -> tuple[int, ...]:
        """For each spatial axis, how far it is from the first to the last entry of a window."""
        raise NotImplementedError

    def _theano_pairs(self) -> Pairs:
        """(before, after) for each spatial axis, as Theano pads."""
        return tuple(map(half_around, self._reaches()))

    def _around(self) -> Around:
        """The padding as the functions of the backend take it."""
        if self.padding == "same" and self.convention == "theano":
            return self._theano_pairs()
        return self.padding

    def _depends_on_convention(self) -> bool:
        if self.padding != "same":
            return False
        return any(map(differs, self._theano_pairs(), self._reaches(), self.strides))


def reaches(sizes: Sequence[int], dilations: Sequence[int]) -> tuple[int, ...]:
    """How far it is from the first to the last entry of a window, for each axis."""
    return tuple((size - 1) * dilation for size, dilation in zip(sizes, dilations))


def half_around(reach: int) -> Pair:
    """Theano's padding around what is convolved: half of the window, the larger half before."""
    return (reach + 1) // 2, reach // 2


def differs(pair: Pair, reach: int, stride: int) -> bool:
    """Whether TensorFlow pads elsewhere along an axis of some size."""
    return reach > 0 and (stride > 1 or pair != (reach // 2, reach - reach // 2))
