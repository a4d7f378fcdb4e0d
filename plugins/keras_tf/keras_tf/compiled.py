"""CompiledProgram: a program's functions, one for each combination of input shapes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import Any, Callable, Optional

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from keras_core.graph import Program, Variable
from keras_core.plugins.authoring import (
    Binding,
    Shape,
    StandIn,
    Unbroken,
    expand,
    order,
    with_inner,
)
from keras_tf.errors import explained
from keras_tf.group import summing
from keras_tf.lowering.random import mixed
from keras_tf.tracing import Lowering, RandomState, Trace, Values, random_state_in, scope_of
from keras_tf.writes import writes_of

# Beyond so many combinations of shapes, one function for sizes that are not known serves all.
MOST_EXACT = 8

# Of the functions that programs of one structure share, so many are kept for the next one.
MOST_TRACED = 4 * MOST_EXACT

_NOTHING = nullcontext()

Shapes = Optional[tuple[tuple[int, ...], ...]]


class Template:
    """The functions of a program, traced once for each combination of input shapes.

    Args:
        backend: what holds the variables.
        program: what to run; sizes may be unknown, variables and streams be stand-ins.
        jit: True compiles with XLA.
        jit_loops: True compiles loops with XLA where that pays.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    # For how many combinations of input shapes a program has a function of its own.
    most_exact: float = MOST_EXACT

    def __init__(
        self, backend: Any, program: Program, jit: bool = False, jit_loops: bool = False
    ) -> None:
        self.backend = backend
        self.program = lowered(program, backend.lowerings)
        self.takes_state = self.program.is_random
        self.writes = bool(self.program.updates)
        self.summed = [
            x.spec
            for node in with_inner(self.program.nodes)
            if node.primitive.family == "collective"
            for x in node.inputs
        ]
        self._jit = jit
        self._jit_loops = jit_loops
        self._traced: OrderedDict[Shapes, Traced] = OrderedDict()
        self._making = threading.RLock()

    def bound(self, binding: Binding) -> CompiledProgram:
        """The program for variables and streams of its own."""
        return CompiledProgram(self, binding)

    def of_its_own(self, binding: Binding) -> Template:
        """The template of a bound program alone; itself where there is no other one."""
        if binding.program is None:
            return self
        return type(self)(self.backend, binding.program(), self._jit, self._jit_loops)

    def traced(self, shapes: Shapes, streams: int) -> Traced:
        """The function for inputs of these shapes, or of unknown ones, traced at the first need.

        Args:
            shapes: of the inputs; None where they are unknown.
            streams: how many random streams are fed behind seed and step.
        """
        with self._making:
            if shapes not in self._traced:
                self._traced[shapes] = self._trace(self.specialised(shapes), shapes, streams)
            self._traced.move_to_end(shapes)
            while len(self._traced) > MOST_TRACED:
                self._traced.popitem(last=False)
            return self._traced[shapes]

    def specialised(self, shapes: Shapes) -> Program:
        """What is traced for these shapes."""
        if shapes is None:
            return self.program
        return lowered(self.program, self.backend.lowerings, shapes)

    def _trace(self, program: Program, shapes: Shapes, streams: int) -> Traced:
        signature = [tf.TensorSpec(x.shape, x.dtype) for x in program.inputs]
        if self.takes_state:
            signature.append(state_spec(streams))

        def run(*fed: tf.Tensor) -> list[tf.Tensor]:
            with self.backend.placed():
                return traced(self.backend, program, fed, self._jit_loops, not self._jit)

        return Traced(self.backend, run, signature, self._jit, program)


class CompiledProgram:
    """Runs a program on NumPy arrays.

    Args:
        template: its functions.
        binding: its variables and streams.
    """

    def __init__(self, template: Template, binding: Binding) -> None:
        self._template = template
        self._binding = binding
        self._streams = tuple(map(mixed, binding.streams))
        self._exact: dict[Any, Running] = {}
        self._general: Running | None = None
        self._making = threading.Lock()

    def __call__(self, arrays: Sequence[np.ndarray], state: Any) -> list[np.ndarray]:
        run = self._exact.get(tuple([array.shape for array in arrays])) or self._made(arrays)
        try:
            # What a handler raises while TensorFlow takes an array is thrown away there, or becomes
            # a SystemError. No signal is heard within what writes anyway.
            heard_later = _NOTHING if self._template.writes else Unbroken()
            with heard_later, summing(self._template.summed):
                fed = [tf.constant(array) for array in arrays]
                if self._template.takes_state:
                    fed.append(state_of((*state, *self._streams)))
                return run(fed)
        except tf.errors.OpError as error:
            raise self._explained(error, run) from error

    def _made(self, arrays: Sequence[np.ndarray]) -> Running:
        """The function for these arrays, made now if there is none yet."""
        shapes = tuple(array.shape for array in arrays)
        # TensorFlow's kernels fail on many things without elements; lowerings avoid those they see.
        most = self._template.most_exact
        is_exact = len(self._exact) < most or any(0 in shape for shape in shapes)
        with self._making:
            if shapes in self._exact:
                return self._exact[shapes]
            if is_exact:
                made = self._exact[shapes] = self._running(shapes)
                return made
            if self._general is None:
                self._general = self._running(None)
            return self._general

    def _running(self, shapes: Shapes) -> Running:
        count = len(self._streams)
        try:
            return self._bound(self._template.traced(shapes, count), shapes)
        except Exception:
            # An error shall name the layers of this program, not of the one that came first.
            own = self._template.of_its_own(self._binding)
            if own is self._template:
                raise
            return self._bound(own.traced(shapes, count), shapes)

    def _bound(self, traced: Traced, shapes: Shapes) -> Running:
        captured = [
            self._template.backend.storage_of(self._binding.variable(x)).handle
            if type(x) is StandIn
            else x
            for x in traced.captured
        ]
        return Running(traced, shapes, captured)

    def _explained(self, error: tf.errors.OpError, run: Running) -> tf.errors.OpError:
        program = self._template.of_its_own(self._binding).specialised(run.shapes)
        return explained(error, run.traced.scopes, with_inner(program.nodes))


