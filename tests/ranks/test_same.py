"""Runs on 2 and 3 ranks come to what they do in one process."""

from __future__ import annotations

import numpy as np
import pytest
from nearness import assert_near

from keras_core.plugins import backend_name

# At least fifty steps of training, for which the weights may differ by rounding alone.
LONG = (
    "mlp_on_arrays",
    "cnn_on_a_sequence",
    "lstm_on_a_generator",
    "two_outputs_with_weights",
)
SHORT = (
    "last_batch_smaller_than_the_ranks",
    "metrics_with_state",
    "regularizers_and_limits",
    "losses_that_are_added",
    "losses_that_are_sums",
    "a_batch_at_a_time",
    "normalization_of_all_samples",
    "sums_that_begin_early",
    "callbacks_of_all_kinds",
    "horovod",
)
# What the graph has no part in is tried on one backend.
RUNS = (*LONG, *SHORT) if backend_name() == "numpy" else (*LONG, *SHORT[:3])


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", RUNS)
def test_ranks_come_to_what_one_process_does(outcomes, name, count):
    (alone,) = outcomes(1, *RUNS)[name]
    together = outcomes(count, *RUNS)[name]
    assert isinstance(alone, dict), alone
    assert isinstance(together[0], dict), together[0]
    for rank, found in enumerate(together):
        for key, expected in alone.items():
            if not key.startswith("own_"):
                assert_near(found[key], expected, f"{key} of rank {rank}")


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", RUNS)
def test_ranks_have_the_same_to_the_last_bit(outcomes, name, count):
    first, *others = outcomes(count, *RUNS)[name]
    for other in others:
        for key, value in first.items():
            if not key.startswith("own_"):
                np.testing.assert_equal(other[key], value, err_msg=key)
