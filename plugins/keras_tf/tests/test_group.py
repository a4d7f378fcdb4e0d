"""The workers of a cluster of TensorFlow's share their work, without MPI."""

from __future__ import annotations

import json

import pytest

from keras_core.testing.launching import free_ports
from keras_core.testing.own_processes import OfAPair, Pair

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


class TestWorkers(OfAPair):
    pass


def test_the_script_has_made_the_strategy(pair, tmp_path):
    Pair(environments, JOIN).check_messages(tmp_path)


def test_a_cluster_is_joined_before_tensorflow_is_used(pair, tmp_path):
    assert "REFUSED" in pair.done(tmp_path, TOO_LATE)
