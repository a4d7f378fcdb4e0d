"""Running: a compiled Theano function without what Theano checks and tells at each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_theano.compiler.errors import explained


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
