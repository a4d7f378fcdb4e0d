"""Elementwise arithmetic and functions of one or two tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Node, Primitive, made_by
from keras_core.graph.primitives._lifting import lift_elementwise
from keras_core.graph.primitives._rules import binary, float_only, quiet, unary
from keras_core.graph.primitives._simplifying import dropping
from keras_core.graph.spec import FLOATS, INTEGERS, Size, Spec, checked_dtype
from keras_core.graph.tensor import Constant, Tensor

_FAMILY = "elementwise"
_INT32 = np.iinfo("int32")
Pair = tuple[Tensor, Tensor]


def _scaled(x: Tensor, factor: float) -> Tensor:
    return p.multiply(x, p.scalar(factor, x.dtype))


# Arithmetic of two tensors


def _divide_vjp(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Pair:
    ga = p.divide(g, b)
    return ga, p.negative(p.multiply(ga, y))


def _modulo_vjp(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Pair:
    return g, p.negative(p.multiply(g, p.floor_divide(a, b)))


def _power_vjp(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Pair:
    one = p.scalar(1, a.dtype)
    ga = p.multiply(g, p.multiply(b, p.power(a, p.subtract(b, one))))
    # a ** b has no derivative by b where a <= 0; zero stands there, in all orders.
    log_a = p.log(p.where(p.greater(a, p.scalar(0, a.dtype)), a, one))
    return ga, p.multiply(g, p.multiply(y, log_a))


def _chosen(first: Tensor, g: Tensor) -> Pair:
    """The cotangents of an operation that takes `a` where `first`, else `b`."""
    zero = p.scalar(0, g.dtype)
    return p.where(first, g, zero), p.where(first, zero, g)


_without_zeros = dropping(0)
_without_right_zeros = dropping(0, right_only=True)
_without_ones = dropping(1)
_without_right_ones = dropping(1, right_only=True)


def _simplify_add(node: Node) -> Tensor | None:
    neutral = _without_zeros(node)
    if neutral is not None:
        return neutral
    for a, b in (node.inputs, node.inputs[::-1]):
        negated = made_by(negative, b)
        if negated is not None:
            return p.subtract(a, negated.inputs[0])
        difference = made_by(subtract, b)
        if difference is not None and _are_numbers(a, difference.inputs[0]):
            return p.subtract(_sum(a, difference.inputs[0]), difference.inputs[1])
    return None


def _are_numbers(*xs: Tensor) -> bool:
    return all(isinstance(x, Constant) and x.ndim == 0 for x in xs)


def _sum(*xs: Tensor) -> Constant:
    return Constant(sum(x.value for x in xs), xs[0].dtype)  # type: ignore[attr-defined]


def _simplify_subtract(node: Node) -> Tensor | None:
    neutral = _without_right_zeros(node)
    negated = made_by(negative, node.inputs[1])
    if neutral is not None or negated is None:
        return neutral
    return p.add(node.inputs[0], negated.inputs[0])


def _simplify_multiply(node: Node) -> Tensor | None:
    """Drops ones; makes negations and constant factors of a constant product one factor."""
    neutral = _without_ones(node)
    if neutral is not None:
        return neutral
    for constant, other in (node.inputs, node.inputs[::-1]):
        negated = made_by(negative, other)
        if isinstance(constant, Constant) and constant.ndim == 0 and negated is not None:
            return p.multiply(negated.inputs[0], Constant(-constant.value, constant.dtype))
    return None


def _simplify_negative(node: Node) -> Tensor | None:
    inner = made_by(negative, node.inputs[0])
    return None if inner is None else inner.inputs[0]


add: Primitive = binary(
    "add", "a + b.", np.add, lambda g, y, a, b: (g, g), _FAMILY, simplify=_simplify_add
)
subtract: Primitive = binary(
    "subtract",
    "a - b.",
    np.subtract,
    lambda g, y, a, b: (g, p.negative(g)),
    _FAMILY,
    simplify=_simplify_subtract,
)
multiply: Primitive = binary(
    "multiply",
    "a * b.",
    np.multiply,
    lambda g, y, a, b: (p.multiply(g, b), p.multiply(g, a)),
    _FAMILY,
    simplify=_simplify_multiply,
)
divide: Primitive = binary(
    "divide",
    "a / b of floats.",
    np.divide,
    _divide_vjp,
    _FAMILY,
    check=float_only,
    simplify=_without_right_ones,
    edges=("inf or -inf where b alone is 0, NaN where both are; nothing is raised.",),
)
floor_divide: Primitive = binary(
    "floor_divide",
    "The floor of a / b; zero gradient.",
    np.floor_divide,
    None,
    _FAMILY,
    edges=(
        "Rounds down, for negative quotients too.",
        "What integers give where b is 0 is not defined.",
    ),
)
modulo: Primitive = binary(
    "modulo",
    "a - floor(a / b) * b: has the sign of b.",
    np.mod,
    _modulo_vjp,
    _FAMILY,
    edges=(
        "NaN where b is 0, for floats.",
        "What integers give where b is 0 is not defined.",
    ),
)
power: Primitive = binary(
    "power",
    "a ** b.",
    np.power,
    _power_vjp,
    _FAMILY,
    simplify=_without_right_ones,
    edges=("The gradient by b is 0 where a <= 0.",),
)
maximum: Primitive = binary(
    "maximum",
    "The larger of a and b; at a tie the gradient goes to a.",
    np.maximum,
    lambda g, y, a, b: _chosen(p.greater_equal(a, b), g),
    _FAMILY,
    edges=("NaN where either is NaN.",),
)
minimum: Primitive = binary(
    "minimum",
    "The smaller of a and b; at a tie the gradient goes to a.",
    np.minimum,
    lambda g, y, a, b: _chosen(p.less_equal(a, b), g),
    _FAMILY,
    edges=("NaN where either is NaN.",),
)


# Functions of one tensor


def _log1p_vjp(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    return p.divide(g, p.add(x, p.scalar(1, x.dtype)))


def _expm1_vjp(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    return p.multiply(g, p.add(y, p.scalar(1, y.dtype)))


def _sqrt_vjp(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    return p.divide(_scaled(g, 0.5), y)


def _rsqrt_vjp(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    return p.multiply(_scaled(g, -0.5), p.multiply(y, p.square(y)))


def _square_vjp(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    return p.multiply(g, _scaled(x, 2))


def _reciprocal_vjp(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    return p.negative(p.multiply(g, p.square(y)))


def _sigmoid(x: Any) -> Any:
    decayed = np.exp(-np.abs(x))
    return np.where(x >= 0, np.ones_like(x), decayed) / (decayed + np.ones_like(x))


def _softplus(x: Any) -> Any:
    return np.maximum(x, np.zeros_like(x)) + np.log1p(np.exp(-np.abs(x)))


negative: Primitive = unary(
    "negative",
    "-x.",
    np.negative,
    lambda g, y, x: p.negative(g),
    _FAMILY,
    False,
    simplify=_simplify_negative,
)
abs: Primitive = unary(
    "abs", "|x|; gradient 0 at 0.", np.abs, lambda g, y, x: p.multiply(g, p.sign(x)), _FAMILY, False
)
sign: Primitive = unary(
    "sign", "-1, 0 or 1; zero gradient.", np.sign, None, _FAMILY, False, edges=("NaN stays NaN.",)
)
exp: Primitive = unary("exp", "e ** x.", np.exp, lambda g, y, x: p.multiply(g, y), _FAMILY)
expm1: Primitive = unary("expm1", "e ** x - 1, accurate near 0.", np.expm1, _expm1_vjp, _FAMILY)
log: Primitive = unary(
    "log",
    "Natural logarithm.",
    np.log,
    lambda g, y, x: p.divide(g, x),
    _FAMILY,
    edges=("-inf at 0, NaN below.",),
)
log1p: Primitive = unary(
    "log1p",
    "log(1 + x), accurate near 0.",
    np.log1p,
    _log1p_vjp,
    _FAMILY,
    edges=("-inf at -1, NaN below.",),
)
sqrt: Primitive = unary(
    "sqrt",
    "Square root.",
    np.sqrt,
    _sqrt_vjp,
    _FAMILY,
    edges=("NaN below 0; the gradient at 0 is inf.",),
)
rsqrt: Primitive = unary(
    "rsqrt",
    "1 / sqrt(x).",
    lambda x: np.ones_like(x) / np.sqrt(x),
    _rsqrt_vjp,
    _FAMILY,
    edges=("inf at 0, NaN below.",),
)
square: Primitive = unary("square", "x * x.", np.square, _square_vjp, _FAMILY, False)
reciprocal: Primitive = unary(
    "reciprocal",
    "1 / x.",
    lambda x: np.ones_like(x) / x,
    _reciprocal_vjp,
    _FAMILY,
    edges=("inf at 0, and -inf at -0.",),
)
sin: Primitive = unary(
    "sin", "Sine of x in radians.", np.sin, lambda g, y, x: p.multiply(g, p.cos(x)), _FAMILY
)
cos: Primitive = unary(
    "cos",
    "Cosine of x in radians.",
    np.cos,
    lambda g, y, x: p.negative(p.multiply(g, p.sin(x))),
    _FAMILY,
)
tanh: Primitive = unary(
    "tanh", "Hyperbolic tangent.", np.tanh, lambda g, y, x: p.tanh_grad(y, g), _FAMILY
)
sigmoid: Primitive = unary(
    "sigmoid",
    "1 / (1 + e ** -x).",
    _sigmoid,
    lambda g, y, x: p.sigmoid_grad(y, g),
    _FAMILY,
    edges=("Overflows nowhere: 0 and 1 for large numbers of either sign.",),
)
softplus: Primitive = unary(
    "softplus",
    "log(1 + e ** x).",
    _softplus,
    lambda g, y, x: p.multiply(g, p.sigmoid(x)),
    _FAMILY,
    edges=("Overflows nowhere: x itself where x is large.",),
)
relu: Primitive = unary(
    "relu",
    "max(x, 0); gradient 0 at 0.",
    lambda x: np.maximum(x, np.zeros_like(x)),
    lambda g, y, x: p.relu_grad(y, g),
    _FAMILY,
    False,
    edges=("NaN stays NaN.",),
)
floor: Primitive = unary("floor", "Largest integer <= x; zero gradient.", np.floor, None, _FAMILY)
ceil: Primitive = unary("ceil", "Smallest integer >= x; zero gradient.", np.ceil, None, _FAMILY)
round: Primitive = unary(
    "round", "Nearest integer, halves to even; zero gradient.", np.round, None, _FAMILY
)
is_nan: Primitive = unary("is_nan", "Whether x is NaN.", np.isnan, None, _FAMILY, dtype="bool")
is_finite: Primitive = unary(
    "is_finite",
    "Whether x is finite.",
    np.isfinite,
    None,
    _FAMILY,
    dtype="bool",
    edges=("False for inf, -inf and NaN.",),
)


# Derivatives that a backend may compute in one go, as functions of the result y


def _tanh_grad_parts(y: Tensor, g: Tensor) -> Tensor:
    return p.multiply(g, p.subtract(p.scalar(1, y.dtype), p.square(y)))


def _sigmoid_grad_parts(y: Tensor, g: Tensor) -> Tensor:
    return p.multiply(g, p.subtract(y, p.square(y)))


def _relu_grad_parts(y: Tensor, g: Tensor) -> Tensor:
    return p.where(p.greater(y, p.scalar(0, y.dtype)), g, p.scalar(0, g.dtype))


def _tanh_grad_vjp(c: Tensor, _: Tensor, y: Tensor, g: Tensor) -> Pair:
    return _scaled(p.multiply(c, p.multiply(g, y)), -2), p.tanh_grad(y, c)


def _sigmoid_grad_vjp(c: Tensor, _: Tensor, y: Tensor, g: Tensor) -> Pair:
    slope = p.subtract(p.scalar(1, y.dtype), _scaled(y, 2))
    return p.multiply(p.multiply(c, g), slope), p.sigmoid_grad(y, c)


tanh_grad: Primitive = binary(
    "tanh_grad",
    "g * (1 - y ** 2), where y is tanh's result.",
    lambda y, g: g * (np.ones_like(y) - y * y),
    _tanh_grad_vjp,
    _FAMILY,
    decomposition=_tanh_grad_parts,
    derivative=True,
)
sigmoid_grad: Primitive = binary(
    "sigmoid_grad",
    "g * y * (1 - y), where y is sigmoid's result.",
    lambda y, g: g * y * (np.ones_like(y) - y),
    _sigmoid_grad_vjp,
    _FAMILY,
    decomposition=_sigmoid_grad_parts,
    derivative=True,
)
relu_grad: Primitive = binary(
    "relu_grad",
    "g where y > 0, else 0; y is relu's result.",
    lambda y, g: np.where(y > 0, g, np.zeros_like(g)),
    lambda c, _, y, g: (None, p.relu_grad(y, c)),
    _FAMILY,
    decomposition=_relu_grad_parts,
    derivative=True,
)


# Functions with parameters


def _clip_shape(x: Spec, low: float, high: float) -> Spec:
    return Spec(x.sizes, x.dtype)


@quiet
def _clip(x: Any, low: float, high: float) -> Any:
    return np.maximum(np.minimum(x, high), low).astype(x.dtype)


def _clip_vjp(g: Tensor, y: Tensor, x: Tensor, low: float, high: float) -> tuple[Tensor]:
    return (p.where(p.equal(x, y), g, p.scalar(0, g.dtype)),)


clip = Primitive(
    "clip",
    _clip_shape,
    _clip,
    _clip_vjp,
    lift=lift_elementwise,
    elementwise=True,
    family=_FAMILY,
    doc="x limited to [low, high]; the gradient passes inside and on the limits.",
    edges=(
        "NaN stays NaN.",
        "Where low > high, the result is low.",
    ),
)


def _cast_shape(x: Spec, dtype: str) -> Spec:
    dtype = checked_dtype(dtype)
    return Spec(x.sizes, dtype, x.held if _keeps_value(x, dtype) else None)


def _keeps_value(x: Spec, dtype: str) -> bool:
    """Whether what is held of `x` holds of it in another dtype, which may be too narrow for it."""
    if x.held is None or x.dtype not in INTEGERS or dtype not in INTEGERS:
        return False
    values = x.held if type(x.held) is tuple else (x.held,)
    return np.can_cast(x.dtype, dtype) or all(_fits(value, dtype) for value in values)


def _fits(value: Any, dtype: str) -> bool:
    """Whether a number, or the size of an axis, which is an int32, is the same in the dtype."""
    limits = np.iinfo(dtype)
    if type(value) is Size:
        return value.axis is not None and limits.max >= _INT32.max
    return bool(limits.min <= value <= limits.max)


@quiet
def _cast(x: Any, dtype: str) -> Any:
    return np.asarray(x).astype(dtype)


def _cast_vjp(g: Tensor, y: Tensor, x: Tensor, dtype: str) -> tuple[Tensor | None]:
    both_float = x.dtype in FLOATS and y.dtype in FLOATS
    return (p.cast(g, dtype=x.dtype) if both_float else None,)


def _simplify_cast(node: Node) -> Tensor | None:
    return node.inputs[0] if node.inputs[0].dtype == node.specs[0].dtype else None


cast = Primitive(
    "cast",
    _cast_shape,
    _cast,
    _cast_vjp,
    lift=lift_elementwise,
    simplify=_simplify_cast,
    elementwise=True,
    family=_FAMILY,
    doc="x converted to another dtype.",
    edges=(
        "From float to integer, what is behind the point is cut off.",
        "As a bool, all but 0 is True.",
        "A number that the dtype cannot hold gives what is not defined.",
        "The gradient passes between floats alone.",
    ),
)
