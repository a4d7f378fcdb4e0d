"""Programs that are compiled for the core, which holds the values of variables between runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import jax

from keras_core.graph import Program
from keras_core.plugins import Draws
from keras_core.plugins.authoring import indices_checked
from keras_jax.draws import numbers_of
from keras_jax.pure import Computed

# They call functions of others in the midst of a run, which may raise: then what was given away
# would be lost.
_MAY_RAISE = {"all_reduce", "native", "print"}

# They do something for which a run that JAX has only begun is too early an end.
_WAITED_FOR = {"all_reduce", "print"}


class Jitted:
    """A program that is compiled at its first run for each combination of input shapes.

    The values of variables that it updates are given away, but where it may raise half-way.

    Args:
        pure: a PureProgram or a Loop of one.
        program: the program.
        stacked: whether the inputs are those of many runs.
    """

    def __init__(self, pure: Any, program: Program, stacked: bool) -> None:
        self._pure = pure
        self._entered = pure.place.entered
        self._waits = bool(pure.names & _WAITED_FOR)
        self._checks = indices_checked(program, stacked)
        given = () if pure.names & _MAY_RAISE else (0,)
        if program.jit_compile is False:
            self._run = _values_first(pure.eagerly)
        else:
            self._run = jax.jit(_values_first(pure.compute), donate_argnums=given)

    def __call__(
        self, updated: Sequence[Any], read: Sequence[Any], arrays: Sequence[Any], draws: Draws
    ) -> Computed:
        for check in self._checks:
            check(arrays)
        with self._entered(True):
            numbers = numbers_of(draws) if self._pure.is_random else None
            values, outputs = self._run(updated, read, arrays, numbers)
        if self._waits:
            jax.effects_barrier()
        return outputs, values


def _values_first(compute: Callable[..., Computed]) -> Callable[..., Any]:
    """A computation that gives new values before outputs.

    JAX puts results of the same shape into the memory that is given away in their order. An output
    in the memory of the state that a loop begins with makes XLA give the old state on GPUs (seen in
    JAX 0.11.2, for an LSTM whose last state is its output).
    """

    def run(*arguments: Any) -> Any:
        outputs, values = compute(*arguments)
        return values, outputs

    return run
