"""BoundProgram: a program's functions, one for each combination of input shapes.

Their code belongs to a Template, which programs of one structure share.
"""

from __future__ import annotations

import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from types import FunctionType
from typing import Any

import numpy as np
import torch

from keras_core.graph import Program
from keras_core.plugins.authoring import (
    Binding,
    RandomState,
    Shape,
    collector_paused,
    expand,
    indices_checked,
    named,
)
from keras_torch.compiler.generate import Code, program_code
from keras_torch.kernel import Lowering

Shapes = tuple[Shape, ...]

# Beyond so many combinations of shapes, one function for sizes that are not known serves all.
MOST_EXACT = 32


class Template:
    """The code of a program, written once for each combination of input shapes.

    Args:
        backend: what holds the variables.
        program: what to run; sizes may be unknown, variables and streams be stand-ins.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(self, backend: Any, program: Program) -> None:
        self.backend = backend
        self._lowerings: Mapping[str, Lowering] = backend.lowerings
        self._program = expand(program, self._lowerings, "torch")
        # A kernel on a GPU cannot raise.
        self.checks = [] if backend.device.type == "cpu" else indices_checked(self._program)
        self._written: OrderedDict[Shapes | None, Code] = OrderedDict()
        self._making = Lock()

    def bound(self, binding: Binding) -> BoundProgram:
        """The program for variables and streams of its own."""
        return BoundProgram(self, binding)

    def of_its_own(self, binding: Binding) -> Template:
        """The template of a bound program alone; itself where there is no other one."""
        return Template(self.backend, binding.program()) if binding.program else self

    def written(self, shapes: Shapes | None) -> Code:
        """The code for inputs of these shapes, of any where None; written at the first need."""
        with self._making:
            if shapes not in self._written:
                self._written[shapes] = self.code(shapes)
            self._written.move_to_end(shapes)
            while len(self._written) > MOST_EXACT + 1:
                self._written.popitem(last=False)
            return self._written[shapes]

    @collector_paused()
    def code(self, shapes: Shapes | None) -> Code:
        """The same, written anew."""
        program = self._program
        if shapes is not None:
            program = expand(program, self._lowerings, "torch", shapes)
        return program_code(program, self._lowerings, self.backend.device)


class BoundProgram:
    """Runs a program on NumPy arrays.

    Args:
        template: its code.
        binding: its variables and streams.
    """

    def __init__(self, template: Template, binding: Binding) -> None:
        self._template = template
        self._binding = binding
        self._exact: dict[Any, Variant] = {}
        self._general: Variant | None = None
        self._making = Lock()

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[Any]:
        shapes = tuple([array.shape for array in arrays])
        run = self._exact.get(shapes) or self._made(shapes)
        if self._template.checks:
            self._refuse_outside(arrays)
        try:
            return run(arrays, state)
        except Exception as error:
            raise self._explained(error, run, shapes) from error

    def _refuse_outside(self, arrays: Sequence[np.ndarray]) -> None:
        try:
            for check in self._template.checks:
                check(arrays)
        except IndexError:
            # The error shall name the layers of this program, not of the one that came first.
            for check in self._template.of_its_own(self._binding).checks:
                check(arrays)
            raise

    def source(self, *shapes: Shape) -> str:
        """The code that runs for inputs of these shapes."""
        return self._template.written(shapes).source

    def _made(self, shapes: Shapes) -> Variant:
        """The function for these shapes, made now unless another thread has meanwhile."""
        with self._making:
            if shapes in self._exact:
                return self._exact[shapes]
            # How a loop's results look that makes no step is known where all sizes are.
            if len(self._exact) < MOST_EXACT or any(0 in shape for shape in shapes):
                made = self._exact[shapes] = self._bound(self._code(shapes))
                return made
            if self._general is None:
                self._general = self._bound(self._code(None))
            return self._general

    def _bound(self, code: Code) -> Variant:
        variables = {
            name: self._template.backend.storage_of(self._binding.variable(variable))
            for name, variable in code.variables.items()
        }
        function = code.function(**variables, streams=tuple(self._binding.streams))
        return Variant(function, code.buffers, self._template.backend.device)

    def _code(self, shapes: Shapes | None) -> Code:
        try:
            return self._template.written(shapes)
        except Exception:
            # An error shall name the layers of this program, not of the one that came first.
            own = self._template.of_its_own(self._binding)
            if own is self._template:
                raise
            return own.written(shapes)

    def _explained(self, error: Exception, run: Variant, shapes: Shapes) -> Exception:
        """The error with the layer and the user's line that built the failing node."""
        filename = run.filename
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == filename]
        kind = None if run is self._general else shapes
        nodes = self._template.of_its_own(self._binding).code(kind).nodes
        node = nodes.get(lines[-1]) if lines and lines[-1] else None
        return error if node is None else named(error, node)


class Variant:
    """A function for inputs of certain shapes, and the buffers it works in.

    Threads that run it at once each take a set of buffers; a set goes back when its call ends.

    Args:
        function: the function.
        buffers: shapes and dtypes by name.
        device: where they are to be.
    """

    def __init__(
        self, function: FunctionType, buffers: Mapping[str, Any], device: torch.device
    ) -> None:
        self.filename = function.__code__.co_filename
        self._function, self._buffers, self._device = function, buffers, device
        self._free: list[list[torch.Tensor]] = []

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[Any]:
        if not self._buffers:
            return self._function(arrays, state, ())
        try:
            buffers = self._free.pop()
        except IndexError:
            buffers = self._allocated()
        try:
            return self._function(arrays, state, buffers)
        finally:
            self._free.append(buffers)

    def _allocated(self) -> list[torch.Tensor]:
        return [
            torch.empty(shape, dtype=dtype, device=self._device)
            for shape, dtype in self._buffers.values()
        ]


class CompiledProgram(BoundProgram):
    """A program with a template of its own.

    Args:
        backend: what holds the variables.
        program: what to run; sizes may be unknown.
    """

    def __init__(self, backend: Any, program: Program) -> None:
        super().__init__(Template(backend, program), Binding())
