"""Layers that move elements about and change none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.engine.input_spec import shape_tuple, whole_sizes
from keras_core.graph import Tensor
from keras_core.graph.spec import Shape, are_known
from keras_core.layers._options import check_positive


class Reshape(Layer):
    """Gives each sample another shape of the same number of elements.

    Args:
        target_shape: sizes of the output without the batch axis; one of them may be -1, to be
            found from the others.

    Input shape: `(batch, ...)`. Output shape: `(batch, *target_shape)`.

    Raises:
        TypeError: if `target_shape` is no tuple of whole numbers.
        ValueError: if the numbers of elements differ, or more than one size is -1.

    Example:
        >>> layers.Reshape((4, 3))(layers.Input((12,))).shape
        (None, 4, 3)
        >>> layers.Reshape((-1, 2))(layers.Input((12,))).shape
        (None, 6, 2)
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shape = whole_sizes(f"Reshape layer {self.name!r}", "target_shape", target_shape)
        if any(size is None or size < -1 for size in shape):
            raise ValueError(
                f"Reshape layer {self.name!r}: `target_shape` is {target_shape!r}; its sizes are "
                "numbers of at least 0, or -1 for one that is found from the others."
            )
        self.target_shape: tuple[int, ...] = cast("tuple[int, ...]", shape)
        if sum(size == -1 for size in self.target_shape) > 1:
            raise ValueError(
                f"Reshape layer {self.name!r}: only one size of `target_shape` may be -1, but "
                f"got {self.target_shape}."
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sizes = tuple(input_shape[1:])
        if not are_known(sizes):
            return (input_shape[0], *(None if s == -1 else s for s in self.target_shape))
        return (input_shape[0], *self._solve(sizes))

    def _solve(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the target shape with its -1 found from the sizes of a sample."""
        elements = int(np.prod(sizes, dtype=np.int64))
        known = int(np.prod([s for s in self.target_shape if s != -1], dtype=np.int64))
        free = -1 in self.target_shape
        if (free and (known == 0 or elements % known)) or (not free and known != elements):
            raise ValueError(
                f"Reshape layer {self.name!r}: a sample of shape {sizes} has {elements} elements "
                f"and cannot become {self.target_shape}."
            )
        return tuple(elements // known if s == -1 else s for s in self.target_shape)

    def call(self, inputs: Tensor) -> Tensor:
        batch, *sizes = self.compute_output_shape(K.int_shape(inputs))
        if None not in sizes:
            return K.reshape(inputs, (-1 if batch is None else batch, *sizes))
        return K.reshape(inputs, (K.shape(inputs)[0], *self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Puts the axes of each sample into another order.

    Args:
        dims: the input's axes in the output's order, counted from 1: `(2, 1)` swaps the first
            two. Every axis occurs once; the batch axis stays and is not named.

    Input shape: `(batch, ...)`. Output shape: the same sizes in that order.

    Raises:
        ValueError: if `dims` is no permutation of 1, 2, ..., or the input has another rank.

    Example:
        >>> layers.Permute((2, 1))(layers.Input((10, 64))).shape
        (None, 64, 10)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = shape_tuple(f"Permute layer {self.name!r}", "dims", dims)
        self.dims: tuple[int, ...] = cast("tuple[int, ...]", axes)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute layer {self.name!r}: `dims` must hold each of 1 to {len(self.dims)} "
                f"once, but got {self.dims}."
            )
        self.input_spec: InputSpec = InputSpec(ndim=len(self.dims) + 1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def call(self, inputs: Tensor) -> Tensor:
        return K.permute_dimensions(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class Flatten(Layer):
    """Makes each sample one axis.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one. With
            "channels_first" the channels are moved to the end first, so that the order of the
            elements is that of "channels_last", and a Dense after it may keep its weights.

    Input shape: `(batch, ...)` of rank 3 or more, with sizes known. Output shape:
    `(batch, elements)`.

    Raises:
        ValueError: if the rank is below 3 or an axis but the batch has no size.

    Example:
        >>> layers.Flatten()(layers.Input((7, 7, 64))).shape
        (None, 3136)
        >>> x = K.reshape(K.arange(6), (1, 3, 2))  # 3 places, 2 channels
        >>> K.eval(layers.Flatten("channels_first")(x)).tolist()
        [[0, 2, 4, 1, 3, 5]]
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec: InputSpec = InputSpec(min_ndim=3)
        self.data_format: str = K.normalize_data_format(data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sizes = tuple(input_shape[1:])
        if not are_known(sizes):
            raise ValueError(
                f"Flatten layer {self.name!r}: the input's sizes must be known, the batch apart, "
                f"but the input has shape {tuple(input_shape)}. Give them in Input(shape=...), "
                "or use a pooling layer over the unknown axis."
            )
        return (input_shape[0], int(np.prod(sizes, dtype=np.int64)))

    def call(self, inputs: Tensor) -> Tensor:
        shape = self.compute_output_shape(K.int_shape(inputs))
        if self.data_format == "channels_first":
            inputs = K.permute_dimensions(inputs, (0, *range(2, K.ndim(inputs)), 1))
        return K.reshape(inputs, (-1, shape[1]))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class RepeatVector(Layer):
    """Repeats each sample along a new axis of steps.

    Args:
        n: number of steps, a positive integer.

    Input shape: `(batch, features)`. Output shape: `(batch, n, features)`.

    Raises:
        ValueError: if `n` is not a positive integer.

    Example:
        >>> K.eval(layers.RepeatVector(3)(K.constant([[1.0, 2.0]]))).tolist()
        [[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n
        check_positive(self, "n")
        self.input_spec: InputSpec = InputSpec(ndim=2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.n, input_shape[1])

    def call(self, inputs: Tensor) -> Tensor:
        return K.repeat(inputs, self.n)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
