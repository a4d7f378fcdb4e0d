"""Optimizers of PyTorch's own, as functions of values and gradients."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from keras_core.graph import Variable


def is_optimizer(value: Any) -> bool:
    """Whether it is one of `torch.optim`, a class of these, or a partial of such a class."""
    cls = value.func if isinstance(value, partial) else value
    is_class = inspect.isclass(cls) and issubclass(cls, torch.optim.Optimizer)
    return is_class or isinstance(value, torch.optim.Optimizer)


class Step:
    """One step of an optimizer for some variables.

    The optimizer works on the parameters by which autograd knows the variables, so that its state
    is what PyTorch's own loop over the model would go on with.

    Args:
        backend: what holds the variables.
        optimizer: the optimizer, or what makes it of parameters.
        variables: what it is to change.

    Attributes:
        optimizer: the optimizer.

    Raises:
        ValueError: the optimizer has not exactly the parameters of these variables.
        NotImplementedError: its steps compute the loss by themselves.
    """

    def __init__(self, backend: Any, optimizer: Any, variables: Sequence[Variable]) -> None:
        self._parameters = [backend.parameter_of(variable) for variable in variables]
        is_made = isinstance(optimizer, torch.optim.Optimizer)
        self.optimizer = optimizer if is_made else optimizer(self._parameters)
        _check_needs_no_closure(self.optimizer)
        _check_is_for(self.optimizer, variables, self._parameters)

    def __call__(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """The new values, for the present ones and then their gradients."""
        count = len(self._parameters)
        values = [value.clone() for value in tensors[:count]]
        with _lent(self._parameters, values, tensors[count:]):
            self.optimizer.step()
            return [parameter.data for parameter in self._parameters]


@contextmanager
def _lent(
    parameters: Sequence[torch.Tensor],
    values: Sequence[torch.Tensor],
    gradients: Sequence[torch.Tensor],
) -> Iterator[None]:
    """Has parameters other memory and gradients for a while: what they stand for must not change
    before the end of the program."""
    held = [(parameter.data, parameter.grad) for parameter in parameters]
    try:
        for parameter, value, gradient in zip(parameters, values, gradients):
            parameter.data, parameter.grad = value, gradient
        yield
    finally:
        for parameter, (value, gradient) in zip(parameters, held):
            parameter.data, parameter.grad = value, gradient


def _check_needs_no_closure(optimizer: torch.optim.Optimizer) -> None:
    wanted = inspect.signature(optimizer.step).parameters.values()
    if any(option.default is option.empty and option.name == "closure" for option in wanted):
        raise NotImplementedError(
            f"torch.optim.{type(optimizer).__name__} computes the loss several times in a step, by "
            "a closure, which a compiled model has not. Take an optimizer whose step() needs none, "
            "such as torch.optim.Adam, or write the loop over keras_torch.Module(model)."
        )


def _check_is_for(
    optimizer: torch.optim.Optimizer,
    variables: Sequence[Variable],
    parameters: Sequence[torch.Tensor],
) -> None:
    """Compares the optimizer's parameters with those of the variables."""
    has = {id(x): x for group in optimizer.param_groups for x in group["params"]}
    wanted = {id(x): variable for x, variable in zip(parameters, variables)}
    missing = [variable.name for key, variable in wanted.items() if key not in has]
    foreign = [tuple(x.shape) for key, x in has.items() if key not in wanted]
    if missing or foreign:
        raise ValueError(
            f"The {type(optimizer).__name__} of PyTorch has to have the parameters of all "
            f"trainable weights of the model, and no others; it lacks {missing or 'none'}, and has "
            f"others of shapes {foreign or 'none'}. Make it of keras_torch.Module(model)"
            f".parameters(), or give compile the class, torch.optim.{type(optimizer).__name__}."
        )
