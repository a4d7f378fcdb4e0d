"""What a layer requires of its inputs, and the check of a call against it."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from keras_core import backend as K
from keras_core import foreign
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape
from keras_core.utils.generic_utils import to_list
from keras_core.utils.layer_utils import describe


class InputSpec:
    """Requirements on one input of a layer; whatever is None is not checked.

    Args:
        dtype: str, the expected dtype.
        shape: tuple, the expected shape, None where an axis may have any size.
        ndim: int, the exact rank.
        max_ndim: int, the largest rank.
        min_ndim: int, the smallest rank.
        axes: dict from an axis to its expected size.

    Example:
        >>> class Plane(layers.Layer):
        ...     input_spec = layers.InputSpec(ndim=4, axes={-1: 3})
        >>> Plane()(layers.Input((28, 28, 3))).shape
        (None, 28, 28, 3)
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Shape | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, Dim] | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.ndim: int | None = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes: Mapping[int, Dim] | dict[int, Dim] = axes or {}

    def __repr__(self) -> str:
        given = {name: value for name, value in vars(self).items() if value}
        return "InputSpec({})".format(", ".join(f"{k}={v!r}" for k, v in given.items()))

    def complaint(self, shape: Shape, dtype: str) -> str | None:
        """Says what an input of this shape and dtype lacks.

        Returns:
            A phrase such as "2 axes", or None when the input meets the requirements.
        """
        return self._rank_complaint(len(shape)) or self._size_complaint(shape) or self._dtype(dtype)

    def _rank_complaint(self, ndim: int) -> str | None:
        if self.ndim is not None and ndim != self.ndim:
            return f"{self.ndim} axes (ndim={self.ndim})"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"at most {self.max_ndim} axes (max_ndim={self.max_ndim})"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"at least {self.min_ndim} axes (min_ndim={self.min_ndim})"
        return None

    def _size_complaint(self, shape: Shape) -> str | None:
        for axis, size in self._sizes():
            if axis >= len(shape) or axis < -len(shape):
                return f"size {size} on axis {axis}"
            if shape[axis] is not None and shape[axis] != size:
                return f"size {size} on axis {axis}"
        return None

    def _sizes(self) -> list[tuple[int, int]]:
        fixed = {int(axis): size for axis, size in self.axes.items()}
        fixed.update(enumerate(self.shape or ()))
        return [(axis, size) for axis, size in fixed.items() if size is not None]

    def _dtype(self, dtype: str) -> str | None:
        return f"dtype {self.dtype}" if self.dtype is not None and dtype != self.dtype else None


def shape_tuple(who: str, argument: str, shape: Any) -> Shape:
    """A shape that a user gave, as a tuple of int and None.

    Args:
        who: str, the layer or function that was given it.
        argument: str, the name of the argument.
        shape: what was given.

    Raises:
        TypeError: if it is no tuple or list of whole numbers and None.
        ValueError: if a size is negative.
    """
    sizes = whole_sizes(who, argument, shape)
    if any(size is not None and size < 0 for size in sizes):
        raise ValueError(
            f"{who}: {argument} is {shape!r}, but a size cannot be negative; write None for a size "
            "that is not known before."
        )
    return sizes


def whole_sizes(who: str, argument: str, shape: Any) -> Shape:
    """The same where negative numbers mean something.

    Raises:
        TypeError: if it is no tuple or list of whole numbers and None.
    """
    if isinstance(shape, (str, bytes)) or not hasattr(shape, "__iter__"):
        example = f"({shape},)" if isinstance(shape, int) else "(8,)"
        raise TypeError(
            f"{who}: {argument} is {shape!r}, but a tuple is needed, such as {argument}={example}."
        )
    try:
        return tuple(size if size is None else operator.index(size) for size in shape)
    except TypeError:
        raise TypeError(
            f"{who}: {argument} is {shape!r}, but its entries have to be whole numbers, or None "
            "for a size that is not known before."
        ) from None


def check_tensors(layer: Any, inputs: Any) -> None:
    """Refuses inputs of a call that are not symbolic tensors.

    Raises:
        ValueError: if one of them is an array, None or another Python value.
    """
    for value in to_list(inputs, allow_tuple=True):
        if not isinstance(value, Tensor):
            foreign.refuse(value)
            raise ValueError(
                f"Layer {describe(layer)} was called on a {type(value).__name__}, but layers are "
                "called on symbolic tensors, such as the result of Input(shape=...) or of another "
                f"layer. {_instead_of(value)}"
            )


def _instead_of(value: Any) -> str:
    if hasattr(value, "build") and hasattr(value, "call"):
        return (
            f"Call {type(value).__name__} itself on a tensor first, then this layer on the result."
        )
    return "To compute with arrays use Model.predict."


def check_inputs(layer: Any, inputs: Any) -> None:
    """Checks the inputs of a call against ``layer.input_spec``.

    Raises:
        ValueError: if the number of inputs, a rank, a size or a dtype differs.
    """
    check_tensors(layer, inputs)
    if not layer.input_spec:
        return
    inputs = to_list(inputs, allow_tuple=True)
    specs = to_list(layer.input_spec, allow_tuple=True)
    if len(inputs) != len(specs):
        shapes = [K.int_shape(x) for x in inputs]
        raise ValueError(
            f"Layer {describe(layer)} expects {len(specs)} input(s), but was called on "
            f"{len(inputs)} tensor(s) of shapes {shapes}."
        )
    for index, (tensor, spec) in enumerate(zip(inputs, specs)):
        if spec is not None:
            _check_one(layer, index, tensor, spec)


def _check_one(layer: Any, index: int, tensor: Tensor, spec: InputSpec) -> None:
    shape = K.int_shape(tensor)
    wanted = spec.complaint(shape, K.dtype(tensor))
    if wanted is not None:
        raise ValueError(
            f"Input {index} of layer {describe(layer)} is incompatible: expected {wanted}, "
            f"got shape {shape} of dtype {K.dtype(tensor)}.{_next_step(layer, tensor, spec)}"
        )


def _next_step(layer, tensor, spec):
    """What may have been forgotten where the ranks differ; text that begins with a space."""
    given, wanted = K.ndim(tensor), spec.ndim or spec.min_ndim or spec.max_ndim
    below = getattr(tensor, "_keras_history", (None,))[0]
    if wanted is None or given == wanted:
        return ""
    if given == 2 and wanted == 3 and getattr(below, "return_sequences", None) is False:
        return (
            f" Give layer {describe(below)} return_sequences=True, so that it returns all steps "
            "and not only the last."
        )
    if type(layer).__name__ == "Flatten":
        return " A sample has one axis already, so Flatten can be left out."
    if given > wanted:
        return " A Flatten(), Reshape or pooling layer before it takes axes away."
    if wanted == 3:
        return " It takes sequences, (batch, steps, features): input_shape=(steps, features)."
    if given == 1:
        return " A sample needs an axis: Input(shape=(1,)) for one number."
    if wanted - given == 1:
        return f" Is the axis of the channels missing? A sample has {wanted - 1} axes with it."
    return f" Counting the batch it needs {wanted} axes, and Reshape or Input(shape=...) make them."
