"""Programs as pure functions of JAX's arrays, which JAX may trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras_core.graph import Program, Tensor
from keras_core.plugins import Draws
from keras_core.plugins.authoring import NeedsValues, expand, variables_read, with_inner
from keras_jax.draws import State, numbers_of
from keras_jax.engine import Place
from keras_jax.tracing import Lowering, Steps

Computed = tuple["list[Any]", "list[Any]"]


class PureProgram:
    """A program as a function of the values of its variables, of its inputs and of a Draws.

    Called by itself it is compiled as a whole, unless that is forbidden or something in it has to
    know the values of arrays.

    Args:
        program: what to compute.
        lowerings: by primitive.
        place: where it runs.

    Attributes:
        names: of the primitives in it, also in loops.
        is_random: whether it draws.
        is_eager: whether each operation is run by itself.
    """

    def __init__(self, program: Program, lowerings: Mapping[str, Lowering], place: Place) -> None:
        self.place = place
        self.is_eager = program.jit_compile is False
        self._program = expand(program, lowerings, "jax")
        nodes = [*with_inner(self._program.nodes)]
        self.names = {node.primitive.name for node in nodes}
        self.is_random = any(node.primitive.random and not node.primitive.loop for node in nodes)
        updated = [update.variable for update in program.updates]
        self._leaves: list[Tensor] = [*updated, *variables_read(program), *program.inputs]
        self._steps = Steps(self._leaves, self._program.results, lowerings)
        self._outputs = len(program.outputs)
        self._compiled = jax.jit(self.compute, inline=True)

    def __call__(
        self, updated: Sequence[Any], read: Sequence[Any], inputs: Sequence[Any], draws: Draws
    ) -> Computed:
        with self.place.entered(True):
            numbers = numbers_of(draws) if self.is_random else None
            if not self.is_eager:
                try:
                    return self._compiled([*updated], [*read], [*inputs], numbers)
                except NeedsValues:
                    self.is_eager = True
            return self.eagerly(updated, read, inputs, numbers)

    def compute(self, updated: Any, read: Any, inputs: Any, numbers: Any) -> Computed:
        """Outputs and new values, for what JAX traces; no two of them are one array.

        Raises:
            NeedsValues: a node asks for a value that is traced.
        """
        try:
            return self._apart([*updated, *read, *inputs], self._state(numbers))
        except NeedsValues as error:
            error.program = self._program
            raise

    def eagerly(self, updated: Any, read: Any, inputs: Any, numbers: Any) -> Computed:
        """The same, operation by operation."""
        return self._apart([*updated, *read, *inputs], self._state(numbers, eager=True))

    def _state(self, numbers: Any, eager: bool = False) -> State:
        return State.of(numbers, eager, derives="conv_kernel_grad" in self.names)

    def _apart(self, values: Sequence[Any], state: State) -> Computed:
        arrays = [jnp.asarray(value, x.dtype) for x, value in zip(self._leaves, values)]
        seen = set(map(id, arrays))
        results = []
        for result in map(jnp.asarray, self._steps(arrays, state)):
            own = jnp.array(result, copy=True) if id(result) in seen else result
            seen.add(id(own))
            results.append(own)
        return results[: self._outputs], results[self._outputs :]


class Loop:
    """Many runs of a program, one after the other, as a function of the inputs of all of them.

    Args:
        once: the program.
    """

    def __init__(self, once: PureProgram) -> None:
        self._once = once
        self.place, self.is_random, self.names = once.place, once.is_random, once.names

    def compute(self, updated: Any, read: Any, inputs: Any, numbers: Any) -> Computed:
        """Outputs of all runs, stacked, and the values after the last one."""

        def run(present: Any, slices: Any) -> Any:
            t, *arrays = slices
            outputs, values = self._once.compute(present, read, arrays, _later(numbers, t))
            return values, outputs

        times = np.arange(len(inputs[0]), dtype=np.uint64)
        values, outputs = jax.lax.scan(run, list(updated), [times, *inputs])
        return outputs, values


def _later(numbers: Any, t: Any) -> Any:
    """The random state `t` runs later."""
    if numbers is None:
        return None
    return jnp.asarray(numbers).at[1].add(jnp.asarray(t).astype(np.uint64))
