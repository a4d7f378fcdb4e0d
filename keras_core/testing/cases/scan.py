"""Loops, against loops of Python."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.scan.build import scan
from keras_core.testing.case import Case, Composed, Input, composed_case, uniform

_MATRIX = {"contract": ((1,), (0,)), "batch": ((), ())}


def _flat(finals: Any, collected: Any) -> tuple[Any, ...]:
    return (*finals, *collected)


def _dot(a: Any, b: Any) -> Any:
    return p.dot(a, b, **_MATRIX)


# Each pair is a loop in the graph, and the same in Python.


def _running_sum(x: Any, s: Any) -> Any:
    return _flat(*scan(lambda xs, ss: ([ss[0]], [p.add(ss[0], xs[0])]), [x], [s]))


def _running_sum_plain(x: Any, s: Any) -> Any:
    before = [s + x[:t].sum(0) for t in range(len(x))]
    return s + x.sum(0), np.array(before).reshape(x.shape)


def _recurrent(reverse: bool) -> Callable[..., Any]:
    def build(x: Any, h: Any, w: Any, u: Any) -> Any:
        def step(xs: Any, states: Any) -> Any:
            new = p.tanh(p.add(_dot(xs[0], w), _dot(states[0], u)))
            return [new], [new]

        return _flat(*scan(step, [x], [h], reverse=reverse))

    return build


def _recurrent_plain(reverse: bool) -> Callable[..., Any]:
    def run(x: Any, h: Any, w: Any, u: Any) -> Any:
        rows = np.zeros((len(x), *h.shape), h.dtype)
        for t in range(len(x))[:: -1 if reverse else 1]:
            h = rows[t] = np.tanh(x[t] @ w + h @ u)
        return h, rows

    return run


def _two_states(x: Any, y: Any, a: Any, b: Any) -> Any:
    def step(xs: Any, states: Any) -> Any:
        a, b = states
        product = p.multiply(xs[0], b)
        return [product, p.subtract(a, xs[1])], [p.sin(product), p.add(a, b)]

    return _flat(*scan(step, [x, y], [a, b]))


def _two_states_plain(x: Any, y: Any, a: Any, b: Any) -> Any:
    products, differences = np.zeros_like(x), np.zeros_like(x)
    for t in range(len(x)):
        products[t], differences[t] = x[t] * b, a - y[t]
        a, b = np.sin(products[t]), a + b
    return a, b, products, differences


def _mapped(x: Any, w: Any) -> Any:
    return scan(lambda xs, _: ([p.exp(p.multiply(xs[0], w))], []), [x], [])[1][0]


def _nested(x: Any, s: Any) -> Any:
    """Row by row, each a loop over its elements that goes on from the state of the row before."""

    def row(xs: Any, states: Any) -> Any:
        def element(inner: Any, total: Any) -> Any:
            new = p.sin(p.add(p.multiply(inner[0], total[0]), states[0]))
            return [new], [new]

        finals, collected = scan(element, [xs[0]], [states[0]], reverse=True)
        return [collected[0]], [finals[0]]

    return _flat(*scan(row, [x], [s]))


def _nested_plain(x: Any, s: Any) -> Any:
    results = np.zeros_like(x)
    for i in range(len(x)):
        total = s
        for j in reversed(range(x.shape[1])):
            total = results[i, j] = np.sin(x[i, j] * total + s)
        s = total
    return s, results


def _of_indices(indices: Any, table: Any, s: Any) -> Any:
    """A state of floats steered by a sequence of integers."""

    def step(xs: Any, states: Any) -> Any:
        row = p.gather(table, xs[0], axis=0)
        return [], [p.where(p.greater(row, states[0]), row, p.multiply(states[0], row))]

    return scan(step, [indices], [s])[0][0]


def _of_indices_plain(indices: Any, table: Any, s: Any) -> Any:
    for i in indices:
        s = np.where(table[i] > s, table[i], s * table[i])
    return s


def _masked(x: Any, keep: Any, h: Any) -> Any:
    """Steps whose mask is false leave the state as it is."""

    def step(xs: Any, states: Any) -> Any:
        new = p.where(xs[1], p.tanh(p.add(xs[0], states[0])), states[0])
        return [new], [new]

    return _flat(*scan(step, [x, keep], [h]))


def _masked_plain(x: Any, keep: Any, h: Any) -> Any:
    rows = np.zeros_like(x)
    for t in range(len(x)):
        h = rows[t] = np.where(keep[t], np.tanh(x[t] + h), h)
    return h, rows


def _case(name: str, build: Any, plain: Any, *inputs: Input, several: bool = True, **more: Any):
    return composed_case(f"scan_{name}", Composed(build, plain, "scan", several), *inputs, **more)


def _weights() -> tuple[Input, Input]:
    return uniform(2, 3, low=-1, high=1, batch=None), uniform(3, 3, low=-1, high=1, batch=None)


def _state(*shape: int) -> Input:
    return uniform(*shape, batch=None, known=tuple(range(len(shape))))


_KEEP = Input((4, 3), lambda rng, size: rng.integers(0, 2, size), dtype="bool")
_INDICES = Input((5,), lambda rng, size: rng.integers(0, 3, size), dtype="int32")

CASES: tuple[Case, ...] = (
    _case("running_sum", _running_sum, _running_sum_plain, uniform(4, 3), _state(3)),
    _case("one_step", _running_sum, _running_sum_plain, uniform(1, 3), _state(3)),
    _case("many_steps", _running_sum, _running_sum_plain, uniform(67, 1), _state(1)),
    *(
        _case(
            "backwards" if reverse else "recurrent",
            _recurrent(reverse),
            _recurrent_plain(reverse),
            *(uniform(4, 2, 2, known=(1, 2)), _state(2, 3), *_weights()),
        )
        for reverse in (False, True)
    ),
    _case("two_states", _two_states, _two_states_plain, *[uniform(4, 2)] * 2, *[_state(2)] * 2),
    _case(
        "mapped",
        _mapped,
        lambda x, w: np.exp(x * w),
        *(uniform(4, 3), uniform(3, batch=None)),
        several=False,
    ),
    _case("nested", _nested, _nested_plain, uniform(3, 4), _state()),
    _case(
        "of_indices",
        _of_indices,
        _of_indices_plain,
        *(_INDICES, _state(3, 2), _state(2)),
        several=False,
    ),
    _case("masked", _masked, _masked_plain, uniform(4, 3), _KEEP, _state(3)),
)
