"""TensorFlow's functions on tensors of keras_core: each use becomes a node of the graph.

TensorFlow asks its dispatchers what to do where it cannot make a tensor of an argument. The one
here answers for symbolic tensors: it asks TensorFlow for the shapes of the result, and builds a
`native` node that runs the function later. The gradient is TensorFlow's, of any order.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from contextvars import ContextVar
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
        if takes_symbolic(args, kwargs):
            return answer(op, args, kwargs)
        return self.NOT_SUPPORTED


def _unasked() -> list[tuple[Any, str]]:
    """The functions about which TensorFlow asks no dispatcher: the module and name of each."""
    sparse = [name for name in dir(tf.sparse) if inspect.isfunction(getattr(tf.sparse, name))]
    loops = [(tf, name) for name in ("map_fn", "vectorized_map", "while_loop")]
    return loops + [(tf.sparse, name) for name in sparse]


def asked(op: Callable[..., Any]) -> Callable[..., Any]:
    """A function of TensorFlow's that asks about symbolic tensors first."""

    @functools.wraps(op)
    def asking(*args: Any, **kwargs: Any) -> Any:
        call = answer if takes_symbolic(args, kwargs) else _plainly
        return call(op, args, kwargs)

    return asking


def _plainly(op: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return op(*args, **kwargs)


def _made_of_parts(initialize: Callable[..., None]) -> Callable[..., None]:
    """The constructor of SparseTensor, for symbolic parts too; functions on it use the parts."""

    @functools.wraps(initialize)
    def made(self: Any, indices: Any, values: Any, dense_shape: Any) -> None:
        parts = (indices, values, dense_shape)
        if not takes_symbolic(parts, {}):
            initialize(self, *parts)
            return
        run = _running.get()
        if run is not None:
            run.within(functools.partial(initialize, self), parts, {})
            return
        self._indices, self._values, self._dense_shape = (
            part if isinstance(part, Tensor) else tf.convert_to_tensor(part, dtype)
            for part, dtype in zip(parts, (tf.int64, None, tf.int64))
        )
        known = not isinstance(dense_shape, Tensor)
        self._dense_shape_default = tf.TensorShape(dense_shape if known else None)

    return made


def takes_symbolic(args: Any, kwargs: Any) -> bool:
    """Whether tensors of keras_core are among arguments, or parts of sparse ones."""
    leaves = tf.nest.flatten((args, kwargs))
    return any(isinstance(part, Tensor) for leaf in leaves for part in _parts(leaf))


def _parts(leaf: Any) -> Sequence[Any]:
    if isinstance(leaf, tf.SparseTensor):
        return (leaf._indices, leaf._values, leaf._dense_shape)
    return (leaf,)


def answer(op: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The result as symbolic tensors; as TensorFlow's within a function that is being called."""
    outer = _running.get()
    return symbolic(op, args, kwargs) if outer is None else outer.within(op, args, kwargs)


_dispatcher = SymbolicDispatcher()
_installed = False


def install() -> None:
    """Registers the dispatcher with TensorFlow, once a process, and keeps AutoGraph out of here.

    AutoGraph would rewrite all that a `tf.function` calls; what builds graphs needs none of that.
    """
    global _installed
    if not _installed:
        _dispatcher.register()
        for module, name in _unasked():
            setattr(module, name, asked(getattr(module, name)))
        tf.SparseTensor.__init__ = _made_of_parts(tf.SparseTensor.__init__)
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


class Given(EngineFunction):
    """A function that somebody else has.

    Args:
        function: of TensorFlow tensors, to a tensor or several.
        arity: the number of its inputs.
        results: the number of its results.
    """

    def __init__(self, function: Callable[..., Any], arity: int, results: int) -> None:
        self.function, self.arity, self.results = function, arity, results

    def __repr__(self) -> str:
        return repr(self.function)

    def __call__(self, *tensors: tf.Tensor) -> list[tf.Tensor]:
        return [tf.convert_to_tensor(x) for x in tf.nest.flatten(self.function(*tensors))]


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
        self._given = len(self.tensors)

    @property
    def arity(self) -> int:
        return len(self.tensors)

    def __repr__(self) -> str:
        return f"the TensorFlow function {getattr(self.op, '__name__', self.op)!r}"

    def __call__(self, *tensors: tf.Tensor) -> list[tf.Tensor]:
        return [x for x in tf.nest.flatten(self._applied(*tensors)) if isinstance(x, tf.Tensor)]

    def _applied(self, *tensors: tf.Tensor) -> Any:
        return Run(self, tensors[: self._given], iter(tensors[self._given :])).result()

    def traced(self) -> Any:
        """The result by TensorFlow's own shape inference, for inputs of the tensors' shapes.

        Symbolic tensors that functions among the arguments use become further inputs.
        """

        def applied(*tensors: tf.Tensor) -> Any:
            return Run(self, tensors, self._found(tf.compat.v1.get_default_graph())).result()

        traced = tf.function(applied, autograph=False).get_concrete_function(
            *(tensor_spec(x.spec) for x in self.tensors)
        )
        return traced.structured_outputs

    def _found(self, graph: Any) -> Any:
        """Placeholders for symbolic tensors that come up, which are sent; they become inputs."""
        placeholder = None
        while True:
            tensor = yield placeholder
            if tensor is None:
                continue
            self.tensors.append(tensor)
            with graph.as_default(), tf.control_dependencies(None):
                spec = tensor_spec(tensor.spec)
                placeholder = tf.compat.v1.placeholder(spec.dtype, spec.shape)


_running: ContextVar[Run | None] = ContextVar("keras_tf_running", default=None)


class Run:
    """One run of a call with TensorFlow's tensors.

    Args:
        call: the call.
        tensors: in place of the symbolic tensors among its arguments.
        others: iterator of those in place of symbolic tensors that functions among its arguments
            use, in the order in which they come up, which is the same in each run.
    """

    def __init__(self, call: Call, tensors: Sequence[tf.Tensor], others: Any) -> None:
        self.call = call
        self.known = {x.key: value for x, value in zip(call.tensors, tensors)}
        self.others = others
        if hasattr(others, "send"):
            next(others)

    def result(self) -> Any:
        """What the function gives."""
        token = _running.set(self)
        try:
            return self.within(self.call.op, *self.call.arguments)
        finally:
            _running.reset(token)

    def within(self, op: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A call of a function, of its own arguments or within a function among them."""
        args, kwargs = tf.nest.map_structure(self._engine_value, (list(args), dict(kwargs)))
        return op(*args, **kwargs)

    def _engine_value(self, leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            return self._value_of(leaf)
        if isinstance(leaf, tf.SparseTensor):
            return tf.SparseTensor(*_parts(leaf)) if takes_symbolic(leaf, {}) else leaf
        return self._returning(leaf) if inspect.isfunction(leaf) else leaf

    def _value_of(self, tensor: Tensor) -> tf.Tensor:
        if tensor.key not in self.known:
            find = getattr(self.others, "send", None)
            self.known[tensor.key] = find(tensor) if find else next(self.others)
        return self.known[tensor.key]

    def _returning(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A user's function with TensorFlow's tensors in place of symbolic ones in its results."""

        @functools.wraps(function)
        def returning(*args: Any, **kwargs: Any) -> Any:
            return tf.nest.map_structure(self._engine_value, function(*args, **kwargs))

        return returning


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
