"""Adam, and its variant AMSGrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.graph import Variable
from keras_core.optimizers.optimizer import Optimizer, epsilon_or_default


class Adam(Optimizer):
    """Steps along a moving mean of the gradients, divided by the root of one of their squares.

        m <- beta_1 * m + (1 - beta_1) * g
        v <- beta_2 * v + (1 - beta_2) * g**2
        p <- p - lr * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)

    t is the number of the step, from 1. With `amsgrad` the largest v so far takes the place of v.

    Args:
        learning_rate: lr, not negative.
        beta_1: weight of the past in the mean of gradients, in [0, 1).
        beta_2: weight of the past in the mean of squares, in [0, 1).
        amsgrad: whether to use the largest mean of squares.
        **kwargs: `epsilon`, `K.epsilon()` by default; `decay`, by which lr becomes
            lr / (1 + decay * steps made); `clipnorm`; `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate, beta or decay.

    Reference: Kingma and Ba, 2014, arXiv:1412.6980; Reddi, Kale and Kumar, 2018, ICLR, for AMSGrad.

    Example:
        >>> layer = layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))
        >>> model = models.Sequential([layer])
        >>> model.compile(optimizers.Adam(lr=0.25), "mse")
        >>> _ = model.train_on_batch(np.array([[1.0]]), np.array([[3.0]]))
        >>> print(model.get_weights()[0].round(3))  # a first step has the length of the rate
        [[0.25]]
    """

    beta_1: Variable
    beta_2: Variable

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        decay = kwargs.pop("decay", 0.0)
        self.epsilon: float = epsilon_or_default(kwargs.pop("epsilon", None))
        super().__init__(**kwargs)
        self._hyperparameters(learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2)
        self._start_counting(decay)
        self.amsgrad = amsgrad

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, ms, vs = self._begin(loss, params, "m", "v")
        vhats = [self._largest(i, p) for i, p in enumerate(params)]
        self.weights += vhats
        t = self._step()
        # Everything of one number is worked out once, not for each parameter.
        correction = K.sqrt(1.0 - K.pow(self.beta_2, t)) / (1.0 - K.pow(self.beta_1, t))
        rate = self._decayed_rate() * correction
        fresh_1, fresh_2 = 1.0 - self.beta_1, 1.0 - self.beta_2
        for p, g, m, v, vhat in zip(params, grads, ms, vs, vhats):
            new_m = self.beta_1 * m + fresh_1 * g
            new_v = self.beta_2 * v + fresh_2 * K.square(g)
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            if self.amsgrad:
                new_v = K.maximum(vhat, new_v)
                self.updates.append(K.update(vhat, new_v))
            self._assign(p, p - rate * new_m / (K.sqrt(new_v) + self.epsilon))
        return self.updates

    def _largest(self, i: int, p: Any) -> Any:
        """The slot for the largest v; without AMSGrad a placeholder for it in the saved state."""
        return K.zeros(K.int_shape(p) if self.amsgrad else (1,), dtype=K.dtype(p), name=f"vhat_{i}")

    def set_weights(self, weights: Sequence[Any]) -> None:
        weights = list(weights)
        params = (len(self.weights) - 1) // 3
        if not self.amsgrad and len(weights) == 1 + 2 * params:
            weights += [np.zeros(1)] * params  # Keras before 2.1.3 knew no AMSGrad
        super().set_weights(weights)

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "beta_1", "beta_2", "decay")
        own = {"epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **values, **own}
