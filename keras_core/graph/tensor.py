"""Tensors: what nodes put out, and the leaves of a graph: Placeholder, Variable, Constant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar, Union

import numpy as np

from keras_core.errors import BackendNotFoundError
from keras_core.graph import hands
from keras_core.graph.spec import (  # noqa: F401  (found here by these names too)
    DTYPES,
    FLOATS,
    Dim,
    NamedDim,
    Shape,
    Size,
    Sizes,
    Spec,
    checked_dtype,
)
from keras_core.slots import current_backend

if TYPE_CHECKING:
    from keras_core.graph.primitive import Node

_T = TypeVar("_T")

# As many axes as a tensor may have.
_MOST_HELD = 32


class Uid(int):
    """The number of a node, placeholder or variable. A copy of one gets a number of its own."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        return _next_uid, ()


# In the order in which they came to be.
uids: map[Uid] = map(Uid, count())


def _next_uid() -> Uid:
    return next(uids)


class Tensor:
    """One output of a node: a static shape, a dtype, and the node that computes it.

    A tensor holds no numbers. `keras_core.backend.function` compiles tensors into a callable.
    `==` compares identity, so that tensors can be dictionary keys; use `K.equal` for values.

    Attributes:
        spec: what its node or leaf says of it: sizes (with names for unknown ones) and dtype.
        shape: tuple of int, None where a size is known only at run time.
        dtype: name, such as `'float32'`.
        promised: the shape that `set_shape` was told, where it says more than the node; else None.
        node: the node that computes it; None for a leaf.
        index: which of the node's outputs it is.
        name: for people; not unique.
    """

    _name: str | None = None
    _uses_learning_phase = False
    promised: Shape | None = None

    # Written by layers and metrics on the tensors that they give, and found on no other.
    _keras_history: tuple[Any, int, int]
    _keras_mask: Any
    _is_metric: bool
    _metric_obj: Any

    def __init__(self, spec: Spec, node: Node | None = None, index: int = 0) -> None:
        self.spec = spec
        self.shape: Shape = spec.shape
        self.dtype: str = spec.dtype
        self.node = node
        self.index = index
        if node is not None:
            self._uses_learning_phase = node.uses_learning_phase

    @property
    def sizes(self) -> Sizes:
        """The shape with a name for each size that is not known."""
        return self.spec.sizes

    @property
    def key(self) -> Any:
        """What makes two Tensor objects the same value: equal for two handles on one output."""
        return self if self.node is None else (self.node, self.index)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def name(self) -> str:
        if self._name is not None or self.node is None:
            return self._name or "tensor"
        return f"{self.node.primitive.name}_{self.node.uid}:{self.index}"

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def _keras_shape(self) -> Shape:
        return self.shape

    @_keras_shape.setter
    def _keras_shape(self, shape: Sequence[Dim]) -> None:
        self.set_shape(shape)

    def get_shape(self) -> Shape:
        return self.shape

    def set_shape(self, shape: Sequence[Dim]) -> None:
        """Promises sizes that are not known: what reads the tensor from now on relies on `shape`.

        Raises:
            ValueError: `shape` has another rank or contradicts a known size.
        """
        shape = tuple(shape)
        clash = len(shape) != self.ndim or any(
            a is not None and b is not None and a != b for a, b in zip(self.shape, shape)
        )
        if clash:
            raise ValueError(f"{self!r} cannot be given the shape {shape}.")
        self.shape = tuple(a if b is None else b for a, b in zip(self.shape, shape))
        if self.shape != self.spec.shape:
            self.promised = self.shape

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} shape={self.shape} dtype={self.dtype}>"

    if not TYPE_CHECKING:  # a checker shall know which attributes there are

        def __getattr__(self, name: str) -> Any:
            """Tells those who take it for an array what to write instead."""
            instead = _INSTEAD.get(name)
            hint = f": it is symbolic, so write {instead}" if instead else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no truth value while the graph is built. Use K.switch or "
            "K.in_train_phase to choose between tensors, or K.eval to compute it."
        )

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(
                f"{self!r} has no length known before it is computed; use K.shape(x)[0]."
            )
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __array__(self, *_: Any, **__: Any) -> Any:
        _wake_backend()
        raise TypeError(
            f"{self!r} is symbolic and has no numbers yet, so functions of NumPy do not take it: "
            "use those of keras_core.backend, such as K.mean for np.mean; K.eval(x) computes it."
        )

    if TYPE_CHECKING:  # graph/operators.py attaches these

        def __add__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __getitem__(self, item: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...


# What people write on arrays, and how it is written on tensors.
_INSTEAD = {
    name: f"K.{name}(x)"
    for name in ("sum", "mean", "std", "var", "max", "min", "prod", "any", "all", "argmax")
}
_INSTEAD.update(
    {
        "T": "K.transpose(x)",
        "assign": "K.set_value(x, value), or K.update(x, value) within a step",
        "assign_add": "K.update_add(x, value)",
        "assign_sub": "K.update_sub(x, value)",
        "astype": "K.cast(x, dtype)",
        "clip": "K.clip(x, low, high)",
        "detach": "K.stop_gradient(x)",
        "dot": "K.dot(x, y)",
        "flatten": "K.flatten(x)",
        "item": "K.eval(x)",
        "numpy": "K.eval(x)",
        "repeat": "K.repeat_elements(x, times, axis)",
        "reshape": "K.reshape(x, shape)",
        "squeeze": "K.squeeze(x, axis)",
        "tolist": "K.eval(x)",
        "transpose": "K.permute_dimensions(x, axes)",
    }
)


def _wake_backend() -> None:
    """Loads the backend: an engine that was handed a symbolic tensor may ask it what to do next."""
    with suppress(BackendNotFoundError):
        current_backend()


class Placeholder(Tensor):
    """A leaf whose value is fed at each call.

    Args:
        shape: tuple of int and None; or of names, for sizes that some other tensor has too.
        dtype: name of the dtype.
        name: for messages.
    """

    def __init__(
        self, shape: Sequence[NamedDim], dtype: str = "float32", name: str | None = None
    ) -> None:
        self.uid: Uid = next(uids)
        sizes = (n if n is None or type(n) is Size else int(n) for n in shape)  # type: ignore[arg-type]
        super().__init__(Spec(sizes, checked_dtype(dtype)).named(self.uid))
        self._name = name or f"placeholder_{self.uid}"


def _copied(value: Any, dtype: str | None) -> np.ndarray:
    """An array of its own. An engine's tensors give their numbers to `asarray` alone."""
    return np.array(np.asarray(value), dtype=dtype, copy=True)


def _held(array: np.ndarray) -> Any:
    """A few integers as a spec holds them."""
    if array.size > _MOST_HELD:
        return None
    return array.item() if array.ndim == 0 else tuple(array.tolist())


class Constant(Tensor):
    """A leaf with a fixed value, an array that nobody writes to."""

    def __init__(self, value: Any, dtype: str | None = None, name: str | None = None) -> None:
        array = _copied(value, dtype)
        array.flags.writeable = False
        held = _held(array) if array.ndim < 2 and array.dtype.kind in "iub" else None
        super().__init__(Spec(array.shape, checked_dtype(array.dtype), held))
        self.value = array
        self._name = name or "constant"


class FirstValue:
    """The value of a new variable, drawn when somebody first asks for it.

    Args:
        shape: of the value.
        dtype: its name.
        draw: function that gives it.
    """

    def __init__(self, shape: tuple[int, ...], dtype: str, draw: Callable[[], Any]) -> None:
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._draw = draw
        self._drawn: np.ndarray | None = None

    def copy(self) -> np.ndarray:
        """An array of the value."""
        if self._drawn is None:
            self._drawn = _copied(self._draw(), self.dtype.name)
        return self._drawn.copy()


class Variable(Tensor):
    """A leaf with state, kept by the backend that last ran it.

    Args:
        value: initial value, array-like or a FirstValue.
        dtype: name of the dtype.
        name: without the output suffix, such as `'dense_1/kernel'`; `:0` is appended.
        constraint: function of the variable that an optimizer applies after a step, or None.
    """

    shape: tuple[int, ...]

    def __init__(
        self,
        value: Any,
        dtype: str = "float32",
        name: str | None = None,
        constraint: Any = None,
    ) -> None:
        is_first = isinstance(value, FirstValue)
        array = value if is_first else _copied(value, checked_dtype(dtype))
        super().__init__(Spec(array.shape, array.dtype.name))
        self.uid: Uid = next(uids)
        self._name = f"{name or f'variable_{self.uid}'}:0"
        self.constraint = constraint
        self.trainable = True
        self.owner: Any = None
        self.storage: Any = array

    def held_by(self, backend: Any) -> Any:
        """The storage, carried over to `backend` first when another one holds it."""
        if self.owner is not backend:
            hands.take(hands.Hold(backend, (self,)))
        return self.storage

    def move_storage(self, moved: Callable[[Any], Any]) -> None:
        """Gives it other storage; no value that another thread gives it meanwhile is lost.

        Args:
            moved: function of the present storage that returns the new one, with the same value.
        """
        with hands.turn:
            self.storage = moved(self.storage)

    def go_to(self, backend: Any) -> None:
        """Puts the value into `backend`'s hands; for `hands`, which sees to the moment."""
        if self.owner is not backend:
            self.storage = backend.hold(self, self._value())
            self.owner = backend

    def get_value(self) -> np.ndarray:
        """A copy of the present value."""
        return self.see(np.array)

    def see(self, function: Callable[[np.ndarray], _T]) -> _T:
        """What a function makes of the present value, which it neither keeps nor writes to."""
        with hands.turn:
            if not self._is_given_away():
                return function(self._seen())
        with hands.held_still((self,)), hands.turn:
            return function(self._seen())

    def _seen(self) -> np.ndarray:
        return self.storage if type(self.storage) is np.ndarray else self._value()

    def _is_given_away(self) -> bool:
        """Whether runs that update it give its storage away, so that it is to be held still."""
        return getattr(self.owner, "donates", False)

    def _value(self) -> np.ndarray:
        """The present value, for whoever neither keeps it nor writes to it."""
        if self.owner is not None:
            return np.asarray(self.owner.to_numpy(self.storage))
        return self.storage.copy() if isinstance(self.storage, FirstValue) else self.storage

    def set_value(self, value: Any) -> None:
        """Replaces the value.

        Raises:
            ValueError: `value` has another shape than the variable.
        """
        array = _copied(value, self.dtype)
        if array.shape != self.shape:
            raise ValueError(
                f"Variable {self.name!r} has shape {self.shape}; "
                f"a value of shape {array.shape} was given."
            )
        with hands.turn:
            if not self._is_given_away():
                self._put(array)
                return
        with hands.held_still((self,), writes=True), hands.turn:
            self._put(array)

    def _put(self, array: np.ndarray) -> None:
        self.storage = array if self.owner is None else self.owner.hold(self, array)


class Update(NamedTuple):
    """A variable and the tensor that becomes its value when the program has read everything."""

    variable: Variable
    value: Tensor


TensorLike = Union[Tensor, np.ndarray, float, int, bool, Sequence[Any]]


def as_tensor(value: Any, dtype: str | None = None) -> Tensor:
    """`value` itself if it is a Tensor, else a Constant of `dtype` (or of the value's own)."""
    if isinstance(value, Tensor):
        return value
    return Constant(value, dtype)
