"""A third party's backend, found by its entry point, beside NumPy's in one process."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import keras_core
from keras_core import backend as K
from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.plugins import backend_name, current_backend, load_backend


@pytest.fixture
def model():
    keras_core.utils.set_random_seed(3)
    model = Sequential([Dense(8, activation="tanh", input_shape=(5,)), Dense(3)])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def data():
    random = np.random.RandomState(0)
    return random.randn(12, 5).astype("float32"), random.randn(12, 3).astype("float32")


def test_backends_are_found_by_entry_point():
    assert load_backend("loopback").name == "loopback"
    assert load_backend("numpy").name == "numpy"


def test_loopback_computes_in_float64():
    x = K.placeholder((1,))
    small = K.function([x], [(x * 1e-10 + 1.0) - 1.0])
    one = np.ones(1, "float32")
    assert small([one])[0][0] == 0.0
    with keras_core.use_backend("loopback"):
        (value,) = small([one])
    np.testing.assert_allclose(value, 1e-10, rtol=1e-5)
    assert value.dtype == "float32"


def test_both_give_one_model_the_same_answers(model, data):
    with keras_core.use_backend("loopback"):
        expected = model.predict(data[0])
    np.testing.assert_allclose(model.predict(data[0]), expected, rtol=1e-5, atol=1e-6)


def test_model_trained_on_one_goes_on_on_the_other(model, data):
    start = model.get_weights()
    for name in ("numpy", "loopback", "numpy"):
        with keras_core.use_backend(name):
            model.train_on_batch(*data)
    mixed = model.get_weights()
    model.set_weights(start)
    for _ in range(3):
        model.train_on_batch(*data)
    for one, other in zip(model.get_weights(), mixed):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert mixed[0].dtype == "float32"


def test_same_seed_gives_the_same_weights_on_each(data):
    weights = []
    for name in ("numpy", "loopback"):
        with keras_core.use_backend(name):
            keras_core.utils.set_random_seed(7)
            weights.append(Dense(4, input_shape=(5,)))
            Sequential([weights[-1]])
    first, second = (layer.get_weights()[0] for layer in weights)
    np.testing.assert_array_equal(first, second)


def test_k_tells_the_backend_of_the_block():
    with keras_core.use_backend("loopback"):
        assert K.backend() == backend_name() == current_backend().name == "loopback"


def test_installed_broken_backend_only_warns(sandbox):
    code = "from keras_core.plugins import available_backends; print(*available_backends())"
    done = sandbox.run(code)
    assert done.stdout == "loopback numpy\n"
    assert "keras-broken 0.1 is left out: ImportError: the engine of keras-broken" in done.stderr


def test_installed_broken_backend_is_an_error_where_it_is_selected(sandbox):
    code = "from keras_core.plugins import current_backend; current_backend()"
    done = sandbox.run(code, KERAS_BACKEND="broken")
    assert "BackendLoadError: The backend 'broken' of keras-broken 0.1" in done.stderr


def test_describing_the_backends_starts_no_engine(sandbox):
    code = """
        import sys, warnings
        from keras_core.plugins import available_backends
        warnings.simplefilter("ignore")
        available_backends()
        print({"numpy", "keras_numpy.backend", "keras_loopback.backend"} & set(sys.modules))
    """
    assert sandbox.run(code).stdout == "set()\n"


def test_loopback_says_what_it_cannot_do():
    words = ["check-backend", "loopback", "-k", "native or contract or hold"]
    done = subprocess.run(
        [sys.executable, "-m", "keras_core", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.partition("\ntotal")[2].split()[2]) >= 12
