"""Activations, crossentropies, biases, dropout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.backend.common import normalize_data_format
from keras_core.backend.convert import Axis, axes, cast_to, one_axis, pair, sizes, tensor
from keras_core.backend.indexing import arange
from keras_core.config import epsilon
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream
from keras_core.graph.tensor import Tensor


def relu(x: Any, alpha: Any = 0.0, max_value: Any = None, threshold: Any = 0.0) -> Tensor:
    """Rectified linear unit.

    Args:
        x: float tensor of any shape.
        alpha: slope below the threshold: a number, or an array or tensor that broadcasts with `x`.
        max_value: what `x` from there on becomes, likewise, at least 0; None for no limit.
        threshold: elements above it pass unchanged, likewise.

    Returns:
        `max_value` where `x` reaches it, `x` where it is above the threshold, else
        `alpha * (x - threshold)`.

    Example:
        >>> K.eval(K.relu([-2.0, 3.0, 8.0])).tolist()
        [0.0, 3.0, 8.0]
        >>> K.eval(K.relu([-2.0, 3.0, 8.0], alpha=0.5, max_value=6.0)).tolist()
        [-1.0, 3.0, 6.0]
    """
    x = tensor(x)
    slope, top = _plain_number(alpha), None if max_value is None else _plain_number(max_value)
    if _plain_number(threshold) != 0 or (top is None) != (max_value is None):
        return _rectified(x, alpha, max_value, threshold)
    if slope is not None and slope != 0 and top is None:
        return _leaky_relu(x, slope)
    passed = p.relu(x) if top is None else p.clip(p.relu(x), low=0.0, high=max(top, 0.0))
    if slope == 0:
        return passed
    return p.subtract(passed, p.multiply(*pair(p.relu(p.negative(x)), alpha)))


def _rectified(x: Tensor, alpha: Any, max_value: Any, threshold: Any) -> Tensor:
    """The rectifier as its formula says, for limits that are not 0 or that are tensors."""
    x, threshold = pair(x, threshold)
    below = p.scalar(0, x.dtype)
    if _plain_number(alpha) != 0:
        below = p.multiply(*pair(p.subtract(x, threshold), alpha))
    result = p.where(p.greater(x, threshold), *pair(x, below))
    if max_value is None:
        return result
    result, top = pair(result, max_value)
    return p.where(p.greater_equal(*pair(x, top)), top, result)


def _plain_number(value: Any) -> float | None:
    """A number as a float; None for a tensor or several."""
    if isinstance(value, (Tensor, list, tuple)) or np.size(value) != 1:
        return None
    return float(np.asarray(value).item())


def _leaky_relu(x: Tensor, slope: float) -> Tensor:
    """The higher of two lines (for slopes above 1 the lower one); a tie takes the slope's line."""
    line = p.multiply(x, p.scalar(slope, x.dtype))
    return p.maximum(line, x) if slope <= 1 else p.minimum(line, x)


