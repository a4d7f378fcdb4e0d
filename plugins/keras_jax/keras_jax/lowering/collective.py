"""Sums over all processes that work together, by a call of Python in the midst of a program.

Processes of JAX's own take them between programs instead, which are divided there.

The sum is a primitive of JAX too, so that its transformations know what it is: linear, and the same
for each element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from keras_core.graph import Node
from keras_core.plugins.authoring import NeedsValues, current, sums_over_ranks
from keras_jax.calling import effect_of_sums, lowered_call
from keras_jax.draws import State
from keras_jax.group import Group
from keras_jax.tracing import Lowering, Run


def _now(*arrays: Any) -> Sequence[Any]:
    """The sums of arrays that are not traced."""
    world = current()
    if isinstance(world, Group):
        return world.added(arrays)
    return [jnp.array(total) for total in _sums(*map(np.asarray, arrays))]


def _lowered(context: Any, *operands: Any) -> Sequence[Any]:
    """The sums in the midst of a program.

    Raises:
        RuntimeError: a call would have to start another one of JAX's programs.
    """
    if isinstance(current(), Group):
        raise RuntimeError(
            "Within jax.jit of your own, sums over the processes of jax.distributed cannot be "
            "taken. Call the function without jax.jit, or start the processes by mpiexec."
        )
    return lowered_call(context, _sums, operands, effect_of_sums())


def _sums(*arrays: np.ndarray) -> list[np.ndarray]:
    return sums_over_ranks(arrays)


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
_all_reduce.def_effectful_abstract_eval(lambda *kinds: (kinds, {effect_of_sums()}))
mlir.register_lowering(_all_reduce, _lowered)
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
