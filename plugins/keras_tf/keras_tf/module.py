"""A model as a `tf.Module`: for TensorFlow's training loops, checkpoints and tf-keras models."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_core.graph import Program, Variable
from keras_core.plugins import load_backend, use_backend
from keras_tf.interop import held


class Module(tf.Module):
    """A model, or a single layer, whose variables TensorFlow sees.

    The `tf.Variable`s are those in which the model itself keeps its weights: what TensorFlow
    assigns the model has at once, and the reverse. Once a model is compiled, the optimizer's state
    is among them.

    Args:
        model: a model or a layer of keras_core that has its weights.

    Raises:
        ValueError: the model has no weights yet.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        if not model.built:
            raise ValueError(
                f"{model.name} has no weights yet; build it, or call it on data, and then wrap it."
            )
        self._model = model
        self._backend = load_backend("tensorflow")
        self.weights = self._held_by_name(model.weights)
        self.optimizer_weights = self._held_by_name(_optimizer_weights(model))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the model on TensorFlow's tensors; `training` is the learning phase."""
        with use_backend("tensorflow"):
            return self._model(*args, **kwargs)

    def _held_by_name(self, variables: list[Variable]) -> dict[str, tf.Variable]:
        names = _unique([variable.name.partition(":")[0] for variable in variables])
        return {name: held(v, self._backend) for name, v in zip(names, variables)}

    @property
    def trainable_variables(self) -> tuple[tf.Variable, ...]:
        """The variables of the weights that training changes; none of a frozen layer."""
        return tuple(held(v, self._backend) for v in self._model.trainable_weights)

    @property
    def non_trainable_variables(self) -> tuple[tf.Variable, ...]:
        """All other variables."""
        trained = {id(v) for v in self.trainable_variables}
        return tuple(v for v in self.variables if id(v) not in trained)

    @property
    def losses(self) -> list[tf.Tensor]:
        """The penalties on weights, as scalars that a tape can derive."""
        outputs = self._model.get_losses_for(None)
        return self._backend.inline(Program([], outputs), phase=1)([]) if outputs else []


def _optimizer_weights(model: Any) -> list[Variable]:
    """The optimizer's variables, which a compiled model makes when it is to train."""
    if getattr(model, "optimizer", None) is None:
        return []
    model._make_train_function()
    return model.optimizer.weights


def _unique(names: list[str]) -> list[str]:
    """The names, with a number behind those that an earlier one has."""
    found: dict[str, int] = {}
    for name in names:
        unique, count = name, found.get(name, 1)
        while unique in found:
            unique, count = f"{name}_{count}", count + 1
        found[name] = count
        found.setdefault(unique, 1)
    return list(found)
