"""Replays optimizers and whole runs of training, in which nothing is shuffled or random."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import models, optimizers
from keras_core.testing.comparison import assert_all_near, assert_near
from keras_core.testing.golden import GoldenCase

# Twenty steps, and whole runs, of the roundings of single results.
STEPS_TOLERANCE = 1e-4
RUN_TOLERANCE = 5e-4


def replay_optimizer(case: GoldenCase) -> None:
    """Compares each of an optimizer's steps on a sum of squares or a small network.

    Raises:
        AssertionError: something differs.
    """
    record = case.record
    optimizer = getattr(optimizers, record["class"])(**record.get("kwargs", {}))
    problem = _quadratic if record["problem"] == "quadratic" else _network
    step, values = problem(case, optimizer)
    losses, states = [], []
    for _ in range(len(case["losses"])):
        losses.append(step())
        states.append(values())
    assert_near(np.array(losses), case["losses"], STEPS_TOLERANCE, "losses")
    steps = [np.array(steps) for steps in zip(*states)]
    assert_all_near(steps, case["after_each_step"], STEPS_TOLERANCE, "values after each step of")
    weights = case["optimizer_weights"]
    assert_all_near(optimizer.get_weights(), weights, STEPS_TOLERANCE, "optimizer weight")


def _quadratic(case: GoldenCase, optimizer: Any) -> Any:
    parameters = [K.variable(value) for value in case["initial"]]
    terms = zip(parameters, case["target"], case["curvature"])
    loss = sum(0.5 * K.sum(K.constant(c) * K.square(p - K.constant(t))) for p, t, c in terms)
    updates = optimizer.get_updates(loss=loss, params=parameters)
    run = K.function([], [loss], updates=updates)
    return lambda: float(run([])[0]), lambda: [K.get_value(p) for p in parameters]


def _network(case: GoldenCase, optimizer: Any) -> Any:
    model: Any = models.Sequential.from_config(copy.deepcopy(case.record["model"]))
    model.set_weights(case["initial"])
    model.compile(optimizer, case.record["loss"])
    return lambda: float(model.train_on_batch(case["x"], case["y"])), model.get_weights


def replay_training(case: GoldenCase) -> None:
    """Compares a run: losses and metrics of the epochs, weights, evaluation, predictions.

    Raises:
        AssertionError: something differs.
    """
    model = _compiled(case.record)
    model.set_weights(case["initial_weights"])
    fit = case["fit"]
    options = {key: fit[key] for key in ("sample_weight",) if key in fit}
    if "class_weight" in fit:
        options["class_weight"] = {int(key): v for key, v in fit["class_weight"].items()}
    if "validation_data" in fit:
        options["validation_data"] = tuple(fit["validation_data"])
    history = model.fit(fit["x"], fit["y"], verbose=0, **fit["kwargs"], **options).history
    _check_history(history, case["history"])
    near = {
        "weights_after_fit": model.get_weights(),
        "optimizer_weights_after_fit": model.optimizer.get_weights(),
        "predict": _listed(model.predict(case["evaluate"]["x"])),
    }
    for what, got in near.items():
        assert_all_near(got, case[what], RUN_TOLERANCE, what)
    result = model.evaluate(case["evaluate"]["x"], case["evaluate"]["y"], verbose=0)
    assert_near(result, np.array(case["evaluate"]["result"]), RUN_TOLERANCE, "evaluate")


def _compiled(record: Any) -> Any:
    described = copy.deepcopy(record["model"])
    model = getattr(models, described["class_name"]).from_config(described["config"])
    options = copy.deepcopy(record["compile"])
    named = options.pop("optimizer")
    optimizer = getattr(optimizers, named["class_name"]).from_config(named["config"])
    model.compile(optimizer, **options)
    return model


def _check_history(got: Any, expected: Any) -> None:
    assert sorted(got) == sorted(expected)
    for key, values in expected.items():
        assert_near(got[key], np.array(values), RUN_TOLERANCE, key)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


# As many batches as are done in groups, and one that is smaller.
_LONG = {"samples": 134, "batch_size": 4}


def replay_long_fit(build: Any, rows: int, columns: int) -> None:
    """Compares a run in which many steps may be done in one call with the same steps done singly.

    Args:
        build: makes the compiled model, each time with the same weights and draws.
        rows: size of a sample.
        columns: size of a target.

    Raises:
        AssertionError: losses, weights or the optimizer's weights differ.
    """
    rng = np.random.default_rng(5)
    size, batch = _LONG["samples"], _LONG["batch_size"]
    x = rng.normal(size=(size, rows)).astype("float32")
    y = rng.normal(size=(size, columns)).astype("float32")
    fitted, stepped = build(), build()
    losses = fitted.fit(x, y, batch, epochs=2, verbose=0, shuffle=False).history["loss"]
    parts = [slice(start, min(start + batch, size)) for start in range(0, size, batch)]
    expected = [
        sum(float(stepped.train_on_batch(x[p], y[p])) * len(x[p]) for p in parts) / size
        for _ in losses
    ]
    assert_near(np.array(losses), np.array(expected), RUN_TOLERANCE, "losses of the epochs")
    assert_all_near(fitted.get_weights(), stepped.get_weights(), RUN_TOLERANCE, "weight")
    got, wanted = (model.optimizer.get_weights() for model in (fitted, stepped))
    assert_all_near(got, wanted, RUN_TOLERANCE, "optimizer weight")
