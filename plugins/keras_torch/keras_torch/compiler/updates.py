"""How variables get their new values.

A step of Adam is one call for all weights. Other values are computed right into the variable where
nobody reads the old one any more; the rest are copied. All of it happens after everything else, so
that a run that fails leaves the variables as they were.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Union

import torch

from keras_core.graph import Constant, Program, Tensor, Update, Variable
from keras_torch.compiler.frame import Frame
from keras_torch.compiler.steps import Step

# Targets

Targets = dict[Any, Variable]


def in_place(frame: Frame, updates: Sequence[Update]) -> Targets:
    """Which results can be computed right into a variable, by their keys.

    Steps that are to be done after all others are moved to the end of the frame.
    """
    frame.find_last()
    makers = {
        key: (number, step) for number, step in enumerate(frame.steps) for key in step.results
    }
    results = {base for x in frame.results for base in frame.bases_of(x.key)}
    targets: Targets = {}
    for variable, value in updates:
        maker = makers.get(value.key)
        if (
            maker
            and value.key not in targets
            and _is_takable(frame, variable, value, *maker, results)
        ):
            targets[value.key] = variable
    late = _late(frame, targets)
    if any(step.is_loop or not step.node.primitive.pure for step in late):
        return {}
    moved = {id(step) for step in late}
    frame.steps = [*(step for step in frame.steps if id(step) not in moved), *late]
    return targets


def _is_takable(
    frame: Frame,
    variable: Variable,
    value: Tensor,
    number: int,
    step: Step,
    results: Collection[Any],
) -> bool:
    if not step.into or value.spec != variable.spec or variable.key in results:
        return False
    if frame.last_reader(variable.key) > number:
        return False
    sharing = [key for key in step.reads if variable.key in frame.bases_of(key)]
    return not sharing or (sharing == [variable.key] and variable.key in step.inplace)


def _late(frame: Frame, targets: Targets) -> list[Step]:
    """The steps that write variables, and those that read what these make."""
    changed: set[Any] = set()
    late = []
    for step in frame.steps:
        reads = {base for key in step.reads for base in frame.bases_of(key)}
        if not changed.isdisjoint(reads) or any(key in targets for key in step.results):
            changed.update(step.results)
            late.append(step)
    return late


# Adam

# A pattern is a name, which stands for one tensor wherever it is; a number, for a constant of that
# value; or a primitive's name, its parameters, and a pattern for each of its inputs.
Pattern = Union[str, float, tuple[Any, ...]]

_NO_PARAMS: Mapping[str, Any] = {}


def _op(name: str, *inputs: Pattern, params: Mapping[str, Any] = _NO_PARAMS) -> Pattern:
    return (name, params, *inputs)


def _moving(mean: Pattern, beta: Pattern, new: Pattern) -> Pattern:
    fresh = _op("subtract", 1.0, beta)
    return _op("add", _op("multiply", beta, mean), _op("multiply", fresh, new))


_NEW_M = _moving("m", "beta_1", "gradient")
_NEW_V = _moving("v", "beta_2", _op("square", "gradient"))
_ROOT = _op("sqrt", _op("clip", "new_v", params={"low": 0.0, "high": math.inf}))
_NEW_WEIGHT = _op(
    "subtract",
    "weight",
    _op("divide", _op("multiply", "rate", "new_m"), _op("add", _ROOT, "epsilon")),
)


class AdamStep(NamedTuple):
    """A step of Adam for one weight."""

    weight: Variable
    m: Variable
    v: Variable
    gradient: Tensor
    rate: Tensor
    beta_1: Tensor
    beta_2: Tensor
    epsilon: Constant

    @property
    def variables(self) -> tuple[Variable, ...]:
        return (self.weight, self.m, self.v)

    @property
    def numbers(self) -> tuple[Tensor, ...]:
        return (self.rate, self.beta_1, self.beta_2)

    @property
    def is_takable(self) -> bool:
        """Whether the kernel takes it: arrays of one shape, numbers, all of one wide dtype."""
        shapes = {x.shape for x in (*self.variables, self.gradient)}
        are_numbers = all(x.shape == () for x in self[4:])
        dtypes = {x.dtype for x in self}
        return len(shapes) == 1 and are_numbers and dtypes in ({"float32"}, {"float64"})


def adam_steps(program: Program) -> list[AdamStep]:
    """The updates of a program that are steps of Adam."""
    values = {variable.key: value for variable, value in program.updates}
    found = [_adam_step(update, values) for update in program.updates]
    return [step for step in found if step is not None and step.is_takable]


def _adam_step(update: Update, values: Mapping[Any, Tensor]) -> AdamStep | None:
    found: dict[str, Tensor] = {"weight": update.variable}
    if not _matches(_NEW_WEIGHT, update.value, found):
        return None
    if not (_matches(_NEW_M, found["new_m"], found) and _matches(_NEW_V, found["new_v"], found)):
        return None
    are_variables = all(isinstance(found[name], Variable) for name in ("m", "v"))
    are_set = are_variables and all(_is_set(values, found, name) for name in ("m", "v"))
    if not are_set or not isinstance(found["epsilon"], Constant):
        return None
    return AdamStep(*(found[name] for name in AdamStep._fields))  # type: ignore[arg-type]


def _is_set(values: Mapping[Any, Tensor], found: Mapping[str, Tensor], name: str) -> bool:
    """Whether the program gives a slot the very value that the weight's step uses."""
    new = values.get(found[name].key)
    return new is not None and new.key == found[f"new_{name}"].key


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


class Adam:
    """Steps of Adam for several weights by PyTorch's fused kernel.

    The rate is corrected for the first steps already. The kernel would do that too, by its own
    count of steps: so many that its correction is none.

    Args:
        epsilon: what keeps the divisor from 0.
        count: how many weights there are.
        device: where they are.
    """

    def __init__(self, epsilon: float, count: int, device: torch.device) -> None:
        self.epsilon = epsilon
        self._counts = [torch.tensor(1e30, device=device)] * count

    def __call__(
        self,
        weights: Sequence[torch.Tensor],
        gradients: Sequence[torch.Tensor],
        ms: Sequence[torch.Tensor],
        vs: Sequence[torch.Tensor],
        rate: torch.Tensor,
        beta_1: torch.Tensor,
        beta_2: torch.Tensor,
    ) -> None:
        torch._fused_adam_(
            weights,
            [g.contiguous() for g in gradients],
            ms,
            vs,
            [],
            self._counts,
            lr=rate.item(),
            beta1=beta_1.item(),
            beta2=beta_2.item(),
            weight_decay=0.0,
            eps=self.epsilon,
            amsgrad=False,
            maximize=False,
        )
