"""A script written for Keras 2 runs unchanged, on each backend, and trains by the book."""

from __future__ import annotations

import subprocess
import sys

import pytest

# One step of gradient descent from 0 for the loss (w - 1) ** 2, whose slope there is -2.
SCRIPT = """
import sys
import numpy as np
import keras
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Model, load_model
from keras.optimizers import SGD

x = Input(shape=(1,))
model = Model(inputs=x, outputs=Dense(1, use_bias=False, kernel_initializer="zeros")(x))
model.compile(loss="mse", optimizer=SGD(lr=float(sys.argv[1])))
model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=1, batch_size=4, verbose=0)
model.save(sys.argv[2])
again = load_model(sys.argv[2])
kernels = K.eval(model.layers[1].kernel), again.get_weights()[0]
print(keras.__version__, K.backend(), *("%.4f" % kernel.item() for kernel in kernels))
"""


@pytest.mark.parametrize("start", [["run", "old.py"], ["old.py"]], ids=["run", "script"])
def test_an_old_script_trains_saves_and_loads(tmp_path, start):
    from keras_core.plugins import backend_name

    (tmp_path / "old.py").write_text(SCRIPT)
    words = [sys.executable, "-m", "keras_core", *start, "0.1", str(tmp_path / "model.h5")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"2.3.1 {backend_name()} 0.2000 0.2000\n", done.stderr
    assert done.returncode == 0
