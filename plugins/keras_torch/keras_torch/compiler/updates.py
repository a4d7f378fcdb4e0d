"""How variables get their new values.

A step of Adam is one call for all weights. Other values are computed right into the variable where
nobody reads the old one any more; the rest are copied. All of it happens after everything else, so
that a run that fails leaves the variables as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import torch

from keras_core.graph import Constant, Program, Tensor, Update, Variable
from keras_core.plugins.authoring import AdamStep, adam_steps
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
            and _can_be_target(frame, variable, value, *maker, results)
        ):
            targets[value.key] = variable
    late = _late(frame, targets)
    if any(step.is_loop or not step.node.primitive.pure for step in late):
        return {}
    moved = {id(step) for step in late}
    frame.steps = [*(step for step in frame.steps if id(step) not in moved), *late]
    return targets


def _can_be_target(
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


def fused_steps(program: Program, device: torch.device) -> list[AdamStep]:
    """The updates of a program that PyTorch's fused kernel does, where it has one."""
    steps = [step for step in adam_steps(program) if _is_takable(step)]
    return steps if steps and has_kernel(device) else []


@cache
def has_kernel(device: torch.device) -> bool:
    """Whether PyTorch's fused kernel, which is no public function, is there for a device and does
    what it does here."""
    weight, gradient, m, v = (torch.full((2,), x, device=device) for x in (1.0, 4.0, 0.0, 0.0))
    rate, beta = torch.tensor(0.5), torch.tensor(0.75)
    try:
        Adam(0.0, 1, device)([weight], [gradient], [m], [v], rate, beta, beta)
    except (AttributeError, RuntimeError, TypeError):
        return False
    # m = 1, v = 4, and the weight goes down by rate * m / sqrt(v).
    return all(x.allclose(x.new_tensor(y)) for x, y in ((weight, 0.75), (m, 1.0), (v, 4.0)))


def _is_takable(step: AdamStep) -> bool:
    wide = step.weight.dtype in ("float32", "float64")
    return wide and isinstance(step.epsilon, Constant)


def numbers_of(step: AdamStep) -> tuple[Tensor, ...]:
    """What the kernel takes as numbers, beside epsilon."""
    return (step.rate, step.beta_1, step.beta_2)


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
