"""Sums over all processes that work together, by a call of Python in the midst of a program.

Processes of JAX's own take them between programs instead, which are divided there.

The sum is a primitive of JAX too, so that its transformations know what it is: linear, and the same
for each element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from keras_core.graph import Node
from keras_core.plugins.authoring import NeedsValues, current, sums_over_ranks
from keras_jax.draws import State
from keras_jax.group import Group
from keras_jax.tracing import Lowering, Run


def _now(*arrays: Any) -> Sequence[Any]:
    """The sums of arrays that are not traced."""
    world = current()
    return world.added(arrays) if isinstance(world, Group) else _called(*arrays)


def _compiled(*arrays: Any) -> Sequence[Any]:
    """The sums in the midst of a program.

    Raises:
        RuntimeError: a call would have to start another one of JAX's programs.
    """
    if isinstance(current(), Group):
        raise RuntimeError(
            "Within jax.jit of your own, sums over the processes of jax.distributed cannot be "
            "taken. Call the function without jax.jit, or start the processes by mpiexec."
        )
    return _called(*arrays)


def _called(*arrays: Any) -> Sequence[Any]:
    """The sums by a call of Python; JAX makes such calls one after the other."""
    kinds = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in arrays]
    return io_callback(_sums, kinds, *arrays, ordered=True)


def _sums(*arrays: Any) -> list[np.ndarray]:
    return sums_over_ranks([np.asarray(array) for array in arrays])


@cache
def _effects() -> Any:
    """What JAX calls the effect of a call that has its turn."""
    return jax.make_jaxpr(_called)(np.zeros((), np.float32)).effects


def _derived(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    rows = [ad.instantiate_zeros(tangent) for tangent in tangents]
    return _all_reduce.bind(*primals), _all_reduce.bind(*rows)


def _transposed(cotangents: Sequence[Any], *primals: Any) -> Any:
    return _all_reduce.bind(*map(ad.instantiate_zeros, cotangents))


def _batched(arrays: Sequence[Any], axes: Sequence[Any]) -> Any:
    return _all_reduce.bind(*arrays), axes


_all_reduce = Primitive("all_reduce")
_all_reduce.multiple_results = True
_all_reduce.def_impl(_now)
_all_reduce.def_effectful_abstract_eval(lambda *kinds: (kinds, _effects()))
mlir.register_lowering(_all_reduce, mlir.lower_fun(_compiled, multiple_results=True))
ad.primitive_jvps[_all_reduce] = _derived
ad.primitive_transposes[_all_reduce] = _transposed
batching.primitive_batchers[_all_reduce] = _batched


def _lower_all_reduce(node: Node) -> Run:
    def run(arrays: Sequence[Any], state: State) -> list[Any]:
        if isinstance(current(), Group) and not state.eager:
            raise NeedsValues(node)
        return list(_all_reduce.bind(*map(jnp.asarray, arrays)))

    return run


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
