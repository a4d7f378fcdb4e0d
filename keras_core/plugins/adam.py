"""Steps of Adam in a program, for engines that have one operation for all of a step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Union

from keras_core.graph import Constant, Program, Tensor, Update, Variable

# A pattern is a name, which stands for one tensor wherever it is; a number, for a constant of that
# value; or a primitive's name, its parameters, and a pattern for each of its inputs.
Pattern = Union[str, float, tuple[Any, ...]]

_NO_PARAMS: Mapping[str, Any] = {}
_NOT_NEGATIVE = {"low": 0.0, "high": math.inf}


def _op(name: str, *inputs: Pattern, params: Mapping[str, Any] = _NO_PARAMS) -> Pattern:
    return (name, params, *inputs)


def _moving(mean: Pattern, beta: Pattern, new: Pattern) -> Pattern:
    fresh = _op("subtract", 1.0, beta)
    return _op("add", _op("multiply", beta, mean), _op("multiply", fresh, new))


_NEW_M = _moving("m", "beta_1", "gradient")
_NEW_V = _moving("v", "beta_2", _op("square", "gradient"))
_ROOT = _op("sqrt", _op("clip", "new_v", params=_NOT_NEGATIVE))
_NEW_WEIGHT = _op(
    "subtract",
    "weight",
    _op("divide", _op("multiply", "rate", "new_m"), _op("add", _ROOT, "epsilon")),
)


class AdamStep(NamedTuple):
    """A step of Adam for one weight, all of one dtype.

    Attributes:
        weight, m, v: variables of one shape, which the step updates.
        gradient: of that shape.
        rate, beta_1, beta_2, epsilon: numbers; the rate is corrected for the first steps already.
    """

    weight: Variable
    m: Variable
    v: Variable
    gradient: Tensor
    rate: Tensor
    beta_1: Tensor
    beta_2: Tensor
    epsilon: Tensor

    @property
    def variables(self) -> tuple[Variable, ...]:
        return (self.weight, self.m, self.v)


def adam_steps(program: Program) -> list[AdamStep]:
    """The updates of a program that are steps of Adam."""
    values = {variable.key: value for variable, value in program.updates}
    found = [_adam_step(update, values) for update in program.updates]
    return [step for step in found if step is not None and _is_even(step)]


def _adam_step(update: Update, values: Mapping[Any, Tensor]) -> AdamStep | None:
    found: dict[str, Tensor] = {"weight": update.variable}
    if not _matches(_NEW_WEIGHT, update.value, found):
        return None
    if not (_matches(_NEW_M, found["new_m"], found) and _matches(_NEW_V, found["new_v"], found)):
        return None
    are_set = all(_is_set(values, found, name) for name in ("m", "v"))
    return AdamStep(*(found[name] for name in AdamStep._fields)) if are_set else None  # type: ignore[arg-type]


def _is_set(values: Mapping[Any, Tensor], found: Mapping[str, Tensor], name: str) -> bool:
    """Whether the program gives a slot the very value that the weight's step uses."""
    new = values.get(found[name].key)
    return new is not None and new.key == found[f"new_{name}"].key


def _is_even(step: AdamStep) -> bool:
    """Whether no shape is broadcast, and no dtype cast."""
    shapes = {x.shape for x in (*step.variables, step.gradient)}
    are_numbers = all(x.shape == () for x in step[4:])
    return len(shapes) == 1 and are_numbers and len({x.dtype for x in step}) == 1


def _matches(pattern: Pattern, tensor: Tensor, found: dict[str, Tensor]) -> bool:
    """Whether a tensor is made as a pattern says; `found` is filled with what its names mean."""
    if isinstance(pattern, str):
        return found.setdefault(pattern, tensor).key == tensor.key
    if isinstance(pattern, float):
        return isinstance(tensor, Constant) and tensor.shape == () and tensor.value == pattern
    name, params, *inputs = pattern
    node = tensor.node
    if node is None or node.primitive.name != name or node.params != params:
        return False
    return all(_matches(part, x, found) for part, x in zip(inputs, node.inputs))
