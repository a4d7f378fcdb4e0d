"""How Theano is asked to compile, and Running: a function without Theano's checks at each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import theano
from theano.compile.mode import Mode
from theano.gof.graph import io_toposort

from keras_theano.compiler.errors import explained


def compiled(
    inputs: Sequence[Any], outputs: Sequence[Any], mode: Mode, updates: Sequence[Any] = ()
) -> Any:
    """A Theano function.

    Theano copies expressions by recursion, down to what it has copied before. Replacing each by
    itself, in order, keeps it from going deep.

    Args:
        inputs: Theano variables.
        outputs: expressions, or `theano.Out` of them.
        mode: the compilation mode.
        updates: pairs of a shared variable and an expression.
    """
    results = [getattr(y, "variable", y) for y in outputs] + [value for _, value in updates]
    made = [apply.outputs[0] for apply in io_toposort([], results)]
    return theano.function(
        list(inputs),
        list(outputs),
        mode=mode,
        updates=list(updates),
        givens=list(zip(made, made)),
        on_unused_input="ignore",
    )


def _nothing() -> None:
    """What operations let go of that keep nothing."""


class Running:
    """Calls a Theano function whose inputs are known to be right.

    Attributes:
        cells: for each input, the list whose only entry is its value.
        results: the same for each output.
    """

    def __init__(self, function: Any) -> None:
        function.trust_input = True
        self.function = function
        self.cells = [container.storage for container in function.input_storage]
        outputs = function.output_storage[: function.n_returned_outputs]
        self.results = [container.storage for container in outputs]
        machine = function.fn
        self._is_direct = not getattr(machine, "need_update_inputs", True) and not function.profile

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs; updates are done."""
        if not self._is_direct:
            return self._checked(inputs)
        for cell, value in zip(self.cells, inputs):
            cell[0] = value
        self.run()
        return [np.asarray(result[0]) for result in self.results]

    def free(self) -> None:
        """Lets go of what is kept from one call for the next."""
        self.function.free()
        for node in self.function.maker.fgraph.apply_nodes:
            getattr(node.op, "free", _nothing)()
        for cell in (*self.cells, *self.results):
            cell[0] = None

    def run(self) -> None:
        """Computes `results` from `cells`; for a function without updates, or that does them."""
        try:
            self.function.fn()
        except Exception as error:
            raise explained(error, self.function) from error

    def _checked(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        try:
            return [np.asarray(result) for result in self.function(*inputs)]
        except Exception as error:
            raise explained(error, self.function) from error
