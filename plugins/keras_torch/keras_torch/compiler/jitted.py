"""Programs that `torch.compile` compiles as a whole, where `jit_compile=True` asks for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from keras_core.graph import Program
from keras_core.plugins import Draws
from keras_core.plugins.authoring import Binding, RandomState, variables_read
from keras_torch.compiler.pure import PureFunction
from keras_torch.precision import exact_on
from keras_torch.transfer import entering, leaving


class Jitted:
    """The functions of all programs of one structure, one for each combination of shapes.

    Args:
        backend: what holds the variables.
        program: what to run; sizes may be unknown, variables and streams be stand-ins.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(self, backend: Any, program: Program) -> None:
        self.backend = backend
        self.updated = [update.variable for update in program.updates]
        self.read = variables_read(program)
        self._pure = PureFunction(program, backend.lowerings, backend.device)
        self._compiled: dict[Any, Any] = {}

    def bound(self, binding: Binding) -> BoundJitted:
        return BoundJitted(self, binding)

    def function(self, shapes: Any) -> Any:
        """The compiled function for inputs of these shapes."""
        if shapes not in self._compiled:
            self._compiled[shapes] = torch.compile(self._pure.written(shapes), dynamic=False)
        return self._compiled[shapes]


class BoundJitted:
    """Runs a compiled program on NumPy arrays.

    Args:
        template: its functions.
        binding: its variables and streams.
    """

    def __init__(self, template: Jitted, binding: Binding) -> None:
        self._template, self._binding = template, binding
        backend = template.backend
        self._entered, self._left = entering(backend.device), leaving(backend.device)

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[Any]:
        function = self._template.function(tuple(array.shape for array in arrays))
        updated, read = self._tensors(self._template.updated), self._tensors(self._template.read)
        draws = Draws(*state, tuple(self._binding.streams))
        with torch.no_grad(), exact_on(self._template.backend.device):
            outputs, values = function(updated, read, [*map(self._entered, arrays)], draws)
            outputs = [y.clone(memory_format=torch.contiguous_format) for y in outputs]
            # A value may be the memory of a variable that is about to change.
            for tensor, value in zip(updated, [value.clone() for value in values]):
                tensor.copy_(value)
        return [*map(self._left, outputs)]

    def _tensors(self, variables: Any) -> list[torch.Tensor]:
        storage_of = self._template.backend.storage_of
        return [storage_of(self._binding.variable(variable)) for variable in variables]