def elu(x: Any, alpha: float | np.ndarray = 1.0) -> Tensor:
    """Exponential linear unit: `x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        x: float tensor of any shape.
        alpha: what the negative part goes to.

    Example:
        >>> print(K.eval(K.elu([-1.0, 2.0], alpha=0.5)).round(3))
        [-0.316  2.   ]
    """
    x = tensor(x)
    below = p.expm1(p.minimum(x, p.scalar(0, x.dtype)))
    return p.add(p.relu(x), below if _plain_number(alpha) == 1 else p.multiply(*pair(below, alpha)))


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Exponentials scaled to the sum 1.

    Args:
        x: float tensor of any shape.
        axis: along which they sum to 1.

    Example:
        >>> K.eval(K.softmax([[1.0, 1.0, 1.0, 1.0]])).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    x = tensor(x)
    return p.softmax(x, axis=one_axis("K.softmax", x, axis))


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Crossentropy of two distributions over classes.

    Args:
        target: float tensor `(..., classes)`, one-hot or probabilities.
        output: float tensor of the same shape. It is scaled to the sum 1 and kept `epsilon()` away
            from 0 and 1; but where it comes straight from a softmax, that one's logits are taken.
        from_logits: True if `output` has logits, to which softmax is still to be applied.
        axis: that of the classes.

    Returns:
        Tensor of the shape of `output` without the axis of the classes.

    Example:
        >>> target, output = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(K.categorical_crossentropy(target, output)).round(3))
        [0.693]
    """
    output = tensor(output)
    target = cast_to(tensor(target), output.dtype)
    axis = one_axis("K.categorical_crossentropy", output, axis)
    logits = output if from_logits else _logits_of(output, p.softmax, axis=axis)
    if logits is not None:
        return p.softmax_cross_entropy(target, logits, axis=axis)
    share = p.divide(output, p.reduce_sum(output, axes=(axis,), keepdims=True))
    logs = p.log(_away_from_limits(share))
    return p.negative(p.reduce_sum(p.multiply(target, logs), axes=(axis,), keepdims=False))


def _logits_of(output: Tensor, squashing: Any, **params: Any) -> Tensor | None:
    """What `output` is the sigmoid or softmax of; None where another operation gave it."""
    node = output.node
    if node is None or node.primitive is not squashing or dict(node.params) != params:
        return None
    return node.inputs[0]


def _away_from_limits(probability: Tensor) -> Tensor:
    return p.clip(probability, low=epsilon(), high=1.0 - epsilon())


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Crossentropy of a distribution over classes and the right classes.

    Args:
        target: tensor of integers (of any dtype), of the shape of `output` without the axis of the
            classes; an axis of size 1 may stand in its place or follow.
        output: float tensor `(..., classes)`. It is kept `epsilon()` away from 0 and 1, then scaled
            to the sum 1; but where it comes straight from a softmax, that one's logits are taken.
        from_logits: True if `output` has logits, to which softmax is still to be applied.
        axis: that of the classes.

    Returns:
        Tensor of the shape of `output` without the axis of the classes.

    Raises:
        ValueError: the number of classes is not known, or the ranks do not fit.

    Example:
        >>> output = [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]
        >>> print(K.eval(K.sparse_categorical_crossentropy([1, 0], output)).round(3))
        [0.693 0.693]
    """
    output = tensor(output)
    axis = one_axis("K.sparse_categorical_crossentropy", output, axis)
    codes = _one_hot_targets(tensor(target), output, axis)
    logits = output if from_logits else _logits_of(output, p.softmax, axis=axis)
    if logits is not None:
        return p.softmax_cross_entropy(codes, logits, axis=axis)
    share = _away_from_limits(output)
    right = p.reduce_sum(p.multiply(share, codes), axes=(axis,), keepdims=False)
    total = p.reduce_sum(share, axes=(axis,), keepdims=False)
    return p.subtract(p.log(total), p.log(right))


def _one_hot_targets(target: Tensor, output: Tensor, axis: int) -> Tensor:
    """Targets coded along the axis of the classes of `output`."""
    name, classes = "K.sparse_categorical_crossentropy", output.shape[axis]
    if classes is None:
        raise ValueError(f"{name}: the number of classes, axis {axis} of {output!r}, is unknown.")
    if target.ndim == output.ndim:
        target = _without_class_axis(target, axis)
    if target.ndim != output.ndim - 1:
        raise ValueError(
            f"{name}: targets of shape {target.shape} do not fit outputs of shape {output.shape}; "
            "each target is one integer. One-hot targets are for categorical_crossentropy."
        )
    codes = p.one_hot(cast_to(target, "int32"), depth=classes, dtype=output.dtype)
    order = [*range(axis), output.ndim - 1, *range(axis, output.ndim - 1)]
    return codes if axis == output.ndim - 1 else p.transpose(codes, perm=tuple(order))


