"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.graph import Variable
from keras_core.optimizers.optimizer import Optimizer, epsilon_or_default


class Adamax(Optimizer):
    """Adam with the largest gradient, forgotten slowly, in the place of the root mean square.

        m <- beta_1 * m + (1 - beta_1) * g
        u <- max(beta_2 * u, |g|)
        p <- p - lr / (1 - beta_1**t) * m / (u + epsilon)

    t is the number of the step, from 1.

    Args:
        learning_rate: lr, not negative.
        beta_1: weight of the past in the mean of gradients, in [0, 1).
        beta_2: how slowly the largest gradient is forgotten, in [0, 1).
        **kwargs: `epsilon`, `K.epsilon()` by default; `decay`, by which lr becomes
            lr / (1 + decay * steps made); `clipnorm`; `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate, beta or decay.

    Reference: Kingma and Ba, 2014, arXiv:1412.6980, section 7.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile(optimizers.Adamax(lr=0.1), "mse")
        >>> x = np.array([[0.0], [1.0]])
        >>> loss = model.fit(x, 3.0 * x, epochs=20, verbose=0).history["loss"]
        >>> loss[-1] < loss[0]
        True
    """

    beta_1: Variable
    beta_2: Variable

    def __init__(
        self,
        learning_rate: float = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        **kwargs: Any,
    ) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        decay = kwargs.pop("decay", 0.0)
        self.epsilon: float = epsilon_or_default(kwargs.pop("epsilon", None))
        super().__init__(**kwargs)
        self._hyperparameters(learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2)
        self._start_counting(decay)

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, ms, us = self._begin(loss, params, "m", "u")
        rate = self._decayed_rate() / (1.0 - K.pow(self.beta_1, self._step()))
        fresh = 1.0 - self.beta_1
        for p, g, m, u in zip(params, grads, ms, us):
            new_m = self.beta_1 * m + fresh * g
            new_u = K.maximum(self.beta_2 * u, K.abs(g))
            self.updates += [K.update(m, new_m), K.update(u, new_u)]
            self._assign(p, p - rate * new_m / (new_u + self.epsilon))
        return self.updates

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "beta_1", "beta_2", "decay")
        return {**super().get_config(), **values, "epsilon": self.epsilon}
