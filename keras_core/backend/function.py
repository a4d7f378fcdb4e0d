"""Compiling tensors into callables, and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from keras_core import graph
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Tensor


def function(
    inputs: Sequence[Any], outputs: Any, updates: Sequence[Any] | None = None, **kwargs: Any
) -> graph.Function:
    """Compiles tensors into a callable that takes a list of arrays, and returns one.

    Args:
        inputs: placeholders (or other tensors to be replaced); `learning_phase()` may stand among
            them.
        outputs: tensors to compute; for a tensor that is in no list, the callable gives the array
            itself.
        updates: results of `update` and its like, or pairs of a variable and its new value. All
            happen at once, after everything has been read; several of one variable one after the
            other.
        kwargs: `name`, for messages; `jit_compile`, True or False to say whether a backend that
            can compile programs as a whole does so. Nothing else.

    Returns:
        The callable. It is compiled at the first call, by the backend in use then.

    Raises:
        ValueError: an unknown keyword, or an output depends on a placeholder not among `inputs`.
        TypeError: an input or output is no tensor.

    Example:
        >>> x, w = K.placeholder((None, 2)), K.variable([3.0, 4.0])
        >>> step = K.function([x], [K.sum(x * w)], updates=[K.update_add(w, [1.0, 1.0])])
        >>> [step([np.ones((1, 2))])[0].tolist() for _ in range(3)]
        [7.0, 9.0, 11.0]
    """
    name, jit_compile = kwargs.pop("name", None), kwargs.pop("jit_compile", None)
    if kwargs:
        raise ValueError(
            f"K.function does not know the arguments {sorted(kwargs)}; it takes inputs, outputs, "
            "updates, name and jit_compile."
        )
    made = _OneResult if isinstance(outputs, Tensor) else graph.Function
    return made(_listed(inputs), _listed(outputs), updates or (), name, jit_compile)


class _OneResult(graph.Function):
    """A callable that gives its one output as it is, not in a list."""

    def __call__(self, values: Sequence[Any]) -> Any:
        return super().__call__(values)[0]


def gradients(loss: Any, variables: Any) -> list[Tensor | None]:
    """Derives a loss by variables.

    Args:
        loss: float tensor, or a list of them, whose sum over all elements is derived.
        variables: tensors to derive by.

    Returns:
        A tensor for each variable, of its shape; None where the loss does not depend on it.

    Raises:
        TypeError: a loss or variable is no tensor.

    Example:
        >>> x = K.variable([1.0, 2.0, 3.0])
        >>> (gradient,) = K.gradients(K.sum(K.square(x)), [x])
        >>> K.eval(gradient).tolist()
        [2.0, 4.0, 6.0]
    """
    losses, variables = _listed(loss), _listed(variables)
    for role, values in (("loss", losses), ("variable", variables)):
        _refuse_others(role, values)
    return graph.gradients(losses, variables)


def _refuse_others(role: str, values: list[Any]) -> None:
    for value in values:
        if not isinstance(value, Tensor):
            raise TypeError(
                f"K.gradients: the {role} {value!r}, of type {type(value).__name__}, is no tensor "
                "of keras_core. Derive by a placeholder or a K.variable, and give arrays to the "
                "K.function of the gradients."
            )


@overload
def stop_gradient(variables: Tensor) -> Tensor: ...
@overload
def stop_gradient(variables: Sequence[Tensor]) -> list[Tensor]: ...
def stop_gradient(variables: Any) -> Any:
    """Takes tensors as constants when gradients are made.

    Args:
        variables: a tensor, or a list of them.

    Returns:
        New tensors of equal value, in a list if a list was given.

    Example:
        >>> x = K.variable(3.0)
        >>> (gradient,) = K.gradients(x * K.stop_gradient(x), [x])
        >>> float(K.eval(gradient))  # and not 6, that of x * x
        3.0
    """
    if isinstance(variables, (list, tuple)):
        return [p.stop_gradient(x) for x in variables]
    return p.stop_gradient(variables)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
