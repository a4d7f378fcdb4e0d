"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.graph import Variable
from keras_core.optimizers.optimizer import (
    Optimizer,
    epsilon_or_default,
    with_iterations,
)


class RMSprop(Optimizer):
    """Divides each gradient by the root of a moving mean of its square; good for recurrent layers.

        a <- rho * a + (1 - rho) * g**2
        p <- p - lr * g / (sqrt(a) + epsilon)

    Args:
        learning_rate: lr, not negative.
        rho: weight of the past in the mean, in [0, 1).
        **kwargs: `epsilon`, `K.epsilon()` by default; `decay`, by which lr becomes
            lr / (1 + decay * steps made); `clipnorm`; `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate, rho or decay.

    Reference: Hinton, Srivastava and Swersky, 2012, "Neural Networks for Machine
    Learning", lecture 6.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile(optimizers.RMSprop(lr=0.01), "mse")
        >>> x = np.array([[0.0], [1.0]])
        >>> loss = model.fit(x, 3.0 * x, epochs=20, verbose=0).history["loss"]
        >>> loss[-1] < loss[0]
        True
    """

    rho: Variable

    def __init__(self, learning_rate: float = 0.001, rho: float = 0.9, **kwargs: Any) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        decay = kwargs.pop("decay", 0.0)
        self.epsilon: float = epsilon_or_default(kwargs.pop("epsilon", None))
        super().__init__(**kwargs)
        self._hyperparameters(learning_rate=learning_rate, rho=rho)
        self._start_counting(decay)

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, accumulators = self._begin(loss, params, "accumulator")
        lr = self._decayed_rate()
        fresh = 1.0 - self.rho
        for p, g, a in zip(params, grads, accumulators):
            new_a = self.rho * a + fresh * K.square(g)
            self.updates.append(K.update(a, new_a))
            self._assign(p, p - lr * g / (K.sqrt(new_a) + self.epsilon))
        return self.updates

    def set_weights(self, weights: Sequence[Any]) -> None:
        super().set_weights(with_iterations(weights, len(self.weights)))

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "rho", "decay")
        return {**super().get_config(), **values, "epsilon": self.epsilon}