def _without_class_axis(target: Tensor, axis: int) -> Tensor:
    """Targets without the axis of size 1 that stands at that of the classes, or last."""
    for size in (1, None):
        for place in (axis, target.ndim - 1):
            if target.shape[place] == size:
                return p.squeeze(target, place)
    return target


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Crossentropy of probabilities of two classes, elementwise.

    Args:
        target: float tensor of any shape, in [0, 1].
        output: float tensor of the same shape; it is kept `epsilon()` away from 0 and 1, but where
            it comes straight from a sigmoid, that one's logits are taken.
        from_logits: True if `output` has logits, to which sigmoid is still to be applied.

    Returns:
        Tensor of the same shape.

    Example:
        >>> print(K.eval(K.binary_crossentropy([1.0, 0.0], [0.5, 0.5])).round(3))
        [0.693 0.693]
    """
    output = tensor(output)
    target = cast_to(tensor(target), output.dtype)
    logits = output if from_logits else _logits_of(output, p.sigmoid)
    if logits is not None:
        return p.sigmoid_cross_entropy(target, logits)
    output = _away_from_limits(output)
    one, least = p.scalar(1, output.dtype), p.scalar(epsilon(), output.dtype)
    # Simplifying joins 1 and epsilon, as TensorFlow did for Keras 2, unless `output` is a value:
    # in float32 the sum is not what 1 - output + epsilon rounds to.
    no = p.multiply(p.subtract(one, target), p.log(p.add(p.subtract(one, output), least)))
    yes = p.multiply(target, p.log(p.add(output, least)))
    return p.negative(p.add(yes, no))


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Tensor:
    """Adds a bias.

    Args:
        x: tensor `(batch, ..., channels)`, or with the channels first.
        bias: tensor `(channels,)`, or one of the shape of a sample with the channels last; with the
            channels first its elements are used in their order, as in Keras 2.
        data_format: 'channels_last', 'channels_first', or None for the default.

    Raises:
        ValueError: another data format, or `bias` has another rank.

    Example:
        >>> K.eval(K.bias_add(K.zeros((2, 3)), [1.0, 2.0, 3.0])).tolist()
        [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    """
    x, bias = pair(x, bias)
    data_format = normalize_data_format(data_format)
    if bias.ndim not in (1, x.ndim - 1):
        raise ValueError(
            f"K.bias_add: a bias for a tensor of shape {x.shape} has rank 1 or {x.ndim - 1}; "
            f"this one has the shape {bias.shape}."
        )
    if data_format == "channels_first" and x.ndim > 2:
        bias = _channels_first_bias(bias, x.ndim)
    return p.add(x, bias)


def _channels_first_bias(bias: Tensor, rank: int) -> Tensor:
    if bias.ndim == 1:
        return p.reshape_to_sizes(bias, [p.size_of(bias, 0), *[1] * (rank - 2)])
    *places, channels = (p.size_of(bias, axis) for axis in range(bias.ndim))
    return p.reshape_to_sizes(bias, [channels, *places])


def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Tensor:
    """Sets a random part to 0 and scales the rest up, so that the expected sum stays.

    It does so in every learning phase; see `in_train_phase`.

    Args:
        x: float tensor of any shape.
        level: fraction in [0, 1) that is set to 0.
        noise_shape: shape of the draws, which broadcasts to that of `x`: 1 where elements share
            their fate, None where the size is that of `x`.
        seed: int, for draws that no run's seed changes.

    Raises:
        ValueError: `level` is outside of [0, 1).

    Paper: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting
    (2014).

    Example:
        >>> x = K.ones((1000,))
        >>> sorted(set(K.eval(K.dropout(x, 0.5, seed=1)).tolist()))
        [0.0, 2.0]
    """
    x = tensor(x)
    if not 0 <= level < 1:
        raise ValueError(f"K.dropout: level is a fraction in [0, 1), not {level!r}.")
    if level == 0:
        return x
    shape, dims = p.split_sizes(_noise_sizes(x, noise_shape))
    drawn = p.random_uniform(*dims, shape=shape, dtype=x.dtype, stream=new_stream(seed))
    kept = p.cast(p.greater_equal(drawn, p.scalar(level, x.dtype)), dtype=x.dtype)
    return p.multiply(x, p.multiply(kept, p.scalar(1 / (1 - level), x.dtype)))


def _noise_sizes(x: Tensor, noise_shape: Any) -> Sequence[Any]:
    own = [p.size_of(x, axis) for axis in range(x.ndim)]
    if noise_shape is None:
        return own
    if not isinstance(noise_shape, Tensor):
        noise_shape = [n if m is None else m for n, m in zip(own, noise_shape)]
    return sizes(noise_shape)


def l2_normalize(x: Any, axis: Axis = None) -> Tensor:
    """Scales to length 1 (sum of squares 1); what is shorter than 1e-6 becomes no longer than 1.

    Args:
        x: float tensor of any shape.
        axis: along which the length is taken; None for all axes.

    Example:
        >>> print(K.eval(K.l2_normalize([[3.0, 4.0]], axis=-1)).round(3))
        [[0.6 0.8]]
    """
    x = tensor(x)
    return p.l2_normalize(x, axes=axes("K.l2_normalize", x, axis))


def in_top_k(predictions: Any, targets: Any, k: int) -> Tensor:
    """Tells whether fewer than `k` classes score higher than the right one.

    Args:
        predictions: float tensor `(batch, classes)`.
        targets: int tensor `(batch,)` of classes.
        k: int.

    Returns:
        Bool tensor `(batch,)`; False where the target is no class or a score is not finite.

    Example:
        >>> scores = [[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]]
        >>> K.eval(K.in_top_k(scores, [2, 0], k=2)).tolist()
        [True, False]
    """
    predictions, targets = tensor(predictions), tensor(targets)
    classes = p.size_of(predictions, 1)
    places = arange(classes)
    right = p.equal(p.expand_dims(cast_to(targets, "int32"), 1), places)
    lowest = p.scalar(-math.inf, predictions.dtype)
    score = p.reduce_max(p.where(right, predictions, lowest), axes=(1,), keepdims=True)
    higher = p.cast(p.greater(predictions, score), dtype="int32")
    rank = p.reduce_sum(higher, axes=(1,), keepdims=False)
    finite = p.logical_and(
        p.squeeze(p.is_finite(score), 1),
        p.reduce_all(p.is_finite(predictions), axes=(1,), keepdims=False),
    )
    return p.logical_and(finite, p.less(rank, p.scalar(int(k), "int32")))
