"""K functions, losses, layers, optimizers and training against what Keras 2.3.1 computed."""

from __future__ import annotations

from typing import Any

import pytest

from keras_core import layers, models
from keras_core.graph.randomness import set_random_seed
from keras_core.testing.golden import golden_cases
from keras_core.testing.golden.replay_functions import replay_backend_function, replay_function
from keras_core.testing.golden.replay_layers import replay_layer
from keras_core.testing.golden.replay_training import (
    replay_long_fit,
    replay_optimizer,
    replay_training,
)

REPLAYS = {
    "functions": replay_backend_function,
    "losses": replay_function,
    "layers": replay_layer,
    "optimizers": replay_optimizer,
    "training": replay_training,
}
ALL = [case for family in REPLAYS for case in golden_cases(family)]

BETWEEN: dict[str, Any] = {
    "dense": lambda: [layers.Dense(6, activation="tanh")],
    "normalized": lambda: [layers.Dense(6, use_bias=False), layers.BatchNormalization()],
    "random": lambda: [layers.Dense(6), layers.Dropout(0.3), layers.GaussianNoise(0.1)],
    "recurrent": lambda: [layers.Reshape((2, 3)), layers.LSTM(4)],
}


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_golden(case):
    REPLAYS[case.family](case)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("between", BETWEEN)
def test_a_long_fit_is_its_steps(between, optimizer):
    def build():
        set_random_seed(7)
        model = models.Sequential([layers.InputLayer((6,)), *BETWEEN[between](), layers.Dense(2)])
        model.compile(optimizer, "mse")
        return model

    replay_long_fit(build, 6, 2)
