"""The weights of a layer: making, listing, copying and replacing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Callable

import numpy as np

from keras_core import attempt, initializers
from keras_core import backend as K
from keras_core.engine.additions import Additions, unique
from keras_core.families import InitializerLike
from keras_core.graph import Variable
from keras_core.graph.evaluate import initial_value
from keras_core.graph.tensor import FirstValue
from keras_core.utils.generic_utils import has_arg
from keras_core.utils.layer_utils import describe, lists_unfrozen

# Names of the weights made since the outermost layer began to build: a variable name is
# unique in that range, so that the names in a saved file differ. With each goes the number that
# the next weight of that name gets.
_names_in_build: ContextVar[dict[str, int]] = ContextVar("names_in_build")


class WeightOwner(Additions):
    """The part of a layer that holds its variables."""

    dtype: Any
    built: bool
    _trainable_weights: list[Variable]
    _non_trainable_weights: list[Variable]

    def add_weight(
        self,
        name: str | None = None,
        shape: Sequence[int] | None = None,
        dtype: str | None = None,
        initializer: InitializerLike | None = None,
        regularizer: Callable[..., Any] | None = None,
        trainable: bool = True,
        constraint: Callable[..., Any] | None = None,
    ) -> Variable:
        """Makes a variable that belongs to the layer.

        Args:
            name: str, the weight's name; the layer's name is put in front.
            shape: tuple of int; () by default.
            dtype: str; the layer's dtype by default, or floatx when that is no float and the weight
                is trained.
            initializer: initializer, name or function of (shape, dtype); 'glorot_uniform' by
                default.
            regularizer: function of the variable giving a penalty, added to the losses, or None.
            trainable: bool, whether training changes it.
            constraint: function of the variable applied after each training step, or None.

        Returns:
            The variable.

        Example:
            >>> layer = layers.Layer(name="mine")
            >>> w = layer.add_weight("scale", (3,), initializer="ones")
            >>> w.name, K.get_value(w).tolist()
            ('scale:0', [1.0, 1.0, 1.0])
        """
        shape = () if shape is None else tuple(shape)
        dtype = dtype or self._weight_dtype(trainable)
        draw = initializers.get("glorot_uniform" if initializer is None else initializer)
        attempt.take_numbers(shape, lambda: f"Layer {describe(self)}")
        value = _first_value(draw, shape, dtype)
        weight = K.variable(value, dtype=dtype, name=name, constraint=constraint)
        if isinstance(value, FirstValue):
            attempt.defer(weight, value)
        weight.name = self._unique_weight_name(weight.name)
        weight.trainable = trainable
        if regularizer is not None:
            with K.name_scope("weight_regularizer"):
                self.add_loss(regularizer(weight))
        records = self._trainable_weights if trainable else self._non_trainable_weights
        records.append(weight)
        return weight

    def _weight_dtype(self, trainable: bool) -> str:
        # Keras 2.0 named the integer dtype of the inputs there, in the files of its Embeddings.
        dtype = self.dtype or K.floatx()
        return K.floatx() if trainable and not dtype.startswith("float") else dtype

    def _unique_weight_name(self, name: str) -> str:
        names = _names_in_build.get({})
        own = {weight.name for weight in self._own_weights()}
        unique, stem, count = name, name.partition(":")[0], names.get(name, 1)
        while unique in names or unique in own:
            unique, count = f"{stem}_{count}:0", count + 1
        names[name] = count
        names.setdefault(unique, 1)
        return unique

    def _is_frozen(self) -> bool:
        return not (self.trainable or lists_unfrozen())

    def _own_weights(self) -> list[Variable]:
        return self._trainable_weights + self._non_trainable_weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that training changes; none when the layer is frozen."""
        if self._is_frozen():
            return []
        return unique(self._trainable_weights + _weights_in(self._layers, "trainable_weights"))

    @trainable_weights.setter
    def trainable_weights(self, weights: list[Variable]) -> None:
        self._trainable_weights = weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The variables that training leaves alone; all of them when the layer is frozen."""
        if self._is_frozen():
            return unique(self._own_weights() + _weights_in(self._layers, "weights"))
        others = _weights_in(self._layers, "non_trainable_weights")
        return unique(self._non_trainable_weights + others)

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights: list[Variable]) -> None:
        self._non_trainable_weights = weights

    @property
    def weights(self) -> list[Variable]:
        """All variables, the trainable ones first."""
        return unique(self.trainable_weights + self.non_trainable_weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies the values of all weights.

        Returns:
            A list of NumPy arrays in the order of `weights`.

        Example:
            >>> layer = layers.Dense(4)
            >>> layer.build((None, 3))
            >>> kernel, bias = layer.get_weights()
            >>> kernel.shape, bias.tolist()
            ((3, 4), [0.0, 0.0, 0.0, 0.0])
        """
        return K.batch_get_value(self.weights)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replaces the values of all weights, or of none when one does not fit.

        Args:
            weights: list of arrays, in the order and with the shapes of `get_weights()`.

        Raises:
            ValueError: if their number or a shape differs; no weight is changed then.

        Example:
            >>> layer = layers.Dense(1)
            >>> layer.build((None, 2))
            >>> layer.set_weights([np.array([[1.0], [2.0]]), np.array([0.5])])
            >>> K.eval(layer(K.constant([[1.0, 1.0]]))).tolist()
            [[3.5]]
        """
        K.batch_set_value(match_weights(self, self.weights, weights))

    def count_params(self) -> int:
        """Counts the numbers in the weights.

        Raises:
            RuntimeError: if the layer has no weights yet because it was not built.

        Example:
            >>> layer = layers.Dense(4)
            >>> layer.build((None, 3))
            >>> layer.count_params()  # 3 * 4 + 4
            16
        """
        if not self.built:
            raise RuntimeError(
                f"Layer {describe(self)} has no weights to count before it is built. Call it on a "
                "tensor, or call build(input_shape)."
            )
        return sum(int(np.prod(weight.shape)) for weight in self.weights)


@contextmanager
def building() -> Iterator[None]:
    """Opens a range of unique weight names unless an outer layer is being built."""
    with ExitStack() as stack:
        if _names_in_build.get(None) is None:
            stack.callback(_names_in_build.reset, _names_in_build.set({}))
        yield


def _first_value(initializer: Callable[..., Any], shape: tuple[int, ...], dtype: str) -> Any:
    """The first value of a weight; a FirstValue where one may be read from a file afterwards."""

    def draw() -> Any:
        by_dtype = has_arg(initializer, "dtype", True)
        return initializer(shape, dtype=dtype) if by_dtype else initializer(shape)

    if not attempt.defers():
        return draw()
    # A shape that no array has is refused here as it would be by drawing.
    checked = np.broadcast_to(0.0, shape).shape
    return FirstValue(checked, dtype, lambda: _as_array(draw()))


def _as_array(value: Any) -> Any:
    return initial_value(value) if K.is_tensor(value) else value


def _weights_in(layers: Iterable[Any], attribute: str) -> list[Variable]:
    return [weight for layer in layers for weight in getattr(layer, attribute)]


def match_weights(
    owner: Any, variables: Sequence[Variable], arrays: Iterable[Any]
) -> list[tuple[Variable, np.ndarray]]:
    """Pairs variables with new values.

    Args:
        owner: the layer, for messages.
        variables: list of variables.
        arrays: list of arrays.

    Returns:
        A list of pairs for `K.batch_set_value`.

    Raises:
        ValueError: if the number of arrays or one of their shapes differs.
    """
    arrays = [np.asarray(array) for array in arrays]
    if len(arrays) != len(variables):
        built = getattr(owner, "built", True)
        raise ValueError(
            f"Layer {describe(owner)} has {len(variables)} weights of shapes "
            f"{[K.int_shape(v) for v in variables]}, but {len(arrays)} arrays of shapes "
            f"{[a.shape for a in arrays]} were given."
            f"{'' if built else ' It has none before it is built: call it on a tensor first.'}"
        )
    for variable, array in zip(variables, arrays):
        if K.int_shape(variable) != array.shape:
            raise ValueError(
                f"Layer {describe(owner)}: weight {variable.name} has shape "
                f"{K.int_shape(variable)}, but an array of shape {array.shape} was given."
            )
    return list(zip(variables, arrays))
