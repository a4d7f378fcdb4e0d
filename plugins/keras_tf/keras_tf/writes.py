"""What a program writes to variables; TensorFlow makes a step of Adam in place, by one operation.

Spelt out, a step is a dozen operations for each weight, which hold several arrays of its size.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, Union

import tensorflow as tf

from keras_core.graph import Constant, Program, Tensor, Variable
from keras_core.plugins.authoring import AdamStep, adam_steps


class Assignment(NamedTuple):
    """A new value for a variable."""

    variable: Variable
    value: Tensor

    @property
    def reads(self) -> tuple[Tensor, ...]:
        """What must be computed for it."""
        return (self.value,)

    def run(self, backend: Any, value: tf.Tensor) -> None:
        backend.storage_of(self.variable).assign(value, read_value=False)


class AdamWrite(NamedTuple):
    """A step of Adam for one weight."""

    step: AdamStep

    @property
    def reads(self) -> tuple[Tensor, ...]:
        """What must be computed for it."""
        return (*self.step[3:], _zero(self.step.rate.dtype))

    def run(self, backend: Any, *reads: tf.Tensor) -> None:
        gradient, rate, beta_1, beta_2, epsilon, zero = reads
        weight, m, v = (backend.storage_of(x).handle for x in self.step.variables)
        # The rate is corrected for the first steps already, which the powers do otherwise.
        tf.raw_ops.ResourceApplyAdam(
            var=weight,
            m=m,
            v=v,
            grad=gradient,
            lr=rate,
            epsilon=epsilon,
            beta1=beta_1,
            beta2=beta_2,
            beta1_power=zero,
            beta2_power=zero,
        )


Write = Union[Assignment, AdamWrite]


@cache
def _zero(dtype: str) -> Constant:
    return Constant(0, dtype)


def writes_of(program: Program) -> list[Write]:
    """The updates of a program, with those of a step of Adam as one."""
    steps = adam_steps(program)
    stepped = {variable.key for step in steps for variable in step.variables}
    others = [Assignment(*update) for update in program.updates if update[0].key not in stepped]
    return [*others, *map(AdamWrite, steps)]
