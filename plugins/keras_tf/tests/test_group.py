"""The workers of a cluster of TensorFlow's share their work, without MPI."""

from __future__ import annotations

import json

import pytest

from keras_core.testing.launching import free_ports
from keras_core.testing.own_processes import FAULTS, Pair
from keras_core.testing.two_ranks import CHECKS

JOIN = """
import os
import tensorflow as tf

if "TF_CONFIG" in os.environ:
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
"""

TOO_LATE = """
import tensorflow as tf
from keras_core import distribute

tf.constant(1)
try:
    distribute.init()
except RuntimeError as error:
    assert "first line" in str(error), error
    print("REFUSED")
"""


def environments():
    ports = free_ports(2)
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    return [
        {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": rank}})}
        for rank in range(2)
    ]


@pytest.fixture(scope="module")
def pair():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "tensorflow")
        yield Pair(environments)


@pytest.fixture(scope="module")
def outcomes(pair, tmp_path_factory):
    return pair.outcomes(tmp_path_factory.mktemp("checks"))


@pytest.mark.parametrize("check", CHECKS)
def test_sums(outcomes, check):
    assert outcomes[check] is None, outcomes[check]


def test_runs_come_to_what_one_process_does(pair, tmp_path):
    pair.check_runs(tmp_path)


def test_the_script_has_made_the_strategy(pair, tmp_path):
    Pair(environments, JOIN).check_messages(tmp_path)


def test_a_step_sends_one_message(pair, tmp_path):
    pair.check_messages(tmp_path)


def test_ranks_with_shapes_of_their_own(pair, tmp_path):
    pair.check_shapes(tmp_path)


def test_a_cluster_is_joined_before_tensorflow_is_used(pair, tmp_path):
    assert "REFUSED" in pair.done(tmp_path, TOO_LATE)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_all(pair, tmp_path, fault):
    pair.check_fault(tmp_path, fault)
