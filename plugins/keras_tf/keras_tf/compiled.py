"""CompiledProgram: a program's functions, one for each combination of input shapes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Callable

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from keras_core.graph import order
from keras_core.graph.passes.expand import expand
from keras_core.graph.program import Program
from keras_core.graph.tensor import Shape, Variable
from keras_tf.errors import explained
from keras_tf.tracing import Lowering, RandomState, Trace, Values
from keras_tf.writes import writes_of

# Beyond so many combinations of shapes, one function for sizes that are not known serves all.
MOST_EXACT = 8

Shapes = tuple[tuple[int, ...], ...]


class CompiledProgram:
    """Runs a program on NumPy arrays.

    Args:
        backend: what holds the variables.
        program: what to run; sizes may be unknown.
        jit: True compiles with XLA.
        jit_loops: True compiles loops with XLA where that pays.
        most_exact: for how many combinations of input shapes a function of its own is made.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def __init__(
        self,
        backend: Any,
        program: Program,
        jit: bool = False,
        jit_loops: bool = False,
        most_exact: int = MOST_EXACT,
    ) -> None:
        self._backend = backend
        self._program = lowered(program, backend.lowerings)
        self._jit = jit
        self._jit_loops = jit_loops
        self._most_exact = most_exact
        self._exact: dict[Shapes, Traced] = {}
        self._general: Traced | None = None
        self._making = threading.Lock()

    def __call__(self, arrays: Sequence[np.ndarray], state: Any) -> list[np.ndarray]:
        run = self._exact.get(tuple([array.shape for array in arrays])) or self._made(arrays)
        fed = [tf.constant(array) for array in arrays]
        if self._program.is_random:
            fed.append(state_of(state))
        return run(fed)

    def _made(self, arrays: Sequence[np.ndarray]) -> Traced:
        """The function for these arrays, made now if there is none yet."""
        shapes = tuple(array.shape for array in arrays)
        # TensorFlow's kernels fail on many things without elements; lowerings avoid those they see.
        is_exact = len(self._exact) < self._most_exact or any(0 in shape for shape in shapes)
        with self._making:
            if shapes in self._exact:
                return self._exact[shapes]
            if is_exact:
                program = lowered(self._program, self._backend.lowerings, shapes)
                made = self._exact[shapes] = self._function(program)
                return made
            if self._general is None:
                self._general = self._function(self._program)
            return self._general

    def _function(self, program: Program) -> Traced:
        signature = [tf.TensorSpec(x.shape, x.dtype) for x in program.inputs]
        if self._program.is_random:
            signature.append(STATE_SPEC)

        def run(*fed: tf.Tensor) -> list[tf.Tensor]:
            return traced(self._backend, program, fed, self._jit_loops, not self._jit)

        return Traced(run, signature, self._jit, program)


class Traced:
    """A function traced once; calls of it spare the search for a fitting trace, and all checks.

    Args:
        function: builds the operations for the tensors that it is fed.
        signature: what it is fed.
        jit: True compiles with XLA.
        program: what is traced, for the origin of its nodes.
    """

    def __init__(
        self, function: Any, signature: Sequence[tf.TensorSpec], jit: bool, program: Program
    ) -> None:
        whole = tf.function(function, autograph=False, jit_compile=jit or None)
        self.concrete = whole.get_concrete_function(*signature)
        self._call = directly(self.concrete)
        self._nodes = program.nodes

    def __call__(self, fed: Sequence[tf.Tensor]) -> list[np.ndarray]:
        try:
            outputs = self._call(fed)
        except tf.errors.OpError as error:
            raise explained(error, self._nodes) from error
        return [output.numpy() for output in outputs]


def directly(concrete: Any) -> Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]:
    """What runs a concrete function on tensors that fit, eagerly, unseen by tapes.

    A call of the function itself comes to this after it has bound and checked its arguments, which
    takes longer than many a small network.
    """
    name = concrete.function_def.signature.name.encode()
    captured = list(concrete.captured_inputs)
    count = len(concrete.outputs)
    call = context.context().call_function

    def run(fed: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        return call(name, [*fed, *captured], count) or []

    vars(run)["function"] = concrete  # which the engine forgets when nobody has it any more
    return run


STATE_SPEC = tf.TensorSpec([2], tf.int64)


def state_of(state: Any) -> tf.Tensor:
    """The pair (seed, step) as a tensor of the form that `STATE_SPEC` describes."""
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
        fed: the inputs; in a random program a tensor of `STATE_SPEC` comes after them.
        jit_loops: whether XLA compiles loops where that pays.
        sparse: whether large gradients of look-ups are made of their rows alone.
    """
    writes = writes_of(program)
    read = [*program.outputs, *(tensor for write in writes for tensor in write.reads)]
    values: Values = {x.key: tensor for x, tensor in zip(program.inputs, fed)}
    for leaf in order.leaves(read):
        if isinstance(leaf, Variable):
            values[leaf.key] = leaf.held_by(backend).value()
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
    return RandomState(fed[-1][0], fed[-1][1]) if len(fed) > len(program.inputs) else None
