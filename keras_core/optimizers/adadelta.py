"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.optimizers.optimizer import (
    Optimizer,
    epsilon_or_default,
    with_iterations,
)


class Adadelta(Optimizer):
    """Scales each gradient by the usual size of its steps over its own usual size.

        a <- rho * a + (1 - rho) * g**2
        u  = g * sqrt(d + epsilon) / sqrt(a + epsilon)
        p <- p - lr * u
        d <- rho * d + (1 - rho) * u**2

    Args:
        learning_rate: lr, not negative; 1 in the paper.
        rho: weight of the past in the means, in [0, 1).
        **kwargs: `epsilon`, `K.epsilon()` by default; `decay`, by which lr becomes
            lr / (1 + decay * steps made); `clipnorm`; `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate, rho or decay.

    Reference: Zeiler, 2012, arXiv:1212.5701.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile(optimizers.Adadelta(rho=0.9), "mse")
        >>> x = np.array([[0.0], [1.0]])
        >>> loss = model.fit(x, 3.0 * x, epochs=20, verbose=0).history["loss"]
        >>> loss[-1] < loss[0]
        True
    """

    def __init__(self, learning_rate: float = 1.0, rho: float = 0.95, **kwargs: Any) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        decay = kwargs.pop("decay", 0.0)
        self.epsilon: float = epsilon_or_default(kwargs.pop("epsilon", None))
        super().__init__(**kwargs)
        self.rho: float = self._checked("rho", rho)
        self._hyperparameters(learning_rate=learning_rate)
        self._start_counting(decay)

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, accumulators, deltas = self._begin(loss, params, "accumulator", "delta_accumulator")
        lr = self._decayed_rate()
        for p, g, a, d in zip(params, grads, accumulators, deltas):
            new_a = self._mean(a, K.square(g))
            step = g * K.sqrt(d + self.epsilon) / K.sqrt(new_a + self.epsilon)
            self.updates.append(K.update(a, new_a))
            self._assign(p, p - lr * step)
            self.updates.append(K.update(d, self._mean(d, K.square(step))))
        return self.updates

    def _mean(self, past: Any, new: Any) -> Any:
        return self.rho * past + (1.0 - self.rho) * new

    def set_weights(self, weights: Sequence[Any]) -> None:
        super().set_weights(with_iterations(weights, len(self.weights)))

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "decay")
        config = {
            "learning_rate": values["learning_rate"],
            "rho": self.rho,
            "decay": values["decay"],
        }
        return {**super().get_config(), **config, "epsilon": self.epsilon}
