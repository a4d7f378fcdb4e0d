"""K functions, losses, layers, optimizers and training against what Keras 2.3.1 computed."""

from __future__ import annotations

import pytest

from keras_core.testing.golden import golden_cases
from keras_core.testing.golden.replay_functions import replay_backend_function, replay_function
from keras_core.testing.golden.replay_layers import replay_layer
from keras_core.testing.golden.replay_training import replay_optimizer, replay_training

REPLAYS = {
    "functions": replay_backend_function,
    "losses": replay_function,
    "layers": replay_layer,
    "optimizers": replay_optimizer,
    "training": replay_training,
}
ALL = [case for family in REPLAYS for case in golden_cases(family)]


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_golden(case):
    REPLAYS[case.family](case)
