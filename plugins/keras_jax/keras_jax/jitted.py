"""Programs that are compiled for the core, which holds the values of variables between runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from keras_core.graph import Program
from keras_core.plugins import Draws
from keras_core.plugins.authoring import indices_checked
from keras_jax.draws import numbers_of
from keras_jax.engine import NEEDS_VALUES
from keras_jax.pure import Computed

# They call functions of others in the midst of a run, which may raise: then what was given away
# would be lost.
_MAY_RAISE = {"native", "print"}


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
        self._prints = "print" in pure.names
        self._checks = indices_checked(program, stacked)
        given = () if pure.names & _MAY_RAISE else (0,)
        self._compiled = jax.jit(pure.compute, donate_argnums=given)

    def __call__(
        self, updated: Sequence[Any], read: Sequence[Any], arrays: Sequence[Any], draws: Draws
    ) -> Computed:
        for check in self._checks:
            check(arrays)
        with self._entered(True):
            numbers = numbers_of(draws) if self._pure.is_random else None
            results = self._run(updated, read, arrays, numbers)
        if self._prints:
            jax.effects_barrier()
        return results

    def _run(self, updated: Any, read: Any, arrays: Any, numbers: Any) -> Computed:
        if not self._pure.is_eager:
            try:
                return self._compiled(updated, read, arrays, numbers)
            except NEEDS_VALUES:
                self._pure.is_eager = True
        return self._pure.eagerly(updated, read, arrays, numbers)
