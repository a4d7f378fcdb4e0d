"""BoundProgram: a program's functions, one for each combination of input shapes.

Their code belongs to a Template, which programs of one structure share.
"""

from __future__ import annotations

import builtins
import math
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from threading import Lock
from types import FunctionType
from typing import Any

import numpy as np

from keras_core.graph import Node, Program, Variable
from keras_core.plugins.authoring import (
    Binding,
    RandomState,
    collector_paused,
    expand,
    named,
)
from keras_numpy.blas import one_thread
from keras_numpy.compiler.generate import Code, generate
from keras_numpy.compiler.packing import Flat, Pack, Packer
from keras_numpy.kernel import Lowering

Shapes = tuple[tuple[int, ...], ...]

# Each variant keeps its buffers; shapes that vary without end must not fill the memory.
MOST_VARIANTS = 32


class Template:
    """The code of a program, written once for each combination of input shapes.

    Args:
        program: what to run; sizes may be unknown, variables and streams be stand-ins.
        lowerings: kernels by primitive name.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(self, program: Program, lowerings: Mapping[str, Lowering]) -> None:
        self._lowerings = lowerings
        self._program = expand(program, lowerings, "numpy")
        self._packer = Packer()
        self._functions: OrderedDict[Shapes, Written] = OrderedDict()
        self._making = Lock()

    def bound(self, binding: Binding) -> BoundProgram:
        """The program for variables and streams of its own."""
        return BoundProgram(self, binding)

    def of_its_own(self, binding: Binding) -> Template:
        """The template of a bound program alone; itself where there is no other one."""
        return Template(binding.program(), self._lowerings) if binding.program else self

    def written(self, shapes: Shapes) -> Written:
        """The function for inputs of these shapes, written now if there is none yet."""
        with self._making:
            if shapes not in self._functions:
                self._functions[shapes] = Written(self.code(shapes))
            self._functions.move_to_end(shapes)
            while len(self._functions) > MOST_VARIANTS:
                self._functions.popitem(last=False)
            return self._functions[shapes]

    @collector_paused()
    def code(self, shapes: Shapes) -> Code:
        """The code for inputs of these shapes, written anew."""
        program = expand(self._program, self._lowerings, "numpy", shapes)
        return generate(self._packer(program), self._lowerings)


class Written:
    """A generated function that is bound to nothing yet, and the names that it refers to."""

    def __init__(self, code: Code) -> None:
        self.source, self.filename, self.memory = code.source, code.filename, code.memory
        self.shares = code.shares
        self._names, self._late = code.names, code.late
        namespace: dict[str, Any] = {}
        exec(compile(code.source, code.filename, "exec"), namespace)
        self._code = namespace["run"].__code__

    def function(self, bound: BoundProgram) -> FunctionType:
        """The function with the variables and streams of a program."""
        late = {name: made(bound) for name, made in self._late.items()}
        return FunctionType(self._code, {**self._names, **late, "__builtins__": builtins})


class BoundProgram:
    """Runs a program on NumPy arrays.

    Args:
        template: its code.
        binding: its variables and streams.
    """

    def __init__(self, template: Template, binding: Binding) -> None:
        self._template = template
        self._binding = binding
        self._flats: dict[Pack, Flat] = {}
        self._variants: OrderedDict[Any, Variant] = OrderedDict()
        self._latest: Variant | None = None
        self._making = Lock()

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[np.ndarray]:
        shapes = tuple([array.shape for array in arrays])
        variant = self._variants.get(shapes)
        if variant is None or variant is not self._latest:
            variant = self._used(shapes)
        try:
            return variant(arrays, state)
        except Exception as error:
            raise self._explained(error, variant.written, shapes) from error

    def source(self, *shapes: tuple[int, ...]) -> str:
        """The code that runs for inputs of these shapes."""
        return self._used(shapes).written.source

    def storing(self, variable: Variable) -> Any:
        """What has the storage of a variable or of a pack."""
        if not isinstance(variable, Pack):
            return self._binding.variable(variable)
        if variable not in self._flats:
            self._flats[variable] = Flat([*map(self._binding.variable, variable.members)])
        return self._flats[variable]

    def stream(self, stream: int) -> int:
        return self._binding.stream(stream)

    def params(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._binding.params(params)

    def _used(self, shapes: Shapes) -> Variant:
        """The variant for these shapes, which becomes the last one to be dropped."""
        variant = self._variants.get(shapes)
        if variant is None:
            variant = self._made(shapes)
        with suppress(KeyError):  # another thread may have dropped it meanwhile
            self._variants.move_to_end(shapes)
        self._latest = variant
        return variant

    def _made(self, shapes: Shapes) -> Variant:
        """The variant, made now unless another thread has meanwhile."""
        with self._making:
            if shapes not in self._variants:
                written = self._written(shapes)
                self._variants[shapes] = Variant(written, written.function(self))
            variant = self._variants[shapes]
            while len(self._variants) > MOST_VARIANTS:
                self._variants.popitem(last=False)
            return variant

    def _written(self, shapes: Shapes) -> Written:
        try:
            return self._template.written(shapes)
        except Exception:
            # An error shall name the layers of this program, not of the one that came first.
            own = self._template.of_its_own(self._binding)
            if own is self._template:
                raise
            return own.written(shapes)

    def _explained(self, error: Exception, written: Written, shapes: Shapes) -> Exception:
        """The error with the layer and the user's line that built the failing node."""
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == written.filename
        ]
        code = self._template.of_its_own(self._binding).code(shapes)
        is_same = code.source == written.source
        node = code.node_at(lines[-1]) if is_same and lines and lines[-1] else None
        if isinstance(error, MemoryError):
            # Memory is taken for all nodes at once: it is the largest result that does not fit.
            largest = node or max(code.nodes.values(), key=_size)
            return named(error, largest)
        return error if node is None else named(error, node)


class CompiledProgram(BoundProgram):
    """A program with a template of its own.

    Args:
        program: what to run; sizes may be unknown.
        lowerings: kernels by primitive name.
    """

    def __init__(self, program: Program, lowerings: Mapping[str, Lowering]) -> None:
        super().__init__(Template(program, lowerings), Binding())


class Variant:
    """A function for inputs of certain shapes and the buffers it works in.

    Threads that run it at once each take a set of buffers; a set goes back when its call ends.
    """

    def __init__(self, written: Written, run: FunctionType) -> None:
        self.written = written
        self._run = run
        self._free: list[Sequence[np.ndarray]] = []

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[np.ndarray]:
        try:
            buffers = self._free.pop()
        except IndexError:
            buffers = self.written.memory.allocate()
        try:
            with np.errstate(all="ignore"), one_thread() if self.written.shares else nullcontext():
                return self._run(arrays, buffers, state)
        finally:
            self._free.append(buffers)


def _size(node: Node) -> int:
    sizes = [math.prod(size or 0 for size in spec.shape) for spec in node.specs]
    return max(n * np.dtype(spec.dtype).itemsize for n, spec in zip(sizes, node.specs))
