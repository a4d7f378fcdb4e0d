"""Checks: what is compared for each case.

The truth is the primitive's reference, fed with float64, and finite differences of it; tests of the
project compare the references with formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Callable

import numpy as np

from keras_core.graph import Placeholder, Tensor, evaluate, gradients
from keras_core.graph.tensor import FLOATS, Constant
from keras_core.testing.case import Case
from keras_core.testing.comparison import assert_all_near, assert_declared
from keras_core.testing.runners import Runner

Build = Callable[..., Any]
STEP = 1e-5
# Errors that single precision would exceed; those of finite differences are larger.
DOUBLE, DOUBLE_GRADIENT = 1e-11, 1e-6
HALF = 5e-3


def check_forward(case: Case, run: Runner) -> None:
    """Values and dtypes, all sizes known."""
    _compare_values(case, run, case.subject, case.arrays())


def check_decomposed(case: Case, run: Runner) -> None:
    """A composite's decomposition gives the same numbers."""
    _compare_values(case, run, case.subject.decomposition, case.arrays())


def check_unknown(case: Case, run: Runner) -> None:
    """Values and gradients where no size is known before run time."""
    _compare_values(case, run, case.subject, case.arrays(), unknown=True)
    if case.gradient:
        _compare_gradients(case, run, case.subject, unknown=True)


def check_empty(case: Case, run: Runner) -> None:
    """A batch of size 0, known or not; gradients have the shapes of their inputs."""
    arrays = case.arrays(empty=True)
    _compare_values(case, run, case.subject, arrays)
    if case.unknown:
        _compare_values(case, run, case.subject, arrays, unknown=True)
    if case.gradient:
        inputs = _placeholders(case, arrays, unknown=case.unknown)
        wanted = [inputs[i] for i in case.floats()]
        results = _first_order(case, case.subject, inputs, wanted, arrays)
        got = _computed(run, inputs, results, arrays, _by_inputs(case))
        for i, value in zip(case.floats(), got):
            assert value.shape == arrays[i].shape, f"the gradient by input {i}: {value.shape}"


def check_gradient(case: Case, run: Runner) -> None:
    """Gradients by all float inputs against finite differences."""
    _compare_gradients(case, run, case.subject)


def check_decomposed_gradient(case: Case, run: Runner) -> None:
    """The same for the decomposition's gradients."""
    _compare_gradients(case, run, case.subject.decomposition)


def check_second_order(case: Case, run: Runner) -> None:
    """Gradients of gradients against finite differences of the gradients."""
    arrays = case.arrays()
    inputs = _placeholders(case, arrays)
    what = _by_inputs(case, "the gradient of the gradients")
    got = _computed(run, inputs, _second_order(case, inputs, arrays), arrays, what)
    doubles = _as_doubles(arrays)
    exact = _placeholders(case, doubles)
    first = _first_order(case, case.subject, exact, [exact[i] for i in case.floats()], doubles)
    total = _weighted(case, first)

    def value(*values: Any) -> float:
        return float(evaluate([total], dict(zip(exact, values)))[0])

    expected = [_difference(value, doubles, i) for i in case.floats()]
    assert_all_near(got, expected, case.tolerance, what)


def check_double(case: Case, run: Runner) -> None:
    """Values in float64."""
    precise = case.in_precision("float64", DOUBLE)
    _compare_values(precise, run, case.subject, precise.arrays())


def check_double_gradient(case: Case, run: Runner) -> None:
    """Gradients in float64."""
    _compare_gradients(case.in_precision("float64", DOUBLE_GRADIENT), run, case.subject)


def check_half(case: Case, run: Runner) -> None:
    """Values in float16."""
    coarse = case.in_precision("float16", max(case.tolerance, HALF))
    _compare_values(coarse, run, case.subject, coarse.arrays())


CHECKS: Mapping[str, Callable[[Case, Runner], None]] = MappingProxyType(
    {
        "forward": check_forward,
        "gradient": check_gradient,
        "second_order": check_second_order,
        "unknown": check_unknown,
        "empty": check_empty,
        "decomposed": check_decomposed,
        "decomposed_gradient": check_decomposed_gradient,
        "double": check_double,
        "double_gradient": check_double_gradient,
        "half": check_half,
    }
)


def checks_of(case: Case) -> list[str]:
    """Names of the checks that make sense for a case."""
    composite = case.subject.decomposition is not None
    wanted = {
        "forward": True,
        "gradient": case.gradient,
        "second_order": case.gradient and case.second,
        "unknown": case.unknown,
        "empty": case.empty,
        "decomposed": composite,
        "decomposed_gradient": composite and case.gradient,
        "double": case.takes_singles(),
        "double_gradient": case.takes_singles() and case.gradient,
        "half": case.takes_singles() and case.half,
    }
    return [name for name, sensible in wanted.items() if sensible]


# Building


def _placeholders(
    case: Case, arrays: Sequence[np.ndarray], unknown: bool = False
) -> list[Placeholder]:
    return [
        Placeholder(x.static(a.shape, unknown), a.dtype.name) for x, a in zip(case.inputs, arrays)
    ]