class Traced:
    """A function traced once, for all programs of one structure.

    Args:
        backend: what holds the variables.
        function: builds the operations for the tensors that it is fed.
        signature: what it is fed.
        jit: True compiles with XLA.
        program: what is traced.

    Attributes:
        concrete: TensorFlow's function.
        scopes: the name scopes of the program's nodes.
        captured: what the function captured; a stand-in for the tensor of its variable.
    """

    def __init__(
        self,
        backend: Any,
        function: Any,
        signature: Sequence[tf.TensorSpec],
        jit: bool,
        program: Program,
    ) -> None:
        stand_ins = {
            id(backend.storage_of(v).handle): v for v in program.variables if type(v) is StandIn
        }
        whole = tf.function(function, autograph=False, jit_compile=jit or None)
        self.concrete = whole.get_concrete_function(*signature)
        found = self.concrete.captured_inputs
        self.captured = [stand_ins.get(id(tensor), tensor) for tensor in found]
        self.scopes = [scope_of(node) for node in with_inner(program.nodes)]


class Running:
    """A traced function with the variables of a program.

    Args:
        traced: the function.
        shapes: what it was traced for.
        captured: the tensors in place of those that it captured.
    """

    def __init__(self, traced: Traced, shapes: Shapes, captured: Sequence[tf.Tensor]) -> None:
        self.traced, self.shapes = traced, shapes
        self._call = directly(traced.concrete, captured)

    @property
    def concrete(self) -> Any:
        return self.traced.concrete

    def __call__(self, fed: Sequence[tf.Tensor]) -> list[np.ndarray]:
        return [output.numpy() for output in self._call(fed)]


def directly(
    concrete: Any, captured: Sequence[tf.Tensor] | None = None
) -> Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]:
    """What runs a concrete function on tensors that fit, eagerly, unseen by tapes.

    A call of the function itself comes to this after it has bound and checked its arguments, which
    takes longer than many a small network.

    Args:
        concrete: the function.
        captured: tensors in place of those that it captured, for other variables; the same ones
            by default.
    """
    name = concrete.function_def.signature.name.encode()
    captured = list(concrete.captured_inputs if captured is None else captured)
    count = len(concrete.outputs)
    call = context.context().call_function

    def run(fed: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        return call(name, [*fed, *captured], count) or []

    vars(run)["function"] = concrete  # which the engine forgets when nobody has it any more
    return run


def state_spec(streams: int | None = 0) -> tf.TensorSpec:
    """Of a tensor of seed, step and random streams, None of which means any number."""
    return tf.TensorSpec([None if streams is None else 2 + streams], tf.int64)


STATE_SPEC = state_spec()


def state_of(state: Any) -> tf.Tensor:
    """Seed, step and streams as a tensor of the form that `state_spec` describes."""
    return tf.constant(state, tf.int64)


def lowered(
    program: Program, lowerings: Mapping[str, Lowering], shapes: Sequence[Shape] | None = None
) -> Program:
    """The program in primitives that have a lowering, for inputs of these shapes alone, if any."""
    return expand(program, lowerings, "tensorflow", shapes)


def traced(
    backend: Any,
    program: Program,
    fed: Sequence[tf.Tensor],
    jit_loops: bool = False,
    sparse: bool = False,
) -> list[tf.Tensor]:
    """The operations of a program.

    Args:
        backend: what holds the variables and has the lowerings.
        program: what to compute, and what to update when all has been read.
        fed: the inputs; in a random program a tensor of `state_spec` comes after them.
        jit_loops: whether XLA compiles loops where that pays.
        sparse: whether large gradients of look-ups are made of their rows alone.
    """
    writes = writes_of(program)
    read = [*program.outputs, *(tensor for write in writes for tensor in write.reads)]
    values: Values = {x.key: tensor for x, tensor in zip(program.inputs, fed)}
    for leaf in order.leaves(read):
        if isinstance(leaf, Variable):
            values[leaf.key] = backend.storage_of(leaf).value()
    trace = Trace(backend.lowerings, random_state(program, fed), jit_loops, sparse)
    results = trace.run(read, values)
    with tf.control_dependencies(results):
        all_read = tf.no_op()  # one edge a result and one a write, not one for each pair of them
    written = iter(results[len(program.outputs) :])
    with tf.control_dependencies([all_read]):
        for write in writes:
            write.run(backend, *islice(written, len(write.reads)))
    return results[: len(program.outputs)]


def random_state(program: Program, fed: Sequence[tf.Tensor]) -> RandomState | None:
    return random_state_in(fed[-1]) if len(fed) > len(program.inputs) else None
