"""Variables, placeholders and constants; what is known of a tensor; updates."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any, Callable, Union, cast, overload

import numpy as np

from keras_core.backend.convert import cast_to, split_shape, stacked, tensor
from keras_core.backend.naming import scoped
from keras_core.config import floatx
from keras_core.graph import primitives as p
from keras_core.graph.evaluate import initial_value
from keras_core.graph.hands import held_still
from keras_core.graph.tensor import Constant, Dim, Placeholder, Shape, Tensor, Update, Variable
from keras_core.legacy.calls import refusing_old_names
from keras_core.unbroken import Unbroken

Sizes = Union[Sequence[Any], Tensor]


def variable(
    value: Any,
    dtype: str | None = None,
    name: str | None = None,
    constraint: Callable[[Tensor], Tensor] | None = None,
) -> Variable:
    """Makes a variable.

    Args:
        value: initial value: an array-like of any shape, a scipy.sparse matrix, or a tensor without
            placeholders, which is evaluated once.
        dtype: of the variable; floatx by default.
        name: for people and files; name scopes prefix it.
        constraint: function of the variable that optimizers apply after a step.

    Raises:
        TypeError: `dtype` is no tensor dtype.

    Example:
        >>> w = K.variable([[1.0, 2.0]], name="w")
        >>> w.shape, w.dtype, K.get_value(w).tolist()
        ((1, 2), 'float32', [[1.0, 2.0]])
    """
    value = stacked(value)
    if isinstance(value, Tensor):
        dtype = dtype or value.dtype
        value = initial_value(value)
    sparse = hasattr(value, "toarray")
    made = Variable(value.toarray() if sparse else value, dtype or floatx(), name, constraint)
    made.name = scoped(made.name)
    return mark_sparse(made) if sparse else made


def placeholder(
    shape: Sequence[Dim] | None = None,
    ndim: int | None = None,
    dtype: str | None = None,
    sparse: bool = False,
    name: str | None = None,
) -> Placeholder:
    """Makes a tensor whose value is fed to `function`.

    Args:
        shape: ints, None where a size is known only when it is fed.
        ndim: rank, in place of `shape`.
        dtype: floatx by default.
        sparse: whether `is_sparse` is true of it; values are dense all the same.
        name: for messages; name scopes prefix it.

    Raises:
        ValueError: neither `shape` nor `ndim` is given.
        TypeError: `shape` is a number.

    Example:
        >>> x = K.placeholder((None, 3))
        >>> double = K.function([x], [2.0 * x])
        >>> double([np.ones((1, 3))])[0].tolist()
        [[2.0, 2.0, 2.0]]
    """
    if shape is None and ndim is None:
        raise ValueError("K.placeholder: give a shape, such as (None, 3), or ndim.")
    if isinstance(shape, int):
        raise TypeError(
            f"K.placeholder: shape is {shape}, but a tuple is needed, the batch first: "
            f"(None, {shape}), or ({shape},) for a vector."
        )
    sizes = (None,) * int(ndim or 0) if shape is None else tuple(shape)
    full_name = scoped(f"{name}:0") if name else None
    made = Placeholder(sizes, dtype or floatx(), full_name)
    return mark_sparse(made) if sparse else made


def constant(
    value: Any,
    dtype: str | None = None,
    shape: Sequence[int] | None = None,
    name: str | None = None,
) -> Tensor:
    """Makes a tensor with a fixed value.

    Args:
        value: array-like.
        dtype: floatx by default.
        shape: the result's: as many elements as `value` has take it in their order, else `value`
            is repeated along new axes and axes of size 1, as a number fills it.
        name: for messages.

    Raises:
        ValueError: `value` fits `shape` in neither way.

    Example:
        >>> K.eval(K.constant(0.5, shape=(2, 2))).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    array = np.asarray(value, dtype=dtype or floatx())
    return Constant(array if shape is None else _in_shape(array, tuple(shape)), name=name)


def _in_shape(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.size == math.prod(shape):
        return array.reshape(shape)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"K.constant: a value of shape {array.shape} cannot have the shape {shape}, which has "
            f"{math.prod(shape)} elements; give as many, or one that fills it."
        ) from None


