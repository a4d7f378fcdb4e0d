"""TensorFlow's functions on tensors of keras_core: each use becomes a node of the graph.

TensorFlow asks its dispatchers what to do where it cannot make a tensor of an argument. The one
here answers for symbolic tensors: it asks TensorFlow for the shapes of the result, and builds a
`native` node that runs the function later. The gradient is TensorFlow's, of any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import tensorflow as tf
from tensorflow.python.autograph.core import config as autograph

from keras_core.graph import Spec, Tensor
from keras_core.graph import primitives as p
from keras_tf.specs import spec_of, tensor_spec

BACKEND = "tensorflow"

_dispatch = tf.__internal__.dispatch


class SymbolicDispatcher(_dispatch.GlobalOpDispatcher):
    """Takes the calls of TensorFlow's functions on tensors of keras_core."""

    def handle(self, op: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """The result of `op` as tensors of keras_core, NOT_SUPPORTED if it takes none."""
        if any(isinstance(leaf, Tensor) for leaf in tf.nest.flatten((args, kwargs))):
            return symbolic(op, args, kwargs)
        return self.NOT_SUPPORTED


_dispatcher = SymbolicDispatcher()
_installed = False


def install() -> None:
    """Registers the dispatcher with TensorFlow, once a process, and keeps AutoGraph out of here.

    AutoGraph would rewrite all that a `tf.function` calls; what builds graphs needs none of that.
    """
    global _installed
    if not _installed:
        _dispatcher.register()
        ours = tuple(autograph.DoNotConvert(name) for name in ("keras_core", "keras_tf"))
        autograph.CONVERSION_RULES = ours + autograph.CONVERSION_RULES
        _installed = True


def symbolic(op: Callable[..., Any], args: Sequence[Any], kwargs: Any) -> Any:
    """Builds a node for `op(*args, **kwargs)`.

    Args:
        op: a function of TensorFlow tensors.
        args: positional arguments, tensors of keras_core anywhere among them.
        kwargs: keyword arguments, likewise.

    Returns:
        What `op` returns, with tensors of keras_core in place of TensorFlow's.

    Raises:
        TypeError: a result is no dense tensor of numbers.
        ValueError: a result has an unknown rank; or whatever `op` says of its arguments.
    """
    call = Call(op, args, kwargs)
    structure = call.traced()
    leaves = tf.nest.flatten(structure)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, _RESULTS)]
    specs = tuple(_checked(call, leaves[i]) for i in places)
    call.results = len(specs)
    tensors = p.native(*call.tensors, fn=call, backend=BACKEND, specs=specs, gradient=call.gradient)
    for place, tensor in zip(places, tensors):
        leaves[place] = tensor
    return tf.nest.pack_sequence_as(structure, leaves)


# TensorFlow's tracing gives dense results as the one or the other, and all others as TypeSpecs.
_RESULTS = (tf.Tensor, tf.TypeSpec, tf.__internal__.CompositeTensor)


def _checked(call: Call, result: Any) -> Spec:
    if not isinstance(result, (tf.Tensor, tf.TensorSpec)):
        raise TypeError(f"{call} gives a {type(result).__name__}; only dense tensors can be used.")
    try:
        return spec_of(result)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{call}: {error}") from None


class EngineFunction:
    """A function of TensorFlow tensors to a list of them, with TensorFlow's gradient.

    Attributes:
        arity: the number of its inputs.
        results: the number of its results.
    """

    arity: int
    results: int

    def __call__(self, *tensors: tf.Tensor) -> list[tf.Tensor]:
        raise NotImplementedError(f"{type(self).__name__} has to define __call__.")

    @property
    def gradient(self) -> EngineFunction:
        """The function of the results' cotangents and the inputs that gives the inputs' ones."""
        return Gradient(self)


class Call(EngineFunction):
    """A call of a function, whose tensors of keras_core are filled in later.

    Args:
        op: the function.
        args: its positional arguments.
        kwargs: its keyword arguments.
    """

    def __init__(self, op: Callable[..., Any], args: Sequence[Any], kwargs: Any) -> None:
        self.op = op
        self.arguments = (list(args), dict(kwargs))
        leaves = tf.nest.flatten(self.arguments)
        self.places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
        self.tensors = [leaves[i] for i in self.places]
        self.arity = len(self.tensors)

    def __repr__(self) -> str:
        return f"the TensorFlow function {getattr(self.op, '__name__', self.op)!r}"

    def __call__(self, *tensors: tf.Tensor) -> list[tf.Tensor]:
        return [x for x in tf.nest.flatten(self._applied(*tensors)) if isinstance(x, tf.Tensor)]

    def _applied(self, *tensors: tf.Tensor) -> Any:
        leaves = tf.nest.flatten(self.arguments)
        for place, tensor in zip(self.places, tensors):
            leaves[place] = tensor
        args, kwargs = tf.nest.pack_sequence_as(self.arguments, leaves)
        return self.op(*args, **kwargs)

    def traced(self) -> Any:
        """The result by TensorFlow's own shape inference, for inputs of the tensors' shapes."""
        traced = tf.function(self._applied, autograph=False).get_concrete_function(
            *(tensor_spec(x.spec) for x in self.tensors)
        )
        return traced.structured_outputs


class Gradient(EngineFunction):
    """What TensorFlow's tape says of a function.

    Args:
        function: function of TensorFlow tensors to a list of them.
    """

    def __init__(self, function: EngineFunction) -> None:
        self.function = function
        self.arity = function.results + function.arity
        self.results = function.arity

    def __repr__(self) -> str:
        return f"the gradient of {self.function!r}"

    def __call__(self, *tensors: tf.Tensor) -> list[tf.Tensor]:
        """Cotangents of the inputs, zeros for those that the results do not depend on.

        Args:
            tensors: the results' cotangents, then the inputs.
        """
        # One tensor may be several of the inputs; each is to have a cotangent of its own.
        inputs = [tf.identity(x) for x in tensors[self.function.results :]]
        with tf.GradientTape() as tape:
            tape.watch([x for x in inputs if x.dtype.is_floating])
            results = self.function(*inputs)
        pairs = [(y, g) for y, g in zip(results, tensors) if y.dtype.is_floating]
        ys, cotangents = [y for y, _ in pairs], [g for _, g in pairs]
        found = tape.gradient(ys, inputs, output_gradients=cotangents)
        return [_dense(g, x) for g, x in zip(found, inputs)]


def _dense(gradient: Any, x: tf.Tensor) -> tf.Tensor:
    return tf.zeros_like(x) if gradient is None else tf.convert_to_tensor(gradient)
