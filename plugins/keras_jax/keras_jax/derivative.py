"""JAX's derivatives of functions of its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import jax
import jax.numpy as jnp
import numpy as np


class Derivative:
    """Takes cotangents of a function's results, then its inputs; gives cotangents of the inputs.

    Args:
        function: of arrays, to an array or several.
        arity: the number of its inputs.
        results: the number of its results.
    """

    def __init__(self, function: Callable[..., Any], arity: int, results: int) -> None:
        self._function = function
        self._arity, self._results = arity, results

    def __repr__(self) -> str:
        return f"<gradient of {self._function!r}>"

    @property
    def gradient(self) -> Derivative:
        """The derivative of this one."""
        return Derivative(self, self._results + self._arity, self._arity)

    def __call__(self, *arrays: Any) -> list[Any]:
        cotangents, inputs = arrays[: self._results], arrays[self._results :]
        values, pull_back = jax.vjp(self._listed, *map(jnp.asarray, inputs))
        found = pull_back([_fitting(g, y) for g, y in zip(cotangents, values)])
        return [_of_its_kind(g, x) for g, x in zip(found, inputs)]

    def _listed(self, *inputs: Any) -> list[Any]:
        results = self._function(*inputs)
        listed: Sequence[Any] = results if isinstance(results, (list, tuple)) else [results]
        return [jnp.asarray(result) for result in listed]


def _fitting(cotangent: Any, value: Any) -> Any:
    """A cotangent in the dtype that JAX wants for a result."""
    if jnp.issubdtype(value.dtype, jnp.floating):
        return jnp.asarray(cotangent, value.dtype)
    return np.zeros(value.shape, jax.dtypes.float0)


def _of_its_kind(cotangent: Any, x: Any) -> Any:
    """A cotangent in the dtype of the input; zeros where the input is no float."""
    return jnp.zeros(x.shape, x.dtype) if cotangent.dtype == jax.dtypes.float0 else cotangent
