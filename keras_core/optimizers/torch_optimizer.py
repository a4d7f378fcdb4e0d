"""An optimizer of PyTorch's own as one of these."""

from __future__ import annotations

from functools import partial
from typing import Any

from keras_core.optimizers.engine_optimizer import EngineOptimizer


class TorchOptimizer(EngineOptimizer):
    """Trains with an optimizer of PyTorch's, on the backend that runs PyTorch.

    Its state belongs to PyTorch: a model is saved without it.

    Args:
        optimizer: a class of `torch.optim`, such a class with arguments as a `functools.partial`,
            or an optimizer that was made of the parameters of all trainable weights.

    Attributes:
        iterations: variable, the number of the steps made.
    """

    engine = "PyTorch"
    home = "of PyTorch (KERAS_BACKEND=torch)"

    def __init__(self, optimizer: Any) -> None:
        super().__init__(optimizer)
        self.weights = []


def is_of_pytorch(value: Any) -> bool:
    """Whether a value, or what a partial calls, is made like the optimizers of `torch.optim`."""
    made = value.func if isinstance(value, partial) else value
    methods = ("add_param_group", "state_dict", "step", "zero_grad")
    return all(callable(getattr(made, name, None)) for name in methods)
