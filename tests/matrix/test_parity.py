"""Layer by layer on several backends: what is compared, and how far is far."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from keras_core import cli
from keras_core.cli.layer_outputs import outputs_elsewhere, outputs_here
from keras_core.cli.parity import difference, first_beyond, inputs_of
from keras_core.layers import LSTM, Dense, Embedding, Input, concatenate
from keras_core.models import Model, Sequential
from keras_core.plugins import backend_name
from keras_core.plugins.installed import BACKENDS, enabled

IDS = np.array([[0, 1, 2], [3, 4, 0]], "float32")


def siamese(units=2):
    inner = Sequential([Embedding(5, 4, input_length=3, name="words"), LSTM(units, name="reader")])
    inner.name = "inner"
    a, b = Input((3,), name="a"), Input((3,), name="b")
    both = concatenate([inner(a), inner(b)], name="both")
    return Model([a, b], Dense(1, name="score")(both))


def test_all_layers_are_there_in_their_order():
    model = siamese()
    found = outputs_here(model, [IDS, IDS + 0])
    inner = ["inner/words", "inner/reader", "inner"]
    again = ["inner (2)/words", "inner (2)/reader", "inner (2)"]
    assert list(found) == [*inner, *again, "both", "score"]
    np.testing.assert_array_equal(found["inner"], found["inner/reader"])
    table = model.get_layer("inner").get_layer("words").get_weights()[0]
    np.testing.assert_array_equal(found["inner/words"], table[IDS.astype(int)])
    np.testing.assert_allclose(found["score"], model.predict([IDS, IDS]), rtol=1e-6, atol=1e-6)


def test_a_process_of_its_own_gives_the_same(tmp_path):
    model = siamese()
    path = str(tmp_path / "model.h5")
    model.save(path)
    here = outputs_here(model, [IDS, IDS])
    there = outputs_elsewhere(sys.executable, backend_name(), path, [IDS, IDS])
    assert list(there) == list(here)
    for label, array in here.items():
        assert difference(array, there[label]).ulps <= 4


def test_an_interpreter_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="nowhere/python.*'theano'"):
        outputs_elsewhere("/nowhere/python", "theano", "model.h5", [IDS])


def test_a_process_that_fails_tells_why(tmp_path):
    path = str(tmp_path / "absent.h5")
    with pytest.raises(ValueError, match="(?s)failed with the backend.*absent.h5"):
        outputs_elsewhere(sys.executable, backend_name(), path, [IDS])


def test_units_in_the_last_place_are_those_of_the_largest_value():
    a = np.array([0.0, 1e-8, 3.0], "float32")
    b = np.array([0.0, 2e-8, 3.0], "float32") + np.float32(2**-22) * np.array([0, 0, 2], "float32")
    found = difference(a, b)
    assert found.absolute == 2 * 2.0**-22
    assert found.ulps == 2.0  # 3.0 lies between 2 and 4, where neighbours are 2 ** -22 apart
    assert difference(a, a) == (0.0, 0.0)
    assert difference(np.array([3]), np.array([5])) == (2.0, 2.0)


@pytest.mark.parametrize("other", [[1.0, math.nan], [1.0, math.inf], [[1.0, 2.0]]])
def test_what_cannot_be_compared_is_infinitely_far(other):
    assert difference(np.array([1.0, 2.0]), np.array(other)).ulps == math.inf


def test_equal_infinities_and_nans_are_equal():
    x = np.array([math.nan, math.inf, -math.inf])
    assert difference(x, x.copy()) == (0.0, 0.0)


def test_the_first_layer_that_diverges():
    a = np.ones(2, "float32")
    far = {"a": difference(a, a), "b": difference(a, a + 1), "c": difference(a, a + 2)}
    assert first_beyond(far, 10) == "b"
    assert first_beyond(far, 1e9) is None


def test_random_inputs_are_ones_that_the_model_takes():
    a = Input((None, 2))
    b = Input((3,))
    model = Model([a, b], [Dense(1)(a), Embedding(2, 1)(b)])
    first, second = inputs_of(model, None, rows=4, seed=0)
    assert first.shape == (4, 8, 2) and np.abs(first).max() <= 1
    assert second.shape == (4, 3) and set(second.ravel()) == {0.0, 1.0}


def test_inputs_of_a_file_go_by_name_or_in_order(tmp_path):
    model = siamese()
    ones = np.ones((2, 3), "float32")
    np.savez(tmp_path / "named.npz", b=ones, a=IDS, more=ones)
    np.savez(tmp_path / "ordered.npz", x=IDS, y=ones)
    np.savez(tmp_path / "few.npz", x=IDS)
    for name in ("named", "ordered"):
        first, second = inputs_of(model, str(tmp_path / f"{name}.npz"), 0, 0)
        np.testing.assert_array_equal(first, IDS)
        np.testing.assert_array_equal(second, ones)
    with pytest.raises(ValueError, match=r"\['x'\]; the model's inputs are \['a', 'b'\]"):
        inputs_of(model, str(tmp_path / "few.npz"), 0, 0)


@pytest.mark.parametrize(
    "words", [["--backends", "numpy"], ["--backends", "a,b", "--python", "c=d"]]
)
def test_command_refuses_what_makes_no_sense(words, capsys):
    assert cli.main(["parity", "model.h5", *words]) == 2
    assert "--backends" in capsys.readouterr().err


def test_command_tells_how_to_reach_a_backend_that_another_python_has(tmp_path, capsys):
    path = str(tmp_path / "model.h5")
    siamese().save(path)
    assert cli.main(["parity", path, "--backends", f"{backend_name()},elsewhere"]) == 2
    told = capsys.readouterr().err
    assert "no backend 'elsewhere' here" in told and "--python NAME=PATH" in told


@pytest.mark.skipif("loopback" not in enabled(BACKENDS), reason="the second backend is not here")
@pytest.mark.parametrize("option", [[], ["--separate"]])
def test_command_compares_backends(option, tmp_path, capsys):
    path = str(tmp_path / "model.h5")
    siamese(units=50).save(path)  # so many that some round differently
    names = f"{backend_name()},loopback"
    assert cli.main(["parity", path, "--backends", names, *option]) == 0
    told = capsys.readouterr().out
    assert f"loopback: no layer differs from {backend_name()} by more than 256 ULPs." in told
    assert cli.main(["parity", path, "--backends", names, "--ulps", "0"]) == 1
    assert "the first layer that diverges" in capsys.readouterr().out
