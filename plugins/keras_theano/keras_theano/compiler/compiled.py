"""CompiledProgram: a program's Theano functions, one for each kind of input shapes."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any
from weakref import WeakSet

import numpy as np
import theano.tensor as T
from theano.configparser import change_flags

from keras_core.graph import Program, Variable
from keras_core.plugins.authoring import Binding, RandomState, Shape, StandIn, expand, with_inner
from keras_theano import settings, storage
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
    """What runs for inputs of certain shapes; its draws are those of the template's streams."""

    run: Running
    draws: Sequence[Draw]


class Template:
    """The functions of a program, compiled once for each kind of input shapes.

    Args:
        program: what to run; sizes may be unknown, variables and streams be stand-ins.
        lowerings: by primitive name.
        shared: the Theano variables that stand for the program's variables.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(self, program: Program, lowerings: Mapping[str, Any], shared: Shared) -> None:
        self._lowerings = lowerings
        self._program = expand(program, lowerings, "theano")
        self._shared = shared
        self._calls: OrderedDict[Shapes, Call] = OrderedDict()
        self._programs: dict[Shapes, Program] = {}
        self._functions: dict[Any, Running] = {}
        self._users: WeakSet[CompiledProgram] = WeakSet()
        self.takes_state = self._program.is_random
        stand_ins = [v for v in self._program.variables if type(v) is StandIn]
        self.cells = [(v, storage.cell_of(shared(v))) for v in stand_ins]

    def bound(self, binding: Binding) -> CompiledProgram:
        """The program for variables and streams of its own."""
        bound = CompiledProgram(self, binding)
        if self.cells:
            self._users.add(bound)
            weakref.finalize(bound, self._free).atexit = False
        return bound

    def _free(self) -> None:
        """Lets go of what functions keep from call to call, unless a program is left that calls."""
        if not _LOCK.acquire(blocking=False):  # this may come at any moment, in any thread
            return
        try:
            if not list(self._users):
                values = [cell[0] for _, cell in self.cells]
                for running in self._functions.values():
                    running.free()
                for (_, cell), value in zip(self.cells, values):
                    cell[0] = value
        finally:
            _LOCK.release()

    def of_its_own(self, binding: Binding) -> Template:
        """The template of a bound program alone; itself where there is no other one."""
        if binding.program is None:
            return self
        return Template(binding.program(), self._lowerings, self._shared)

    def cell(self, variable: Variable) -> list[Any]:
        """The list whose only entry is the value of a variable."""
        return storage.cell_of(self._shared(variable))

    def call(self, shapes: Shapes) -> Call:
        """What runs for inputs of these shapes, prepared at the first need."""
        return self._calls.get(shapes) or self._prepared(shapes)

    def origins(self) -> list[str]:
        """Where the nodes of the program come from, as messages say it."""
        return [f", built by {node.origin}" for node in with_inner(self._program.nodes)]

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
            hidden = [*drawn, state] if self.takes_state else []
            mode = settings.keeping_memory(mode)
            return compiled([*known.values(), *hidden], results[:count], mode, updates)


class CompiledProgram:
    """Runs a program on NumPy arrays.

    Theano's functions refer to cells of the template's stand-ins, which hold the values of the
    program's variables for as long as a call lasts.

    Args:
        template: its functions.
        binding: its variables and streams.
    """

    def __init__(self, template: Template, binding: Binding) -> None:
        self._template = template
        self._binding = binding
        self._cells: list[tuple[list[Any], list[Any]]] | None = None

    def __call__(self, arrays: Sequence[np.ndarray], state: RandomState) -> list[np.ndarray]:
        shapes = tuple([array.shape for array in arrays])
        with _LOCK:
            call = self._call(shapes)
            inputs = [array if array.flags.aligned else array.copy() for array in arrays]
            if self._template.takes_state:
                inputs += [draw(state, self._binding.stream(draw.stream)) for draw in call.draws]
                inputs.append(np.array([*state, *self._binding.streams], "int64"))
            with np.errstate(all="ignore"):
                return self._run(call.run, inputs)

    def function(self, *shapes: Shape) -> Any:
        """The Theano function that runs for inputs of these shapes."""
        with _LOCK:
            return self._call(shapes).run.function

    def _call(self, shapes: Shapes) -> Call:
        try:
            return self._template.call(shapes)
        except Exception:
            # An error shall name the layers of this program, not of the one that came first.
            own = self._template.of_its_own(self._binding)
            if own is self._template:
                raise
            self._template, self._cells = own, None
            return own.call(shapes)

    def _run(self, run: Running, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if self._cells is None:
            self._cells = self._pairs()
        before = [inside[0] for inside, _ in self._cells]
        for inside, outside in self._cells:
            inside[0] = outside[0]
        try:
            return run(inputs)
        except Exception as error:
            raise self._explained(error) from error
        finally:
            for (inside, outside), nothing in zip(self._cells, before):
                outside[0], inside[0] = inside[0], nothing

    def _pairs(self) -> list[tuple[list[Any], list[Any]]]:
        """The cells of stand-ins, each with that of the variable that it stands for."""
        return [
            (inside, self._template.cell(self._binding.variable(stand_in)))
            for stand_in, inside in self._template.cells
        ]

    def _explained(self, error: Exception) -> Exception:
        """The error with the layer of this program in place of that of the one that came first."""
        own, text = self._template.of_its_own(self._binding), str(error)
        origins = dict(zip(reversed(self._template.origins()), reversed(own.origins())))
        found = max((origin for origin in origins if origin in text), key=len, default=None)
        if own is self._template or found is None:
            return error
        return type(error)(text.replace(found, origins[found]))


def _input(dtype: str, shape: Shape) -> Any:
    return T.TensorType(dtype, [size == 1 for size in shape])()