def _results(case: Case, build: Build | None, inputs: Sequence[Tensor]) -> list[Tensor]:
    assert build is not None
    results = build(*inputs, **case.params)
    return list(results) if isinstance(results, tuple) else [results]


def _weights(case: Case, count: int, shapes: Sequence[Any]) -> list[np.ndarray]:
    rng = np.random.default_rng(count)
    return [rng.uniform(0.5, 1.5, shape) for shape in shapes]


def _truth(case: Case, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    reference = case.subject.reference
    assert reference is not None, f"{case.primitive} has no reference"
    results = reference(*_as_doubles(arrays), **case.params)
    return [np.asarray(y) for y in (results if case.subject.several else (results,))]


def _as_doubles(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [a.astype("float64") if a.dtype.name in FLOATS else a for a in arrays]


def _first_order(
    case: Case,
    build: Build | None,
    inputs: Sequence[Tensor],
    wanted: Sequence[Tensor],
    arrays: Sequence[np.ndarray],
) -> list[Tensor]:
    """Gradients of the weighted sum of all float results."""
    results = _results(case, build, inputs)
    shapes = [y.shape for y in _truth(case, arrays)]
    weights = _weights(case, 1, shapes)
    pairs = [(y, Constant(w, y.dtype)) for y, w in zip(results, weights) if y.dtype in FLOATS]
    found = gradients([y for y, _ in pairs], wanted, [w for _, w in pairs])
    return [_or_zeros(g, x) for g, x in zip(found, wanted)]


def _or_zeros(g: Tensor | None, x: Tensor) -> Tensor:
    from keras_core.graph import primitives as p

    return p.zeros_like(x) if g is None else g


def _weighted(case: Case, tensors: Sequence[Tensor]) -> Tensor:
    """One number that depends on all elements of all tensors."""
    from keras_core.graph import primitives as p

    weights = _weights(case, 2, [t.shape for t in tensors])
    parts = [
        p.reduce_sum(t * Constant(w, t.dtype), axes=tuple(range(t.ndim)), keepdims=False)
        for t, w in zip(tensors, weights)
    ]
    return sum(parts[1:], parts[0])


def _second_order(
    case: Case, inputs: Sequence[Tensor], arrays: Sequence[np.ndarray]
) -> list[Tensor]:
    wanted = [inputs[i] for i in case.floats()]
    total = _weighted(case, _first_order(case, case.subject, inputs, wanted, arrays))
    return [_or_zeros(g, x) for g, x in zip(gradients([total], wanted), wanted)]


# Comparing


def _computed(
    run: Runner,
    inputs: Sequence[Placeholder],
    results: Sequence[Tensor],
    arrays: Sequence[Any],
    what: str | Sequence[str] = "result",
) -> list[np.ndarray]:
    """What the runner gives, each of the dtype and of a shape that the graph says."""
    got = run(inputs, results, arrays)
    assert_declared(got, results, what)
    return got


def _by_inputs(case: Case, what: str = "the gradient") -> list[str]:
    return [f"{what} by input {i}" for i in case.floats()]


def _compare_values(
    case: Case,
    run: Runner,
    build: Build | None,
    arrays: Sequence[np.ndarray],
    unknown: bool = False,
) -> None:
    inputs = _placeholders(case, arrays, unknown)
    got = _computed(run, inputs, _results(case, build, inputs), arrays)
    assert_all_near(got, _truth(case, arrays), case.tolerance)


def _compare_gradients(case: Case, run: Runner, build: Build | None, unknown: bool = False) -> None:
    arrays = case.arrays()
    inputs = _placeholders(case, arrays, unknown)
    wanted = [inputs[i] for i in case.floats()]
    results = _first_order(case, build, inputs, wanted, arrays)
    got = _computed(run, inputs, results, arrays, _by_inputs(case))
    shapes = [y.shape for y in _truth(case, arrays)]
    weights = _weights(case, 1, shapes)

    def value(*values: Any) -> float:
        pairs = zip(_truth(case, values), weights)
        return float(sum(np.sum(y * w) for y, w in pairs if y.dtype.name in FLOATS))

    expected = [_difference(value, _as_doubles(arrays), i) for i in case.floats()]
    assert_all_near(got, expected, case.tolerance, _by_inputs(case))


def _difference(value: Callable[..., float], arrays: Sequence[np.ndarray], which: int) -> Any:
    """The derivative by one array, from central differences."""
    result = np.zeros(arrays[which].shape)
    for place in np.ndindex(result.shape):
        ahead, behind = (_nudged(arrays, which, place, step) for step in (STEP, -STEP))
        result[place] = (value(*ahead) - value(*behind)) / (2 * STEP)
    return result


def _nudged(arrays: Sequence[np.ndarray], which: int, place: Any, by: float) -> list[np.ndarray]:
    nudged = list(arrays)
    nudged[which] = arrays[which].copy()
    nudged[which][place] += by
    return nudged
