"""Comparisons and logic: bool results, zero gradients."""

from __future__ import annotations

from functools import partial

import numpy as np

from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._lifting import lift_elementwise
from keras_core.graph.primitives._rules import binary, bool_only
from keras_core.graph.spec import Spec

_FAMILY = "comparison"

_comparison = partial(binary, vjp=None, family=_FAMILY, dtype="bool")
_logic = partial(binary, vjp=None, family=_FAMILY, check=bool_only)

equal: Primitive = _comparison("equal", "a == b; NaN equals nothing.", np.equal)
not_equal: Primitive = _comparison(
    "not_equal", "a != b.", np.not_equal, edges=("NaN differs from everything, itself included.",)
)
less: Primitive = _comparison("less", "a < b.", np.less, edges=("False where either is NaN.",))
less_equal: Primitive = _comparison(
    "less_equal", "a <= b.", np.less_equal, edges=("False where either is NaN.",)
)
greater: Primitive = _comparison(
    "greater", "a > b.", np.greater, edges=("False where either is NaN.",)
)
greater_equal: Primitive = _comparison(
    "greater_equal", "a >= b.", np.greater_equal, edges=("False where either is NaN.",)
)
logical_and: Primitive = _logic("logical_and", "a and b.", np.logical_and)
logical_or: Primitive = _logic("logical_or", "a or b.", np.logical_or)


def _logical_not_shape(x: Spec) -> Spec:
    bool_only("logical_not", x)
    return Spec(x.sizes, "bool")


logical_not = Primitive(
    "logical_not",
    _logical_not_shape,
    np.logical_not,
    lift=lift_elementwise,
    differentiable=False,
    elementwise=True,
    family=_FAMILY,
    doc="not x.",
)
