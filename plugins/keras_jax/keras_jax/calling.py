"""Calls of Python in the midst of a program.

JAX's own, `io_callback` and `debug.callback`, hand over arrays of JAX's. On a CPU large ones are
copied for that by the threads that run programs. Where one thread is all there are, it is the one
that calls, and a function that reads what it is given waits for ever. The calls here hand over
NumPy's arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import io_callback
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir


def tell(function: Callable[[np.ndarray], object], array: Any, *, ordered: bool) -> None:
    """Has a function look at a value: now, or while JAX traces whenever it runs what it traced.

    Args:
        function: it is given the value, which it may read as long as it runs.
        array: the value.
        ordered: whether such calls come in the order in which they are traced.
    """
    _tell.bind(array, function=function, ordered=ordered)


def lowered_call(
    context: Any,
    function: Callable[..., Sequence[np.ndarray]],
    operands: Sequence[Any],
    effect: Any,
    *,
    ordered: bool = True,
) -> Sequence[Any]:
    """A call as a part of a program that is being lowered.

    Args:
        context: of JAX's rule of lowering.
        function: of NumPy's arrays, which it may read as long as it runs, to such of the kinds
            that the rule's primitive has as results.
        operands: of the rule.
        effect: that of the primitive.
        ordered: whether calls of this effect come one after the other.
    """
    before = context.tokens_in.get(effect) if ordered else None
    # Older releases of JAX (seen in 0.4.30) keep it in a tuple.
    boxed = isinstance(before, (list, tuple))
    results, after, _ = mlir.emit_python_callback(
        context,
        function,
        before[0] if boxed else before,
        list(operands),
        context.avals_in,
        context.avals_out,
        has_side_effect=True,
    )
    if ordered:
        own = mlir.TokenSet({effect: (after,) if boxed else after})
        context.set_tokens_out(context.tokens_in.update_tokens(own))
    return results


def effect_of(call: Callable[[Any], object]) -> Any:
    """What JAX notes of a call in a traced function, so that it is neither dropped nor moved."""
    (effect,) = jax.make_jaxpr(call)(np.zeros((), np.float32)).effects
    return effect


@cache
def effect_of_sums() -> Any:
    """That of calls whose results are used, one after the other."""
    return effect_of(lambda x: io_callback(np.asarray, x, x, ordered=True))


@cache
def _effect_of_telling(ordered: bool) -> Any:
    return effect_of(partial(jax.debug.callback, np.asarray, ordered=ordered))


def _told(array: Any, function: Callable[[np.ndarray], object], ordered: bool) -> tuple[()]:
    function(np.asarray(array))
    return ()


def _lowered(
    context: Any, operand: Any, function: Callable[[np.ndarray], object], ordered: bool
) -> Sequence[Any]:
    told = partial(_told, function=function, ordered=ordered)
    effect = _effect_of_telling(ordered)
    return lowered_call(context, told, [operand], effect, ordered=ordered)


def _batched(arrays: Sequence[Any], axes: Sequence[Any], **options: Any) -> Any:
    """Each row in its turn."""
    (array,), (axis,) = arrays, axes
    lax.map(lambda row: _tell.bind(row, **options), jnp.moveaxis(array, axis, 0))
    return (), ()


def _derived(primals: Sequence[Any], tangents: Sequence[Any], **options: Any) -> Any:
    return _tell.bind(*primals, **options), []


_tell = Primitive("tell")
_tell.multiple_results = True
_tell.def_impl(_told)
_tell.def_effectful_abstract_eval(
    lambda array, function, ordered: ((), {_effect_of_telling(ordered)})
)
mlir.register_lowering(_tell, _lowered)
ad.primitive_jvps[_tell] = _derived
batching.primitive_batchers[_tell] = _batched
