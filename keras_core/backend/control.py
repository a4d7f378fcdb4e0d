"""Choices, printing, loops over elements, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Callable, NoReturn, Union

from keras_core.backend.convert import cast_to, pair, tensor
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Tensor

Expression = Union[Tensor, float, Callable[[], Tensor]]


def switch(condition: Any, then_expression: Expression, else_expression: Expression) -> Tensor:
    """Selects by a condition: as a whole if it is a scalar, else elementwise.

    Args:
        condition: bool tensor (or one of numbers: not 0 is true) of no higher rank than the
            expressions; its axes are their first ones.
        then_expression: tensor, or a function without arguments that gives one.
        else_expression: likewise, of the same rank.

    Raises:
        ValueError: the condition has a higher rank.

    Example:
        >>> x = K.constant([-1.0, 4.0])
        >>> K.eval(K.switch(K.greater(x, 0.0), K.sqrt(x), K.zeros_like(x))).tolist()
        [0.0, 2.0]
    """
    condition = cast_to(tensor(condition), "bool")
    first, second = pair(_value(then_expression), _value(else_expression))
    if condition.ndim == 0:
        return p.select(condition, first, second)
    rank = max(first.ndim, second.ndim)
    if condition.ndim > rank:
        raise ValueError(
            f"K.switch: a condition of shape {condition.shape} has a higher rank than the "
            f"expressions, {first.shape} and {second.shape}."
        )
    return p.where(with_rank(condition, rank), first, second)


def _value(expression: Expression) -> Any:
    return expression() if callable(expression) else expression


def with_rank(x: Tensor, rank: int) -> Tensor:
    """`x` with axes of size 1 appended up to a rank."""
    if x.ndim == rank:
        return x
    own = [p.size_of(x, axis) for axis in range(x.ndim)]
    return p.reshape_to_sizes(x, [*own, *[1] * (rank - x.ndim)])


def print_tensor(x: Any, message: str = "") -> Tensor:
    """Prints a tensor each time it is computed.

    Args:
        x: tensor of any shape.
        message: printed before it.

    Returns:
        A tensor of equal value; printing happens when that one is computed.

    Example:
        >>> x = K.print_tensor(K.constant([1.0, 2.0]), message="x is")
        >>> K.eval(2.0 * x).tolist()
        x is[1. 2.]
        [2.0, 4.0]
    """
    return p.print(tensor(x), message=message)


def map_fn(
    fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: Any = None
) -> Tensor | Any:
    """Applies a function to each entry along the first axis.

    Args:
        fn: function of an entry (a list of entries if `elems` is a list) that gives a tensor, or
            several if `dtype` is a list or tuple.
        elems: tensor `(entries, ...)`, or a list of them.
        name: for messages.
        dtype: of the result; by default what `fn` gives. A list or tuple for several results.

    Returns:
        The results of `fn`, stacked: `(entries, ...)`; in a list or tuple as in `dtype`.

    Raises:
        ValueError: `fn` gives more or fewer tensors than there are dtypes.

    Example:
        >>> rows = K.constant([[1.0, 2.0], [3.0, 4.0]])
        >>> K.eval(K.map_fn(lambda row: K.sum(row) * row, rows)).tolist()
        [[3.0, 6.0], [21.0, 28.0]]
    """
    several = isinstance(elems, (list, tuple))
    sequences = [tensor(x) for x in (elems if several else [elems])]

    def step(parts: list[Tensor], _: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        return _cast_results(fn(list(parts) if several else parts[0]), dtype), []

    collected = scan(step, sequences, [])[1]
    return type(dtype)(collected) if isinstance(dtype, (list, tuple)) else collected[0]


def _cast_results(results: Any, dtype: Any) -> list[Tensor]:
    """The tensors of one entry, of the dtype or dtypes that were asked for."""
    if not isinstance(dtype, (list, tuple)):
        result = tensor(results)
        return [cast_to(result, dtype or result.dtype)]
    if not isinstance(results, (list, tuple)) or len(results) != len(dtype):
        raise ValueError(
            f"K.map_fn: dtype {dtype!r} asks for {len(dtype)} results, but the function gives "
            f"{results!r}."
        )
    return [cast_to(tensor(result), one) for result, one in zip(results, dtype)]


def foldl(
    fn: Callable[[Tensor, Tensor], Tensor],
    elems: Any,
    initializer: Any = None,
    name: str | None = None,
) -> Tensor:
    """Combines the entries along the first axis, from the first to the last.

    Args:
        fn: function of what has been combined so far and an entry, of one shape and dtype.
        elems: tensor `(entries, ...)`.
        initializer: what to start from; the first entry by default.
        name: for messages.

    Example:
        >>> total = K.foldl(lambda total, x: 10.0 * total + x, K.constant([1.0, 2.0, 3.0]))
        >>> K.eval(total).tolist()
        123.0
    """
    return _fold(fn, tensor(elems), initializer, backwards=False)


def foldr(
    fn: Callable[[Tensor, Tensor], Tensor],
    elems: Any,
    initializer: Any = None,
    name: str | None = None,
) -> Tensor:
    """Combines the entries along the first axis, from the last to the first.

    Args:
        fn: function of what has been combined so far and an entry, of one shape and dtype.
        elems: tensor `(entries, ...)`.
        initializer: what to start from; the last entry by default.
        name: for messages.

    Example:
        >>> total = K.foldr(lambda total, x: 10.0 * total + x, K.constant([1.0, 2.0, 3.0]))
        >>> K.eval(total).tolist()
        321.0
    """
    return _fold(fn, tensor(elems), initializer, backwards=True)


def _fold(
    fn: Callable[[Tensor, Tensor], Tensor], elems: Tensor, initializer: Any, backwards: bool
) -> Tensor:
    if initializer is None:
        initializer = elems[-1 if backwards else 0]
        elems = elems[:-1] if backwards else elems[1:]

    def step(parts: list[Tensor], states: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        return [], [tensor(fn(states[0], parts[0]))]

    return scan(step, [elems], [tensor(initializer, elems.dtype)], reverse=backwards)[0][0]


def control_dependencies(control_inputs: Sequence[Any]) -> AbstractContextManager[None]:
    """Accepted for old code: a program reads everything before any of its updates happens.

    Args:
        control_inputs: of no effect.

    Example:
        >>> with K.control_dependencies([K.constant(1.0)]):
        ...     y = K.square(3.0)
        >>> float(K.eval(y))
        9.0
    """
    return nullcontext()


def get_session() -> NoReturn:
    """Refuses: there are no sessions.

    Raises:
        RuntimeError: always.

    Example:
        >>> K.get_session()
        Traceback (most recent call last):
            ...
        RuntimeError: keras_core has no sessions: K.function compiles tensors, K.eval computes them.
        >>> K.eval(K.square(3.0)).tolist()
        9.0
    """
    raise RuntimeError(
        "keras_core has no sessions: K.function compiles tensors, K.eval computes them."
    )


def set_session(session: Any) -> NoReturn:
    """Refuses: there are no sessions.

    Args:
        session: whatever it is.

    Raises:
        RuntimeError: always.

    Example:
        >>> K.set_session(None)
        Traceback (most recent call last):
            ...
        RuntimeError: keras_core has no sessions; keras_core.set_backend chooses ...
    """
    raise RuntimeError(
        "keras_core has no sessions; keras_core.set_backend chooses what programs run on."
    )
