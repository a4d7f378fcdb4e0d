"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.optimizers.optimizer import (
    Optimizer,
    epsilon_or_default,
    with_iterations,
)


class Adagrad(Optimizer):
    """Divides each gradient by the root of the sum of its squares; rare features learn faster.

        a <- a + g**2
        p <- p - lr * g / (sqrt(a) + epsilon)

    Args:
        learning_rate: lr, not negative.
        **kwargs: `epsilon`, `K.epsilon()` by default; `decay`, by which lr becomes
            lr / (1 + decay * steps made); `clipnorm`; `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate or decay.

    Reference: Duchi, Hazan and Singer, 2011, JMLR 12.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile(optimizers.Adagrad(lr=0.5), "mse")
        >>> x = np.array([[0.0], [1.0]])
        >>> loss = model.fit(x, 3.0 * x, epochs=20, verbose=0).history["loss"]
        >>> loss[-1] < loss[0]
        True
    """

    def __init__(self, learning_rate: float = 0.01, **kwargs: Any) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        decay = kwargs.pop("decay", 0.0)
        self.epsilon: float = epsilon_or_default(kwargs.pop("epsilon", None))
        super().__init__(**kwargs)
        self._hyperparameters(learning_rate=learning_rate)
        self._start_counting(decay)

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, accumulators = self._begin(loss, params, "accumulator")
        lr = self._decayed_rate()
        for p, g, a in zip(params, grads, accumulators):
            new_a = a + K.square(g)
            self.updates.append(K.update(a, new_a))
            self._assign(p, p - lr * g / (K.sqrt(new_a) + self.epsilon))
        return self.updates

    def set_weights(self, weights: Sequence[Any]) -> None:
        super().set_weights(with_iterations(weights, len(self.weights)))

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "decay")
        return {**super().get_config(), **values, "epsilon": self.epsilon}
