"""Replays functions of tensors: those of K, losses, activations."""

from __future__ import annotations

from typing import Any

from keras_core import activations, losses
from keras_core import backend as K
from keras_core.testing.comparison import assert_all_near
from keras_core.testing.golden import GoldenCase

TOLERANCE = 2e-5
_MODULES = {"activations": activations, "losses": losses}


class _Arguments:
    """Makes a function's arguments as a record describes them."""

    def __init__(self, case: GoldenCase) -> None:
        self.case = case
        self.feeds: list[Any] = []
        self.values: list[Any] = []
        self.floats: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        self._count = 0

    def make(self, described: Any) -> Any:
        if "tensor" in described:
            return self._tensor(described["tensor"])
        if "list" in described:
            return [self.make(one) for one in described["list"]]
        return tuple(described["tuple"]) if "tuple" in described else described["value"]

    def _tensor(self, described: Any) -> Any:
        value, name = self.case.arrays(described["key"]), f"a{self._count}"
        self._count += 1
        kind, dtype = described["as"], described["dtype"]
        if kind == "numpy":
            return value
        if kind == "placeholder":
            x = K.placeholder(shape=tuple(described["static_shape"]), dtype=dtype)
            self.feeds.append(x)
            self.values.append(value)
        else:
            x = getattr(K, kind)(value, dtype=dtype)
        if kind == "variable":
            self.variables[name] = x
        if dtype == "float32" and kind != "constant":
            self.floats[name] = x
        return x


def replay_backend_function(case: GoldenCase) -> None:
    """Compares a K function's results, gradients and effects on variables.

    Raises:
        AssertionError: something differs.
    """
    record, made = case.record, _Arguments(case)
    positional = [made.make(one) for one in record.get("args", ())]
    named = {key: made.make(one) for key, one in sorted(record.get("kwargs", {}).items())}
    result = getattr(K, record["function"])(*positional, **named)
    outputs = list(result) if isinstance(result, (list, tuple)) else [result]
    wanted = _finite(case.get("grads") or {})
    gradients = _gradients(case, outputs, [made.floats[name] for name in wanted])
    run = K.function([*made.feeds, K.learning_phase()], [*outputs, *gradients])
    got = run([*made.values, record.get("learning_phase", 0)])
    _check_outputs(case, got[: len(outputs)])
    tolerance = record.get("tolerance", TOLERANCE)
    assert_all_near(got[len(outputs) :], list(wanted.values()), tolerance, "gradient")
    for name, value in (case.get("variables_after") or {}).items():
        assert_all_near([K.get_value(made.variables[name])], [value], TOLERANCE, "variable")


def _finite(recorded: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recorded.items() if not isinstance(value, str)}


def _gradients(case: GoldenCase, outputs: Any, sources: Any) -> list[Any]:
    if not sources:
        return []
    total = sum(K.sum(y * K.constant(r)) for y, r in zip(outputs, case["random"]))
    found = K.gradients(total, sources)
    return [K.zeros_like(x) if g is None else g for g, x in zip(found, sources)]


def _check_outputs(case: GoldenCase, got: Any) -> None:
    described = case.record["outputs"]
    tolerance = case.record.get("tolerance", TOLERANCE)
    assert [y.dtype.name for y in got] == [y["dtype"] for y in described]
    expected = case["outputs_tf2"] if "outputs_tf2" in case.record else None
    if expected is None:
        expected = [case.arrays(y["key"]) for y in described]
    assert_all_near(got, expected, tolerance, "output")


def replay_function(case: GoldenCase) -> None:
    """Compares a loss or an activation, and its gradient by the prediction.

    Raises:
        AssertionError: something differs.
    """
    record = case.record
    function = getattr(_MODULES[record["module"]], record["function"])
    values = [case[key] for key in ("y_true", "y_pred", "x") if key in record]
    inputs = [K.placeholder(shape=(None, *v.shape[1:]), dtype=v.dtype.name) for v in values]
    output = K.identity(function(*inputs, **record.get("kwargs", {})))
    gradients = K.gradients(K.sum(output * K.constant(case["random"])), [inputs[-1]])
    got = K.function(inputs, [output, *gradients])(values)
    tolerance = record.get("tolerance", TOLERANCE)
    assert_all_near(got, [case["output"], case["grad"]], tolerance, "output, gradient")
