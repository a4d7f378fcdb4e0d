"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


class _Merge(Layer):
    """Several tensors in, one out; by default element by element, with sizes of 1 stretched.

    A subclass gives `_merge_function`. Tensors of lower rank get axes of size 1 after the batch.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no _merge_function.")

    def build(self, input_shape: Sequence[Shape]) -> None:
        shapes = self._check_shapes(input_shape)
        self._check_batches(shapes)
        self.compute_output_shape(shapes)
        self.built = True

    def _check_shapes(
        self, input_shape: Sequence[Shape], at_least: int = 2, at_most: int | None = None
    ) -> list[Shape]:
        """Returns the input shapes as a list of tuples, refusing a wrong number of them."""
        several = isinstance(input_shape, (list, tuple)) and all(
            isinstance(shape, (list, tuple)) for shape in input_shape
        )
        count = len(input_shape) if several else 1
        if not several or count < at_least or (at_most is not None and count > at_most):
            wanted = ("exactly" if at_least == at_most else "at least") + f" {at_least}"
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r} takes a list of {wanted} tensors, but "
                f"got {count} of shape {input_shape}. "
                f"Write {type(self).__name__}()([first, second])."
            )
        return [tuple(shape) for shape in input_shape]

    def _check_batches(self, shapes: list[Shape]) -> None:
        batches = {shape[0] for shape in shapes if shape and shape[0] is not None}
        if len(batches) > 1:
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r} cannot merge tensors of different "
                f"batch sizes; the shapes are {shapes}."
            )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        inputs = self._as_list(inputs)
        rank = max(K.ndim(x) for x in inputs)
        return self._merge_function([_raise_rank(x, rank) for x in inputs])

    def _as_list(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r} takes a list of tensors, but got "
                f"{inputs!r}."
            )
        return list(inputs)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        known = {shape[0] for shape in input_shape} - {None}
        batch = known.pop() if len(known) == 1 else None
        samples = [tuple(shape[1:]) for shape in input_shape]
        return (batch, *reduce(self._broadcast, samples))

    def _broadcast(self, left: Shape, right: Shape) -> Shape:
        """Returns the shape that two samples have together, aligned at their last axes."""
        longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
        padded = (1,) * (len(longer) - len(shorter)) + shorter
        if any(a != b and 1 not in (a, b) and None not in (a, b) for a, b in zip(longer, padded)):
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r} cannot merge samples of shapes {left} "
                f"and {right}: aligned at their last axes, sizes must be equal or 1."
            )
        return tuple(_joint_size(a, b) for a, b in zip(longer, padded))

    def compute_mask(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor | None] | None = None
    ) -> Tensor | None:
        given = [m for m in self._check_masks(inputs, mask) if m is not None]
        return K.all(K.stack(given, axis=0), axis=0) if given else None

    def _check_masks(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor | None] | None
    ) -> list[Tensor | None]:
        """Returns one mask (or None) for each input."""
        inputs = self._as_list(inputs)
        if mask is None:
            return [None] * len(inputs)
        if not isinstance(mask, (list, tuple)) or len(mask) != len(inputs):
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r}: `mask` must be a list with a mask or "
                f"None for each of the {len(inputs)} inputs, but got {mask!r}."
            )
        return list(mask)


def _joint_size(a: Dim, b: Dim) -> Dim:
    if 1 in (a, b):
        return b if a == 1 else a
    return None if None in (a, b) else a


def _raise_rank(x: Tensor, rank: int) -> Tensor:
    for _ in range(rank - K.ndim(x)):
        x = K.expand_dims(x, axis=1)
    return x


class Add(_Merge):
    """Adds tensors element by element.

    Input shape: a list of tensors of one shape (sizes of 1 are stretched).
    Output shape: that shape.

    Example:
        >>> x, y = K.constant([[1.0, 2.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.Add()([x, y])).tolist()
        [[4.0, 7.0]]
    """

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        return reduce(lambda left, right: left + right, inputs)


class Subtract(_Merge):
    """Subtracts the second tensor from the first.

    Input shape: a list of two tensors of one shape (sizes of 1 are stretched).
    Output shape: that shape.

    Example:
        >>> x, y = K.constant([[1.0, 7.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.Subtract()([x, y])).tolist()
        [[-2.0, 2.0]]
    """

    def build(self, input_shape: Sequence[Shape]) -> None:
        super().build(self._check_shapes(input_shape, at_least=2, at_most=2))

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        left, right = inputs
        return left - right


class Multiply(_Merge):
    """Multiplies tensors element by element.

    Input shape: a list of tensors of one shape (sizes of 1 are stretched).
    Output shape: that shape.

    Example:
        >>> x, gate = K.constant([[1.0, 7.0]]), K.constant([[0.0, 1.0]])
        >>> K.eval(layers.Multiply()([x, gate])).tolist()
        [[0.0, 7.0]]
    """

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        return reduce(lambda left, right: left * right, inputs)


class Average(_Merge):
    """Averages tensors element by element.

    Input shape: a list of tensors of one shape (sizes of 1 are stretched).
    Output shape: that shape.

    Example:
        >>> x, y = K.constant([[1.0, 2.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.Average()([x, y])).tolist()
        [[2.0, 3.5]]
    """

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        return reduce(lambda left, right: left + right, inputs) / len(inputs)


class Maximum(_Merge):
    """Takes the largest of tensors element by element.

    Input shape: a list of tensors of one shape (sizes of 1 are stretched).
    Output shape: that shape.

    Example:
        >>> x, y = K.constant([[1.0, 7.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.Maximum()([x, y])).tolist()
        [[3.0, 7.0]]
    """

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        return reduce(K.maximum, inputs)


class Minimum(_Merge):
    """Takes the smallest of tensors element by element.

    Input shape: a list of tensors of one shape (sizes of 1 are stretched).
    Output shape: that shape.

    Example:
        >>> x, y = K.constant([[1.0, 7.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.Minimum()([x, y])).tolist()
        [[1.0, 5.0]]
    """

    def _merge_function(self, inputs: Sequence[Tensor]) -> Tensor:
        return reduce(K.minimum, inputs)


class Concatenate(_Merge):
    """Joins tensors along an axis.

    Args:
        axis: the axis to join along.

    Input shape: a list of tensors whose sizes are equal on every axis but `axis`.
    Output shape: the same, with the sum of the sizes on `axis`.

    Example:
        >>> x, y = layers.Input((4, 3)), layers.Input((4, 5))
        >>> layers.Concatenate()([x, y]).shape
        (None, 4, 8)
        >>> layers.Concatenate(axis=1)([x, x]).shape
        (None, 8, 3)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Sequence[Shape]) -> None:
        self._check_sizes(self._check_shapes(input_shape))
        self.built = True

    def _check_sizes(self, shapes: list[Shape]) -> None:
        others = [_without(shape, self.axis) for shape in shapes if _has(shape, self.axis)]
        alike = len(others) == len(shapes) and len({len(shape) for shape in shapes}) == 1
        if not alike or any(len(set(sizes) - {None}) > 1 for sizes in zip(*others)):
            raise ValueError(
                f"Concatenate layer {self.name!r} joins along axis {self.axis}, so its inputs "
                f"must have that axis and equal sizes on all others, but the shapes are {shapes}."
            )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return K.concatenate(self._as_list(inputs), axis=self.axis)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        shapes = self._check_shapes(input_shape)
        joint = [next((s for s in sizes if s is not None), None) for sizes in zip(*shapes)]
        lengths = [shape[self.axis] for shape in shapes]
        known = [length for length in lengths if length is not None]
        joint[self.axis] = sum(known) if len(known) == len(lengths) else None
        return tuple(joint)

    def compute_mask(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor | None] | None = None
    ) -> Tensor | None:
        masks = self._check_masks(inputs, mask)
        if all(m is None for m in masks):
            return None
        columns = [_mask_column(x, m) for x, m in zip(inputs, masks)]
        return K.all(K.concatenate(columns, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _has(shape: Shape, axis: int) -> bool:
    return -len(shape) <= axis < len(shape)


def _without(shape: Shape, axis: int) -> Shape:
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def _mask_column(x: Tensor, mask: Tensor | None) -> Tensor:
    """Returns the mask of `x` with a last axis of size 1; without a mask every element counts."""
    if mask is None:
        return K.cast(K.ones_like(x[..., :1]), "bool")
    return K.expand_dims(mask) if K.ndim(mask) < K.ndim(x) else mask


class Dot(_Merge):
    """Multiplies the samples of two tensors and sums along one axis of each.

    Args:
        axes: the axis of both, or a tuple of the axis of the first and that of the second.
        normalize: whether to scale the samples to length 1 along these axes first; the output is
            then the cosine of the angle between them.

    Input shape: a list of two tensors with equal sizes on the summed axes.
    Output shape: `(batch, *rest of the first, *rest of the second)`, `(batch, 1)` if none is left.

    Raises:
        ValueError: if `axes` is something else, or the sizes differ.

    Example:
        >>> x, y = K.constant([[1.0, 2.0]]), K.constant([[3.0, 4.0]])
        >>> K.eval(layers.Dot(axes=1)([x, y])).tolist()
        [[11.0]]
        >>> layers.Dot(axes=2)([layers.Input((7, 3)), layers.Input((5, 3))]).shape
        (None, 7, 5)
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = isinstance(axes, (list, tuple)) and len(axes) == 2
        if not isinstance(axes, int) and not (pair and all(isinstance(a, int) for a in axes)):
            raise ValueError(
                f"Dot layer {self.name!r}: `axes` must be an int or a tuple of two, but got "
                f"{axes!r}. Write for instance Dot(axes=1) or Dot(axes=(2, 1))."
            )
        self.axes = axes
        self.normalize = normalize

    def build(self, input_shape: Sequence[Shape]) -> None:
        shapes = self._check_shapes(input_shape, at_least=2, at_most=2)
        self._check_batches(shapes)
        axes = self._axes_for(shapes)
        sizes = [shape[axis] for shape, axis in zip(shapes, axes)]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"Dot layer {self.name!r} sums along axes {axes} of shapes {shapes}, whose sizes "
                f"{sizes[0]} and {sizes[1]} differ. Choose other `axes`."
            )
        self.built = True

    def _axes_for(self, shapes: list[Shape]) -> list[int]:
        """Returns the axis of each shape, counted from 0."""
        axes = [self.axes] * 2 if isinstance(self.axes, int) else list(self.axes)
        if not all(_has(shape, axis) for shape, axis in zip(shapes, axes)):
            raise ValueError(
                f"Dot layer {self.name!r}: shapes {shapes} do not have the axes {axes}."
            )
        return [axis % len(shape) for shape, axis in zip(shapes, axes)]

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        left, right = inputs
        axes = self._axes_for([K.int_shape(left), K.int_shape(right)])
        if self.normalize:
            left = K.l2_normalize(left, axis=axes[0])
            right = K.l2_normalize(right, axis=axes[1])
        return K.batch_dot(left, right, axes)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        left, right = self._check_shapes(input_shape, at_least=2, at_most=2)
        axes = self._axes_for([left, right])
        rest = _without(left, axes[0]) + _without(right, axes[1])[1:]
        return rest if len(rest) > 1 else (*rest, 1)

    def compute_mask(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor | None] | None = None
    ) -> Tensor | None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def add(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Adds tensors element by element, through a new `Add` layer.

    Args:
        inputs: list of at least two tensors.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The sum, a tensor.

    Example:
        >>> x, y = K.constant([[1.0, 2.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.add([x, y])).tolist()
        [[4.0, 7.0]]
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Subtracts the second tensor from the first, through a new `Subtract` layer.

    Args:
        inputs: list of two tensors.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The difference, a tensor.

    Example:
        >>> x, y = K.constant([[1.0, 7.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.subtract([x, y])).tolist()
        [[-2.0, 2.0]]
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Multiplies tensors element by element, through a new `Multiply` layer.

    Args:
        inputs: list of at least two tensors.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The product, a tensor.

    Example:
        >>> x, gate = K.constant([[1.0, 7.0]]), K.constant([[0.0, 1.0]])
        >>> K.eval(layers.multiply([x, gate])).tolist()
        [[0.0, 7.0]]
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Averages tensors element by element, through a new `Average` layer.

    Args:
        inputs: list of at least two tensors.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The mean, a tensor.

    Example:
        >>> x, y = K.constant([[1.0, 2.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.average([x, y])).tolist()
        [[2.0, 3.5]]
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Takes the largest of tensors element by element, through a new `Maximum` layer.

    Args:
        inputs: list of at least two tensors.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The maximum, a tensor.

    Example:
        >>> x, y = K.constant([[1.0, 7.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.maximum([x, y])).tolist()
        [[3.0, 7.0]]
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Tensor], **kwargs: Any) -> Tensor:
    """Takes the smallest of tensors element by element, through a new `Minimum` layer.

    Args:
        inputs: list of at least two tensors.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The minimum, a tensor.

    Example:
        >>> x, y = K.constant([[1.0, 7.0]]), K.constant([[3.0, 5.0]])
        >>> K.eval(layers.minimum([x, y])).tolist()
        [[1.0, 5.0]]
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Tensor], axis: int = -1, **kwargs: Any) -> Tensor:
    """Joins tensors along an axis, through a new `Concatenate` layer.

    Args:
        inputs: list of at least two tensors.
        axis: the axis to join along.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The joined tensor.

    Example:
        >>> x, y = layers.Input((4, 3)), layers.Input((4, 5))
        >>> layers.concatenate([x, y]).shape
        (None, 4, 8)
        >>> layers.concatenate([x, x], axis=1).shape
        (None, 8, 3)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(
    inputs: Sequence[Tensor], axes: int | Sequence[int], normalize: bool = False, **kwargs: Any
) -> Tensor:
    """Multiplies samples of two tensors and sums along an axis of each, through a new `Dot` layer.

    Args:
        inputs: list of two tensors.
        axes: the axis of both, or a tuple of the axis of the first and that of the second.
        normalize: whether to scale the samples to length 1 along these axes first.
        kwargs: arguments of the layer, such as `name`.

    Returns:
        The sums of products, a tensor.

    Example:
        >>> x, y = K.constant([[1.0, 2.0]]), K.constant([[3.0, 4.0]])
        >>> K.eval(layers.dot([x, y], axes=1)).tolist()
        [[11.0]]
        >>> layers.dot([layers.Input((7, 3)), layers.Input((5, 3))], axes=2).shape
        (None, 7, 5)
    """
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
