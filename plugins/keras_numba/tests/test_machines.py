"""Code for other processors, and code that is kept on disk, in processes of their own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from keras_core.layers import Conv2D, MaxPooling2D
from keras_core.models import Sequential
from keras_numba.compiled import VECTOR_BYTES
model = Sequential([Conv2D(16, 3, input_shape=(12, 12, 16)), MaxPooling2D()])
model.set_weights([np.ones((3, 3, 16, 16)), np.zeros(16)])
assert (model.predict(np.ones((2, 12, 12, 16))) == 9 * 16).all()
print(VECTOR_BYTES)
"""


def ran(folder, **environment):
    environment = {**os.environ, "KERAS_BACKEND": "numpy", **environment}
    environment["NUMBA_CACHE_DIR"] = str(folder)
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names are of x86-64")
@pytest.mark.parametrize(
    ("processor", "features", "vector"),
    [("x86-64", "+sse2", "16"), ("haswell", "+avx,+avx2,+fma", "32")],
)
def test_vectors_are_those_of_the_processor(tmp_path, processor, features, vector):
    assert ran(tmp_path, NUMBA_CPU_NAME=processor, NUMBA_CPU_FEATURES=features) == vector


def test_what_was_compiled_is_kept(tmp_path):
    ran(tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")}
    assert kept
    ran(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")} == kept
