"""CompiledProgram: a program's functions, one for each combination of input shapes."""

from __future__ import annotations

import math
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from threading import Lock
from typing import Any

import numpy as np

from keras_core.graph.collector import collector_paused
from keras_core.graph.passes.expand import expand
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.randomness import RandomState
from keras_numpy.blas import one_thread
from keras_numpy.compiler.generate import Code, generate
from keras_numpy.compiler.packing import Packer
from keras_numpy.kernel import Lowering

Shapes = tuple[tuple[int, ...], ...]

# Each variant keeps its buffers; shapes that vary without end must not fill the memory.
MOST_VARIANTS = 32


class CompiledProgram:
    """Runs a program on NumPy arrays.

    Args:
        program: what to run; sizes may be unknown.
        lowerings: kernels by primitive name.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(self, program: Program, lowerings: Mapping[str, Lowering]) -> None:
        self._lowerings = lowerings
        self._program = expand(program, lowerings, "numpy")
        self._packer = Packer()
        self._variants: OrderedDict[Any, Variant] = OrderedDict()
        self._latest: Variant | None = None
        self._making = Lock()

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[np.ndarray]:
        shapes = tuple([array.shape for array in arrays])
        variant = self._variants.get(shapes)
        if variant is None or variant is not self._latest:
            variant = self._used(shapes)
        return variant(arrays, state)

    def source(self, *shapes: tuple[int, ...]) -> str:
        """The code that runs for inputs of these shapes."""
        return self._used(shapes).code.source

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
                self._variants[shapes] = self._new_variant(shapes)
            variant = self._variants[shapes]
            while len(self._variants) > MOST_VARIANTS:
                self._variants.popitem(last=False)
            return variant

    @collector_paused()
    def _new_variant(self, shapes: Shapes) -> Variant:
        program = expand(self._program, self._lowerings, "numpy", shapes)
        return Variant(generate(self._packer(program), self._lowerings))


class Variant:
    """One generated function and the buffers it works in.

    Threads that run it at once each take a set of buffers; a set goes back when its call ends.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self._free: list[Sequence[np.ndarray]] = []
        namespace: dict[str, Any] = dict(code.names)
        exec(compile(code.source, code.filename, "exec"), namespace)
        # Taken out of its own globals: no reference cycle, so all goes when the program goes.
        self._run = namespace.pop("run")

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[np.ndarray]:
        try:
            buffers = self._free.pop()
        except IndexError:
            buffers = self._new_buffers()
        try:
            with np.errstate(all="ignore"), one_thread() if self.code.shares else nullcontext():
                return self._run(arrays, buffers, state)
        except Exception as error:
            raise self._explained(error) from error
        finally:
            self._free.append(buffers)

    def _new_buffers(self) -> Sequence[np.ndarray]:
        try:
            return self.code.memory.allocate()
        except MemoryError as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Exception:
        """The error with the layer and the user's line that built the failing node."""
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == self.code.filename
        ]
        node = self.code.node_at(lines[-1]) if lines and lines[-1] else None
        if isinstance(error, MemoryError):
            # Memory is taken for all nodes at once: it is the largest result that does not fit.
            largest = node or max(self.code.nodes.values(), key=_size)
            return MemoryError(f"{error} ({_place(largest)})")
        if node is None:
            return error
        text = f"{error} ({_place(node)})"
        try:
            return type(error)(text)
        except TypeError:
            return RuntimeError(text)


def _place(node: Node) -> str:
    return f"in {node.primitive.name}, built by {node.origin}"


def _size(node: Node) -> int:
    sizes = [math.prod(size or 0 for size in spec.shape) for spec in node.specs]
    return max(n * np.dtype(spec.dtype).itemsize for n, spec in zip(sizes, node.specs))
