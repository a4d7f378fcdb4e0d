"""CompiledProgram: a program's Theano functions, one for each kind of input shapes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np
import theano.tensor as T
from theano.configparser import change_flags

from keras_core.graph.passes.expand import expand
from keras_core.graph.program import Program
from keras_core.graph.randomness import RandomState
from keras_core.graph.tensor import Shape
from keras_theano import settings
from keras_theano.compiler.draws import Draw, draws_of
from keras_theano.compiler.extents import Extents, batch_sizes_open
from keras_theano.compiler.running import Running, compiled
from keras_theano.compiler.translate import Surroundings, Translator
from keras_theano.engine import quiet
from keras_theano.lowering._common import SizeNeeded
from keras_theano.storage import Shared

MOST_SHAPES = 256
Shapes = tuple[Shape, ...]

# Theano's functions and shared variables are not made for several threads.
_LOCK = RLock()


@dataclass(frozen=True)
class Call:
    """What runs for inputs of certain shapes."""

    run: Running
    draws: Sequence[Draw]


class CompiledProgram:
    """Runs a program on NumPy arrays.

    Args:
        program: what to run; sizes may be unknown.
        lowerings: by primitive name.
        shared: the Theano variables that stand for the program's variables.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(self, program: Program, lowerings: Mapping[str, Any], shared: Shared) -> None:
        self._lowerings = lowerings
        self._program = expand(program, lowerings, "theano")
        self._random = self._program.is_random
        self._shared = shared
        self._calls: OrderedDict[Shapes, Call] = OrderedDict()
        self._programs: dict[Shapes, Program] = {}
        self._functions: dict[Any, Any] = {}

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[np.ndarray]:
        shapes = tuple([array.shape for array in arrays])
        with _LOCK:
            call = self._calls.get(shapes) or self._prepared(shapes)
            inputs = [array if array.flags.aligned else array.copy() for array in arrays]
            if self._random:
                inputs += [draw(state) for draw in call.draws]
                inputs.append(np.array(state, "int64"))
            with np.errstate(all="ignore"):
                return call.run(inputs)

    def function(self, *shapes: Shape) -> Any:
        """The Theano function that runs for inputs of these shapes."""
        with _LOCK:
            return self._prepared(shapes).run.function

    def _prepared(self, shapes: Shapes) -> Call:
        try:
            call = self._call_for(shapes, tuple(batch_sizes_open(self._program.inputs, shapes)))
        except SizeNeeded:
            call = self._call_for(shapes, shapes)
        self._forget()
        self._calls[shapes] = call
        return call

    def _call_for(self, shapes: Shapes, fixed: Shapes) -> Call:
        """The call, with the program made for inputs of the shapes `fixed`, open where None."""
        program = self._for(fixed)
        extents = Extents(program.nodes, dict(zip(program.inputs, shapes)))
        draws = draws_of(program.nodes, extents, self._lowerings)
        key = (fixed, extents.signature())
        run = self._functions.get(key)
        if run is None:
            run = self._functions[key] = Running(self._compiled(program, extents, draws))
        return Call(run, draws)

    def _for(self, shapes: Shapes) -> Program:
        """The program for inputs of which only the first size may be open."""
        found = self._programs.get(shapes)
        if found is None:
            found = expand(self._program, self._lowerings, "theano", shapes)
            self._programs[shapes] = found
        return found

    def _forget(self) -> None:
        """Shapes that vary without end must not fill the memory."""
        if len(self._calls) > MOST_SHAPES:
            self._calls.clear()
            self._programs.clear()
            self._functions.clear()

    def _compiled(self, program: Program, extents: Extents, draws: Sequence[Draw]) -> Any:
        mode = settings.mode()
        with quiet(), change_flags(**{"traceback.limit": 0}):
            known = {x: _input(x.dtype, extents.shape(x)) for x in program.inputs}
            drawn = [_input(draw.dtype, draw.sizes) for draw in draws]
            state = T.lvector()
            around = Surroundings(self._lowerings, mode, self._shared, state)
            results = Translator(around, extents, known, drawn)(program.nodes, program.results)
            count = len(program.outputs)
            updates = [
                (self._shared(update.variable), value)
                for update, value in zip(program.updates, results[count:])
            ]
            hidden = [*drawn, state] if self._random else []
            mode = settings.keeping_memory(mode)
            return compiled([*known.values(), *hidden], results[:count], mode, updates)


def _input(dtype: str, shape: Shape) -> Any:
    return T.TensorType(dtype, [size == 1 for size in shape])()
