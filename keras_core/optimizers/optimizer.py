"""The base of optimizers: gradients, clipping, state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core import backend as K
from keras_core import foreign, sharing
from keras_core.graph import Update, Variable, cut_between
from keras_core.legacy.calls import TakesOldCalls
from keras_core.utils.generic_utils import checked_number, did_you_mean

if TYPE_CHECKING:
    from typing_extensions import Self

_CLIPPING = ("clipnorm", "clipvalue")


def clip_norm(g: Any, c: float, n: Any) -> Any:
    """A gradient scaled down by the factor c / n where the norm n is larger than c.

    Args:
        g: gradient, a tensor of any shape.
        c: largest allowed norm; nothing is clipped unless it is positive.
        n: the norm, a scalar tensor.

    Returns:
        Tensor of the shape of `g`.

    Example:
        >>> gradient = K.constant([3.0, 4.0])
        >>> print(K.eval(optimizers.clip_norm(gradient, 1.0, 5.0)))
        [0.6 0.8]
    """
    return g * (c / K.maximum(n, c)) if c > 0 else g


def _shown(value: Any) -> str:
    """A value as text; rates without the digits that float32 adds."""
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


class Optimizer(TakesOldCalls):
    """Base of optimizers; a subclass defines `get_updates` and `get_config`.

    Args:
        **kwargs: `clipnorm`, the largest norm of all gradients together; `clipvalue`, the largest
            absolute value of an element of a gradient. Norms are clipped first.

    Raises:
        TypeError: unknown keyword.
        ValueError: a limit that is negative or NaN.

    Attributes:
        learning_rate: variable, by its old name `lr`.
        decay: variable, how fast the learning rate falls.
        iterations: variable, the number of the steps made.

    Example:
        >>> class Signs(optimizers.Optimizer):
        ...     def get_updates(self, loss, params):
        ...         grads = self.get_gradients(loss, params)
        ...         return [K.update_sub(p, 0.5 * K.sign(g)) for p, g in zip(params, grads)]
        >>> layer = layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))
        >>> model = models.Sequential([layer])
        >>> model.compile(Signs(), "mse")
        >>> _ = model.train_on_batch(np.array([[1.0]]), np.array([[3.0]]))
        >>> model.get_weights()[0].tolist()
        [[0.5]]
    """

    learning_rate: Variable
    decay: Variable
    iterations: Variable

    def __init__(self, **kwargs: Any) -> None:
        unknown = [name for name in kwargs if name not in _CLIPPING]
        if unknown:
            raise TypeError(
                f"{type(self).__name__} got unexpected keywords {unknown}."
                f"{did_you_mean(unknown[0], signature(type(self)).parameters)} Besides its own "
                f"arguments an optimizer takes {', '.join(_CLIPPING)}."
            )
        for name, limit in kwargs.items():
            if limit is not None:
                setattr(self, name, self._checked(name, limit))
        self.updates: list[Update] = []
        self.weights: list[Variable] = []

    def __repr__(self) -> str:
        options = (f"{name}={_shown(value)}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({', '.join(options)})"

    def _checked(self, name: str, value: Any) -> Any:
        """`value` if it is a number that a rate or limit can be, or a tensor."""
        if K.is_tensor(value):
            return value
        foreign.refuse(value)
        is_text = isinstance(value, (str, bytes))
        if is_text or not hasattr(value, "__float__") or not 0.0 <= float(value) < math.inf:
            kind = ValueError if is_text or hasattr(value, "__float__") else TypeError
            raise kind(
                f"{type(self).__name__}: `{name}` must be a finite number that is not "
                f"negative; got {value!r}."
            )
        return value

    def _hyperparameters(self, **values: Any) -> None:
        """Makes a variable of each value, so that it can be changed while training."""
        with K.name_scope(type(self).__name__):
            for name, value in values.items():
                setattr(self, name, K.variable(self._checked(name, value), name=name))

    def _start_counting(self, decay: float) -> None:
        """Makes the `decay` of the learning rate and the count of the steps made."""
        self.initial_decay: float = self._checked("decay", decay)
        self._hyperparameters(decay=decay)
        self._count_steps()

    def _count_steps(self) -> None:
        with K.name_scope(type(self).__name__):
            self.iterations = K.variable(0, dtype="int64", name="iterations")

    @property
    def lr(self) -> Variable:
        """The variable `learning_rate`, by its old name."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets an attribute; a number for a hyperparameter becomes the value of its variable, so
        that the next step goes by it."""
        known: Any = self.__dict__.get(name)
        if K.is_variable(known) and isinstance(value, (int, float, np.number)):
            K.set_value(known, value)
        else:
            super().__setattr__(name, value)

    # Steps

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """The updates that make one step.

        Args:
            loss: scalar tensor to be made smaller.
            params: variables to be changed.

        Returns:
            List of updates, of the optimizer's own state too.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define get_updates(self, loss, params)."
        )

    def get_gradients(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Gradients of the loss, clipped where that was asked for.

        Args:
            loss: scalar tensor.
            params: variables.

        Returns:
            List of tensors, each of the shape of its variable.

        Raises:
            ValueError: the loss has no gradient by one of the variables.
        """
        grads = sharing.gradients(loss, params)
        without = [p for p, g in zip(params, grads) if g is None]
        if without:
            raise ValueError(_no_gradient(loss, without))
        limit = getattr(self, "clipnorm", 0)
        if limit > 0:
            norm = K.sqrt(sum(K.sum(K.square(g)) for g in grads))
            grads = [clip_norm(g, limit, norm) for g in grads]
        bound = getattr(self, "clipvalue", 0)
        if bound > 0:
            grads = [K.clip(g, -bound, bound) for g in grads]
        return grads

    def _begin(self, loss: Any, params: Sequence[Any], *slots: str) -> tuple[list[Any], ...]:
        """Gradients, then zeros for each slot; the updates begin with the count of steps."""
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        zeros: tuple[list[Any], ...] = tuple(
            [
                K.zeros(K.int_shape(p), dtype=K.dtype(p), name=f"{slot}_{i}")
                for i, p in enumerate(params)
            ]
            for slot in slots
        )
        self.weights = [self.iterations, *(v for slot in zeros for v in slot)]
        return (grads, *zeros)

    def _step(self) -> Any:
        """The number of this step, from 1, as a float."""
        return K.cast(self.iterations, K.floatx()) + 1.0

    def _decayed_rate(self) -> Any:
        """The learning rate, divided by 1 + decay * (number of steps made)."""
        rate = self.learning_rate
        if not K.is_tensor(self.initial_decay) and self.initial_decay == 0:
            return rate
        return rate / (1.0 + self.decay * K.cast(self.iterations, K.dtype(self.decay)))

    def _assign(self, variable: Any, value: Any) -> None:
        """Adds an update; the variable's constraint, if any, is applied to the new value."""
        constraint = getattr(variable, "constraint", None)
        self.updates.append(K.update(variable, value if constraint is None else constraint(value)))

    # State

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets the state, as `get_weights` gives it.

        Args:
            weights: list of arrays.

        Raises:
            ValueError: another number of arrays, or an array of another shape, than the state has.
        """
        arrays = [np.asarray(w) for w in weights]
        self._check_fits(arrays)
        K.batch_set_value(list(zip(self.weights, arrays)))

    def _check_fits(self, arrays: Sequence[Any]) -> None:
        given, wanted = [np.shape(w) for w in arrays], [tuple(v.shape) for v in self.weights]
        if given != wanted:
            raise ValueError(
                f"{type(self).__name__} has {len(wanted)} weights of shapes {_shortened(wanted)}; "
                f"{len(given)} of shapes {_shortened(given)} were given. The state of an optimizer "
                "is made at the first training step, and fits only the model it was trained with."
            )

    def get_weights(self) -> list[np.ndarray]:
        """The state: the number of steps made, then slot after slot in the order of the parameters.

        Returns:
            List of arrays; empty before the first training step.
        """
        return K.batch_get_value(self.weights)

    def check_gives_state(self, to: str) -> None:
        """Refuses to serve what needs the whole state where that is not among the variables here.

        Args:
            to: what needs it, for the message.
        """

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {name: getattr(self, name) for name in _CLIPPING if hasattr(self, name)}

    def _values(self, *names: str) -> dict[str, float]:
        """Hyperparameters as they stand, read back from their variables."""
        return {name: float(K.get_value(getattr(self, name))) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


def _shortened(shapes: list[Any]) -> str:
    return str(shapes) if len(shapes) <= 8 else f"{str(shapes[:8])[:-1]}, ...]"


def with_iterations(weights: Sequence[Any], expected: int) -> list[Any]:
    """Weights with a count of steps before them, which Keras up to 2.2 did not save."""
    weights = list(weights)
    return [np.array(0), *weights] if len(weights) == expected - 1 else weights


def epsilon_or_default(epsilon: float | None) -> float:
    return K.epsilon() if epsilon is None else checked_number("epsilon", epsilon, least=0)


def _no_gradient(loss: Any, weights: Sequence[Any]) -> str:
    """Says by which weights a loss has no gradient, and why."""
    cut = cut_between(loss, weights[0])
    if cut is None:
        why = "it does not depend on these weights"
    else:
        why = (
            f"it depends on them only through {cut.primitive.name} in {cut.origin}, which passes "
            "no gradient on, as Embedding, K.argmax, K.round and comparisons do not"
        )
    return (
        f"The loss has no gradient by {', '.join(x.name for x in weights)}: {why}. Change the way "
        "from them to the loss, or leave them out of training with trainable=False."
    )
