"""Programs as pure functions of tensors, for autograd, `torch.func`, tracing and export."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import torch

from keras_core.graph import Program
from keras_core.plugins import Draws
from keras_core.plugins.authoring import collector_paused, expand, variables_read
from keras_torch.compiler.generate import pure_code
from keras_torch.kernel import Lowering

MOST_EXACT = 32


class PureFunction:
    """A program as a function of values, inputs and draws, written once for each kind of shapes.

    Args:
        program: what to compute, optimised; sizes may be unknown.
        lowerings: by primitive name.
        device: where tensors are.
        exact: whether there is code for each combination of input shapes; without it, the code is
            for all sizes, which tracing then finds open.
    """

    def __init__(
        self,
        program: Program,
        lowerings: Mapping[str, Lowering],
        device: torch.device,
        exact: bool = True,
    ) -> None:
        self._lowerings, self._device, self._exact = lowerings, device, exact
        self._program = expand(program, lowerings, "torch")
        self._updated = [update.variable for update in program.updates]
        self._read = variables_read(program)
        self._functions: OrderedDict[Any, Any] = OrderedDict()
        self._making = Lock()

    def __call__(
        self,
        updated: Sequence[torch.Tensor],
        read: Sequence[torch.Tensor],
        inputs: Sequence[torch.Tensor],
        draws: Draws,
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        shapes = tuple([tuple(x.shape) for x in inputs]) if self._exact else None
        run = self._functions.get(shapes) or self.written(shapes)
        return run(updated, read, inputs, draws)

    def written(self, shapes: Any) -> Any:
        """The function for inputs of these shapes, of any where None; written at the first need."""
        with self._making:
            if shapes not in self._functions:
                self._functions[shapes] = self._write(shapes)
            while len(self._functions) > MOST_EXACT:
                self._functions.popitem(last=False)
            return self._functions[shapes]

    @collector_paused()
    def _write(self, shapes: Any) -> Any:
        program = self._program
        if shapes is not None:
            program = expand(program, self._lowerings, "torch", shapes)
        return pure_code(
            program, self._updated, self._read, self._lowerings, self._device
        ).function()
