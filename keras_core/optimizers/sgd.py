"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.graph import Variable
from keras_core.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

        v <- momentum * v - lr * g
        p <- p + v,  or with Nesterov momentum  p + momentum * v - lr * g

    Args:
        learning_rate: lr, not negative.
        momentum: how much of the last step is made again, in [0, 1).
        nesterov: whether to look ahead by the momentum first.
        **kwargs: `decay`, by which lr becomes lr / (1 + decay * steps made); `clipnorm`;
            `clipvalue`.

    Raises:
        ValueError: a negative or NaN learning rate, momentum or decay.

    Reference: Sutskever, Martens, Dahl and Hinton, 2013, ICML.

    Example:
        >>> model = models.Sequential([layers.Dense(1, use_bias=False, input_shape=(1,))])
        >>> model.set_weights([np.array([[0.0]])])
        >>> model.compile(optimizers.SGD(lr=0.25), "mse")
        >>> _ = model.fit(np.array([[1.0]]), np.array([[3.0]]), verbose=0)
        >>> model.get_weights()[0].tolist()  # the gradient was -6
        [[1.5]]
    """

    momentum: Variable

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **kwargs: Any,
    ) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        decay = kwargs.pop("decay", 0.0)
        super().__init__(**kwargs)
        self._hyperparameters(learning_rate=learning_rate, momentum=momentum)
        self._start_counting(decay)
        self.nesterov = nesterov

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        grads, moments = self._begin(loss, params, "moment")
        lr = self._decayed_rate()
        for p, g, m in zip(params, grads, moments):
            step = lr * g
            v = self.momentum * m - step
            self.updates.append(K.update(m, v))
            self._assign(p, p + self.momentum * v - step if self.nesterov else p + v)
        return self.updates

    def get_config(self) -> dict[str, Any]:
        values = self._values("learning_rate", "momentum", "decay")
        return {**super().get_config(), **values, "nesterov": self.nesterov}
