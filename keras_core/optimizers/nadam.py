"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.graph import Variable
from keras_core.optimizers.optimizer import Optimizer, epsilon_or_default
from keras_core.utils.generic_utils import checked_number


class Nadam(Optimizer):
    """Adam with Nesterov momentum.

        mu_t = beta_1 * (1 - 0.5 * 0.96**(t * schedule_decay))
        s   <- s * mu_t
        m   <- beta_1 * m + (1 - beta_1) * g
        v   <- beta_2 * v + (1 - beta_2) * g**2
        step = (1 - mu_t) * g / (1 - s) + mu_(t+1) * m / (1 - s * mu_(t+1))
        p   <- p - lr * step / (sqrt(v / (1 - beta_2**t)) + epsilon)

    t is the number of the step, from 1; s, the momentum schedule, starts at 1.

    Args:
        learning_rate: lr, not negative.
        beta_1: weight of the past in the mean of gradients, in [0, 1).
        beta_2: weight of the past in the mean of squares, in [0, 1).
        **kwargs: `epsilon`, `K.epsilon()` by default; `schedule_decay`, 0.004 by default;
            `clipnorm`; `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate or beta.

    Reference: Dozat, 2016, ICLR workshop, "Incorporating Nesterov Momentum into Adam".

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile(optimizers.Nadam(lr=0.1), "mse")
        >>> x = np.array([[0.0], [1.0]])
        >>> loss = model.fit(x, 3.0 * x, epochs=20, verbose=0).history["loss"]
        >>> loss[-1] < loss[0]
        True
    """

    m_schedule: Variable
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
        schedule_decay = kwargs.pop("schedule_decay", 0.004)
        self.schedule_decay: float = checked_number("Nadam: schedule_decay", schedule_decay)
        self.epsilon: float = epsilon_or_default(kwargs.pop("epsilon", None))
        super().__init__(**kwargs)
        self._count_steps()
        self._hyperparameters(
            m_schedule=1.0, learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2
        )

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, ms, vs = self._begin(loss, params, "m", "v")
        self.weights.insert(1, self.m_schedule)
        t = self._step()
        mu, next_mu = self._momentum(t), self._momentum(t + 1.0)
        schedule = self.m_schedule * mu
        self.updates.append(K.update(self.m_schedule, schedule))
        # Everything of one number is worked out once, not for each parameter.
        by_gradient = (1.0 - mu) / (1.0 - schedule)
        by_mean = next_mu / (1.0 - schedule * next_mu)
        by_square = 1.0 / (1.0 - K.pow(self.beta_2, t))
        fresh_1, fresh_2 = 1.0 - self.beta_1, 1.0 - self.beta_2
        for p, g, m, v in zip(params, grads, ms, vs):
            new_m = self.beta_1 * m + fresh_1 * g
            new_v = self.beta_2 * v + fresh_2 * K.square(g)
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            step = by_gradient * g + by_mean * new_m
            root = K.sqrt(by_square * new_v) + self.epsilon
            self._assign(p, p - self.learning_rate * step / root)
        return self.updates

    def _momentum(self, t: Any) -> Any:
        return self.beta_1 * (1.0 - 0.5 * K.pow(K.constant(0.96), t * self.schedule_decay))

    def set_weights(self, weights: Sequence[Any]) -> None:
        weights = list(weights)
        if len(weights) == len(self.weights) - 1:
            weights.insert(1, np.array(1.0))  # Keras up to 2.2 did not save the momentum schedule
        super().set_weights(weights)

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "beta_1", "beta_2")
        own = {"epsilon": self.epsilon, "schedule_decay": self.schedule_decay}
        return {**super().get_config(), **values, **own}
