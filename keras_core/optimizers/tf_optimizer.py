"""An optimizer of TensorFlow's own as one of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.optimizers.engine_optimizer import EngineOptimizer


class TFOptimizer(EngineOptimizer):
    """Trains with an optimizer of TensorFlow's, on the backend that runs TensorFlow.

    Its state belongs to TensorFlow: a model is saved without it.

    Args:
        optimizer: of `tf.compat.v1.train`, or of tf.keras.

    Attributes:
        iterations: variable, the number of the steps made.
    """

    engine = "TensorFlow"
    home = "of TensorFlow (KERAS_BACKEND=tensorflow)"

    @property
    def weights(self) -> list[Any]:  # type: ignore[override]
        """The variables of TensorFlow in which the optimizer keeps its state."""
        found = self.optimizer.variables
        return list(found() if callable(found) else found)

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


def is_of_tensorflow(value: Any) -> bool:
    """Whether a value is made like the optimizers of `tf.compat.v1.train`."""
    methods = ("compute_gradients", "apply_gradients")
    return all(callable(getattr(value, name, None)) for name in methods)
