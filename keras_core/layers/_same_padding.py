"""Where padding "same" puts its zeros: TensorFlow's convention, and Theano's in models from there.

The number of results is the same by both, ceil(size / stride). Theano pads by the window alone,
TensorFlow by what the last window lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from keras_core.engine.base_layer import Layer

Pairs = tuple[tuple[int, int], ...]
Around = Union[str, Pairs]

CONVENTIONS = ("tensorflow", "theano")


class SamePadding(Layer):
    """A layer whose windows slide over an image.

    Args:
        same_padding: "tensorflow" or "theano", whose convention padding "same" follows. Models
            that were trained on Theano keep its convention when they are loaded.
        kwargs: Options of every layer.

    Raises:
        ValueError: If it is another convention.
    """

    padding: str
    strides: tuple[int, ...]

    def __init__(self, same_padding: str = "tensorflow", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if same_padding not in CONVENTIONS:
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r}: `same_padding` names the engine whose "
                f"convention padding='same' follows, one of {CONVENTIONS}; got {same_padding!r}."
            )
        self.same_padding = same_padding

    def _theano_pairs(self) -> Pairs:
        """(before, after) for each spatial axis, as Theano pads."""
        raise NotImplementedError

    def _around(self) -> Around:
        """The padding as the functions of the backend take it."""
        if self.padding == "same" and self.same_padding == "theano":
            return self._theano_pairs()
        return self.padding

    def _depends_on_convention(self) -> bool:
        """Whether the two conventions differ for this layer."""
        return self.padding == "same" and differ(self._theano_pairs(), self.strides)

    def _convention_config(self) -> dict[str, Any]:
        """The part of the config that says the convention, where it is not TensorFlow's."""
        if self.same_padding == "tensorflow" or not self._depends_on_convention():
            return {}
        return {"same_padding": self.same_padding}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._convention_config()}


def convolution_pairs(sizes: Sequence[int], dilations: Sequence[int]) -> Pairs:
    """Theano's padding around what is convolved: half of the window, the larger half before."""
    reaches = [(size - 1) * dilation for size, dilation in zip(sizes, dilations)]
    return tuple(((reach + 1) // 2, reach // 2) for reach in reaches)


def pooling_pairs(sizes: Sequence[int]) -> Pairs:
    """Theano's padding around what is pooled: windows begin as early as they may, odd ones later."""
    late = [1 if size > 2 and size % 2 else 0 for size in sizes]
    return tuple((size - 1 - after, after) for size, after in zip(sizes, late))


def differ(pairs: Pairs, strides: Sequence[int]) -> bool:
    """Whether TensorFlow pads elsewhere, for an input of some size."""
    return any(
        before + after > 0 and (stride > 1 or before != (before + after) // 2)
        for (before, after), stride in zip(pairs, strides)
    )
