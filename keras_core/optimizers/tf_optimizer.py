"""An optimizer of TensorFlow's own as one of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NoReturn

import numpy as np

from keras_core import backend as K
from keras_core.graph import Spec, Variable
from keras_core.graph import primitives as p
from keras_core.optimizers.optimizer import Optimizer
from keras_core.slots import current_backend


class TFOptimizer(Optimizer):
    """Trains with an optimizer of TensorFlow's, on the backend that runs TensorFlow.

    Its state belongs to TensorFlow: a model is saved without it.

    Args:
        optimizer: of `tf.compat.v1.train`, or of tf.keras.

    Attributes:
        iterations: variable, the number of the steps made.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.updates: list[Any] = []
        self._steps: dict[tuple[Variable, ...], Callable[..., Any]] = {}
        self._count_steps()

    def __repr__(self) -> str:
        return f"TFOptimizer({self.optimizer!r})"

    @property
    def weights(self) -> list[Any]:  # type: ignore[override]
        """The variables of TensorFlow in which the optimizer keeps its state."""
        found = self.optimizer.variables
        return list(found() if callable(found) else found)

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """The updates that make one step.

        Args:
            loss: scalar tensor to be made smaller.
            params: variables to be changed.

        Returns:
            List of updates: of the count of steps, and of the variables.

        Raises:
            NotImplementedError: the backend in use cannot run the optimizer.
            ValueError: the loss has no gradient by one of the variables.
        """
        gradients, step = self.get_gradients(loss, params), self._step_for(tuple(params))
        values = p.native(
            *params,
            *gradients,
            fn=step,
            backend=current_backend().name,
            specs=tuple(Spec(x.shape, x.dtype) for x in params),
        )
        self.updates = [K.update_add(self.iterations, 1)]
        for variable, value in zip(params, values):
            self._assign(variable, value)
        return self.updates

    def _step_for(self, params: tuple[Variable, ...]) -> Callable[..., Any]:
        """One step for these variables, which has one state whatever loss it is for."""
        if params not in self._steps:
            backend = current_backend()
            step = backend.step_of(self.optimizer, params)
            if step is None:
                raise NotImplementedError(
                    f"TFOptimizer: the backend {backend.name!r} cannot run {self.optimizer!r}, "
                    "which has to be an optimizer of TensorFlow on the backend of TensorFlow "
                    "(KERAS_BACKEND=tensorflow). Optimizers of keras_core, such as Adam(), run on "
                    "every backend."
                )
            self._steps[params] = step
        return self._steps[params]

    def get_weights(self) -> list[np.ndarray]:
        """The state of TensorFlow's optimizer.

        Returns:
            List of arrays; before the first training step it may be empty.
        """
        return [np.array(variable.numpy()) for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets the state, as `get_weights` gives it.

        Args:
            weights: list of arrays.

        Raises:
            ValueError: another number of arrays, or an array of another shape, than the state has.
        """
        self._check_fits(weights)
        for variable, value in zip(self.weights, weights):
            variable.assign(value)

    def get_config(self) -> NoReturn:
        raise NotImplementedError(
            "TFOptimizer has no configuration, since TensorFlow's optimizer has none that could be "
            "read. Compile the model anew after it was loaded, or use an optimizer of keras_core."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> NoReturn:
        raise NotImplementedError(
            "TFOptimizer cannot be made of a configuration: write TFOptimizer(optimizer), with an "
            "optimizer of TensorFlow."
        )


def is_of_tensorflow(value: Any) -> bool:
    """Whether a value is made like the optimizers of `tf.compat.v1.train`."""
    methods = ("compute_gradients", "apply_gradients")
    return all(callable(getattr(value, name, None)) for name in methods)
