"""The entry of a model: a placeholder that counts as the output of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.engine.input_spec import shape_tuple
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape
from keras_core.utils.generic_utils import unpack_singleton

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """The layer behind `Input`: it holds one tensor and is never called.

    Args:
        input_shape: tuple without the batch axis; needs no other shape.
        batch_size: int, a fixed number of samples a batch, or None.
        batch_input_shape: tuple with the batch axis, instead of the two above.
        dtype: str; floatx by default, or that of `input_tensor`.
        input_tensor: a tensor to be wrapped, instead of a new placeholder.
        sparse: bool, whether the placeholder takes SciPy sparse matrices.
        name: str, `input_1` and so on by default.

    Raises:
        ValueError: if there is neither shape nor tensor, or both kinds of shape.

    Example:
        >>> model = models.Sequential([layers.InputLayer((3,)), layers.Dense(2)])
        >>> model.input_shape, model.output_shape
        ((None, 3), (None, 2))
    """

    def __init__(
        self,
        input_shape: Sequence[Dim] | None = None,
        batch_size: int | None = None,
        batch_input_shape: Sequence[Dim] | None = None,
        dtype: str | None = None,
        input_tensor: Tensor | None = None,
        sparse: bool = False,
        name: str | None = None,
    ) -> None:
        if input_tensor is not None and not isinstance(input_tensor, Tensor):
            raise ValueError(
                f"InputLayer: `input_tensor` must be a tensor, not {input_tensor!r}. "
                "Arrays are given to fit and predict."
            )
        shape = _batch_shape(input_shape, batch_size, batch_input_shape, input_tensor)
        if dtype is None:
            dtype = K.floatx() if input_tensor is None else K.dtype(input_tensor)
        super().__init__(dtype=dtype, name=name or f"input_{K.get_uid('input')}")
        self.trainable = False
        self.built = True
        self.sparse = sparse
        self.batch_input_shape = shape
        self.is_placeholder: bool = input_tensor is None or K.is_placeholder(input_tensor)
        if input_tensor is None:
            input_tensor = K.placeholder(shape=shape, dtype=dtype, sparse=sparse, name=self.name)
        self._add_inbound_node([], [input_tensor], [], [None], [], [shape])
        node = self._inbound_nodes[0]
        node.input_tensors, node.input_shapes, node.input_masks = [input_tensor], [shape], [None]

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_input_shape": self.batch_input_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "name": self.name,
        }


def _batch_shape(
    input_shape: Sequence[Dim] | None,
    batch_size: int | None,
    batch_input_shape: Sequence[Dim] | None,
    tensor: Tensor | None,
) -> Shape:
    if input_shape and batch_input_shape:
        raise ValueError(
            f"InputLayer got both input_shape={input_shape} and batch_input_shape="
            f"{batch_input_shape}. Give one of them."
        )
    if batch_input_shape is not None:
        return shape_tuple("InputLayer", "batch_input_shape", batch_input_shape)
    if input_shape is not None:
        shape = shape_tuple("InputLayer", "input_shape", input_shape)
        return (*shape_tuple("InputLayer", "batch_size", (batch_size,)), *shape)
    if tensor is None:
        raise ValueError(
            "InputLayer needs a shape: give input_shape=(...) without the batch axis, "
            "batch_input_shape=(...) with it, or input_tensor=..."
        )
    return K.int_shape(tensor)


def Input(
    shape: Sequence[Dim] | None = None,
    batch_shape: Sequence[Dim] | None = None,
    name: str | None = None,
    dtype: str | None = None,
    sparse: bool = False,
    tensor: Tensor | None = None,
) -> Tensor:
    """Makes the tensor that a model starts from.

    Args:
        shape: tuple without the batch axis, such as `(32,)`; None for an unknown size.
        batch_shape: tuple with the batch axis, such as `(10, 32)`, instead of `shape`.
        name: str, unique in a model; `input_1` and so on by default.
        dtype: str; floatx by default.
        sparse: bool, whether the tensor takes SciPy sparse matrices.
        tensor: a tensor to start from, instead of a placeholder.

    Returns:
        A tensor of shape `(batch, *shape)`.

    Raises:
        AssertionError: if there is neither shape nor tensor.
        TypeError: if `shape` is no tuple, or the dtype is unknown.

    Example:
        >>> x = layers.Input(shape=(28, 28, 1))
        >>> x.shape
        (None, 28, 28, 1)
        >>> layers.Input(batch_shape=(32, None, 8), name="words").shape  # steps may vary
        (32, None, 8)
    """
    if shape is None and not batch_shape and tensor is None:
        raise AssertionError(
            "Input needs `shape`, without the batch axis, or `batch_shape`, with it: "
            "Input(shape=(32,)) takes batches of vectors of 32 numbers."
        )
    if batch_shape:
        batch_shape = shape_tuple("Input", "batch_shape", batch_shape)
    elif shape is not None:
        batch_shape = (None, *shape_tuple("Input", "shape", shape))
    layer = InputLayer(
        batch_input_shape=batch_shape, name=name, dtype=dtype, sparse=sparse, input_tensor=tensor
    )
    return unpack_singleton(layer._inbound_nodes[0].output_tensors)