def zeros(shape: Sizes, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Makes a variable filled with 0.

    Args:
        shape: ints; with a scalar tensor among them the result is a plain tensor, no variable.
        dtype: floatx by default.
        name: of the variable.

    Example:
        >>> K.get_value(K.zeros((2, 3))).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    return _filled(0, shape, dtype, name)


def ones(shape: Sizes, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Makes a variable filled with 1.

    Args:
        shape: ints; with a scalar tensor among them the result is a plain tensor, no variable.
        dtype: floatx by default.
        name: of the variable.

    Example:
        >>> K.eval(K.ones((2, 3))).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    return _filled(1, shape, dtype, name)


def _filled(value: int, shape: Sizes, dtype: str | None, name: str | None) -> Tensor:
    dtype = dtype or floatx()
    sizes, dims = split_shape(shape)
    if not dims:
        known = cast("tuple[int, ...]", sizes)
        # Zeros that nobody has written to take no memory yet.
        array = np.zeros(known, dtype) if value == 0 else np.full(known, value, dtype)
        return variable(array, dtype, name)
    return p.broadcast_to(Constant(value, dtype), *dims, shape=sizes)


def eye(size: Any, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Makes an identity matrix.

    Args:
        size: int, or (rows, columns).
        dtype: floatx by default.
        name: for messages.

    Example:
        >>> K.eval(K.eye(2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    rows, columns = size if isinstance(size, (list, tuple)) else (size, size)
    return Constant(np.eye(rows, columns), dtype or floatx(), name)


def zeros_like(x: Any, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Zeros of the shape of `x`.

    Args:
        x: tensor of any shape.
        dtype: floatx by default.
        name: for messages.

    Example:
        >>> K.eval(K.zeros_like([[5.0, 6.0]])).tolist()
        [[0.0, 0.0]]
    """
    return _like(x, 0, dtype)


def ones_like(x: Any, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Ones of the shape of `x`.

    Args:
        x: tensor of any shape.
        dtype: floatx by default.
        name: for messages.

    Example:
        >>> K.eval(K.ones_like([[5.0, 6.0]])).tolist()
        [[1.0, 1.0]]
    """
    return _like(x, 1, dtype)


def _like(x: Any, value: int, dtype: str | None) -> Tensor:
    return p.broadcast_like(Constant(value, dtype or floatx()), tensor(x))


def identity(x: Any, name: str | None = None) -> Tensor:
    """Returns a new tensor with the value of `x`.

    Args:
        x: tensor of any shape.
        name: for messages.

    Example:
        >>> K.eval(K.identity(K.variable([1.0, 2.0]), name="copy")).tolist()
        [1.0, 2.0]
    """
    result = p.identity(tensor(x))
    if name:
        result.name = name
    return result


def is_tensor(x: Any) -> bool:
    """Tells whether `x` is a symbolic tensor (a variable or placeholder included).

    Example:
        >>> K.is_tensor(K.constant(1.0)), K.is_tensor(np.array(1.0))
        (True, False)
    """
    return isinstance(x, Tensor)


def is_variable(x: Any) -> bool:
    """Tells whether `x` is a variable.

    Example:
        >>> w = K.variable(1.0)
        >>> K.is_variable(w), K.is_variable(2.0 * w)
        (True, False)
    """
    return isinstance(x, Variable)


def is_placeholder(x: Any) -> bool:
    """Tells whether `x` is a placeholder.

    Example:
        >>> K.is_placeholder(K.placeholder((None, 3))), K.is_placeholder(K.variable(1.0))
        (True, False)
    """
    return isinstance(x, Placeholder)


def is_keras_tensor(x: Any) -> bool:
    """Tells whether `x` came out of a layer (an `Input` included).

    Raises:
        ValueError: `x` is no symbolic tensor at all.

    Example:
        >>> x = layers.Input((3,))
        >>> K.is_keras_tensor(x), K.is_keras_tensor(layers.Dense(2)(x)), K.is_keras_tensor(2.0 * x)
        (True, True, False)
    """
    if not isinstance(x, Tensor):
        raise ValueError(
            f"K.is_keras_tensor asks about symbolic tensors; {type(x).__name__} is none. "
            "Make one with Input, K.placeholder, K.variable or K.constant."
        )
    return hasattr(x, "_keras_history")


def is_sparse(tensor: Any) -> bool:
    """Tells whether `tensor` was made from sparse data. Such tensors are stored as dense ones.

    Example:
        >>> K.is_sparse(K.placeholder((None, 3), sparse=True)), K.is_sparse(K.ones((2, 3)))
        (True, False)
    """
    return getattr(tensor, "_keras_sparse", False)


def mark_sparse(x: Any) -> Any:
    """Makes `is_sparse(x)` true."""
    x._keras_sparse = True
    return x


def to_dense(tensor: Tensor) -> Tensor:
    """Returns a tensor of equal value for which `is_sparse` is false.

    Args:
        tensor: tensor of any shape.

    Example:
        >>> K.to_dense(K.placeholder((None, 3), sparse=True)).shape
        (None, 3)
    """
    return p.identity(tensor) if is_sparse(tensor) else tensor


def shape(x: Any) -> Tensor:
    """The shape as an int32 vector tensor, with all sizes known when it is computed.

    Args:
        x: tensor of any shape.

    Example:
        >>> x = K.placeholder((None, 3))
        >>> sizes = K.function([x], [K.shape(x)])
        >>> sizes([np.ones((5, 3))])[0].tolist()
        [5, 3]
    """
    x = tensor(x)
    return p.shape_of(x) if None in x.shape else Constant(x.shape, "int32")


@overload
def int_shape(x: Variable) -> tuple[int, ...]: ...
@overload
def int_shape(x: Tensor) -> Shape: ...
@overload
def int_shape(x: Any) -> Shape | None: ...
def int_shape(x: Any) -> Shape | None:
    """The static shape: a tuple of ints, None for sizes not known yet.

    Args:
        x: tensor or array.

    Returns:
        The tuple; None where `x` has no shape at all.

    Example:
        >>> K.int_shape(K.placeholder((None, 3)))
        (None, 3)
    """
    sizes = getattr(stacked(x), "shape", None)
    return None if sizes is None else tuple(sizes)


def ndim(x: Any) -> int:
    """The number of axes.

    Args:
        x: tensor or array-like.

    Example:
        >>> K.ndim(K.placeholder((None, 28, 28, 3)))
        4
    """
    x = stacked(x)
    return x.ndim if hasattr(x, "ndim") else np.ndim(x)


def size(x: Any, name: str | None = None) -> Tensor:
    """The number of elements, as a scalar int32 tensor.

    Args:
        x: tensor of any shape.
        name: for messages.

    Example:
        >>> int(K.eval(K.size(K.ones((3, 4)))))
        12
    """
    return p.reduce_prod(shape(x), axes=(0,), keepdims=False)


def dtype(x: Any) -> str:
    """The name of the dtype, such as 'float32'.

    Args:
        x: tensor or array.

    Example:
        >>> K.dtype(K.constant([1, 2], dtype="int32"))
        'int32'
    """
    x = stacked(x)
    return x.dtype if isinstance(x, Tensor) else np.asarray(x).dtype.name


def count_params(x: Any) -> int:
    """The number of elements, from the static shape.

    Args:
        x: variable, or another tensor whose sizes are known.

    Example:
        >>> K.count_params(K.zeros((3, 4)))
        12
    """
    return int(np.prod(stacked(x).shape, dtype=np.int64))


@overload
def eval(x: list[Any]) -> Any: ...
@overload
def eval(x: Any) -> np.ndarray: ...
def eval(x: Any) -> Any:
    """Computes a tensor, or does an update.

    Args:
        x: tensor of any shape that depends on no placeholder; or an update, whose new value is
            returned, or a list of updates.

    Raises:
        ValueError: it depends on one; use `function` and feed it.

    Example:
        >>> K.eval(K.constant([1.0, 2.0]) * 3.0).tolist()
        [3.0, 6.0]
    """
    from keras_core.backend.function import function

    if isinstance(x, list) and builtins.all(isinstance(one, Update) for one in x):
        return function([], [one.value for one in x], updates=x)([])
    if isinstance(x, Update):
        return eval([x])[0]
    if isinstance(x, Variable):
        return x.get_value()
    if isinstance(x, Constant):
        return x.value.copy()
    return function([], [tensor(x)])([])[0]


def get_value(x: Any) -> np.ndarray:
    """Returns the present value as a new array.

    Args:
        x: variable, or any tensor that depends on no placeholder.

    Example:
        >>> K.get_value(K.variable([1.0, 2.0])).tolist()
        [1.0, 2.0]
    """
    return eval(x)


@refusing_old_names("backend.batch_get_value")
def batch_get_value(ops: Sequence[Any]) -> list[np.ndarray]:
    """Returns the values of several tensors.

    Args:
        ops: variables, or tensors that depend on no placeholder.

    Example:
        >>> weights = [K.variable([1.0, 2.0]), K.variable(3.0)]
        >>> [value.tolist() for value in K.batch_get_value(weights)]
        [[1.0, 2.0], 3.0]
    """
    with held_still([x for x in ops if isinstance(x, Variable)]):
        return [get_value(x) for x in ops]


def set_value(x: Variable, value: Any) -> None:
    """Replaces the value of a variable.

    Args:
        x: variable.
        value: array-like of its shape.

    Raises:
        ValueError: `value` has another shape.

    Example:
        >>> w = K.zeros((2,))
        >>> K.set_value(w, [1.0, 2.0])
        >>> K.get_value(w).tolist()
        [1.0, 2.0]
    """
    with held_still([x], writes=True):
        x.set_value(value)


def batch_set_value(tuples: Sequence[tuple[Variable, Any]]) -> None:
    """Replaces the values of several variables; none changes when one of the values does not fit.

    Args:
        tuples: pairs of a variable and an array-like of its shape.

    Raises:
        ValueError: a value has another shape than its variable.

    Example:
        >>> w, b = K.zeros((2,)), K.zeros(())
        >>> K.batch_set_value([(w, [1.0, 2.0]), (b, 3.0)])
        >>> K.get_value(w).tolist()
        [1.0, 2.0]
    """
    pairs = [(x, np.asarray(value)) for x, value in tuples]
    for x, value in pairs:
        if value.shape != x.shape:
            raise ValueError(
                f"Variable {x.name!r} of shape {x.shape} cannot get a value of shape {value.shape}."
            )
    with Unbroken(), held_still([x for x, _ in pairs], writes=True):
        for x, value in pairs:
            x.set_value(value)


def update(x: Variable, new_x: Any) -> Update:
    """Makes the update that sets a variable when a function runs.

    Args:
        x: variable.
        new_x: tensor of the same shape.

    Returns:
        The update, to be given to `function` or `layer.add_update`.

    Raises:
        ValueError: the shapes contradict each other.

    Example:
        >>> w = K.variable(1.0)
        >>> halve = K.function([], [], updates=[K.update(w, w / 2.0)])
        >>> _ = halve([]), halve([])
        >>> K.get_value(w).tolist()
        0.25
    """
    value = cast_to(tensor(new_x, x.dtype), x.dtype)
    clash = builtins.any(a != b for a, b in zip(value.shape, x.shape) if a is not None)
    if value.ndim != x.ndim or clash:
        raise ValueError(
            f"K.update: variable {x.name!r} has shape {x.shape}, its new value {value.shape}."
        )
    return Update(x, value)


def update_add(x: Variable, increment: Any) -> Update:
    """Makes the update that adds to a variable.

    Args:
        x: variable.
        increment: tensor that broadcasts to its shape.

    Example:
        >>> calls = K.variable(0)
        >>> count = K.function([], [], updates=[K.update_add(calls, 1)])
        >>> _ = count([]), count([])
        >>> K.get_value(calls).tolist()
        2.0
    """
    return update(x, p.add(x, cast_to(tensor(increment, x.dtype), x.dtype)))


def update_sub(x: Variable, decrement: Any) -> Update:
    """Makes the update that subtracts from a variable.

    Args:
        x: variable.
        decrement: tensor that broadcasts to its shape.

    Example:
        >>> w = K.variable([1.0, 2.0])
        >>> step = K.function([], [], updates=[K.update_sub(w, [0.5, 0.5])])
        >>> _ = step([])
        >>> K.get_value(w).tolist()
        [0.5, 1.5]
    """
    return update(x, p.subtract(x, cast_to(tensor(decrement, x.dtype), x.dtype)))


@refusing_old_names("backend.moving_average_update")
def moving_average_update(x: Variable, value: Any, momentum: Any) -> Update:
    """Makes the update of a moving average: `x * momentum + value * (1 - momentum)`.

    Args:
        x: variable that holds the average.
        value: tensor of its shape.
        momentum: number or scalar tensor, the share of the old average, in [0, 1].

    Example:
        >>> average = K.variable([0.0])
        >>> update = K.moving_average_update(average, [8.0], momentum=0.75)
        >>> _ = K.function([], [], updates=[update])([])
        >>> K.get_value(average).tolist()
        [2.0]
    """
    value = cast_to(tensor(value, x.dtype), x.dtype)
    if isinstance(momentum, Tensor):
        rest: Tensor = p.subtract(Constant(1, x.dtype), momentum)
    else:
        momentum, rest = Constant(momentum, x.dtype), Constant(1.0 - momentum, x.dtype)
    return update(x, p.add(p.multiply(x, momentum), p.multiply(value, rest)))


def manual_variable_initialization(value: bool) -> None:
    """Accepted for old code: variables always hold their initial value from the start.

    Args:
        value: of no effect.

    Example:
        >>> K.manual_variable_initialization(False)  # the default: variables have values at once
    """
