"""Files: layout, round trips, files of Keras 2.3.1, damaged files, safety."""

from __future__ import annotations

import gc
import io
import json
import os
import pathlib
import pickle

import h5py
import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers
from keras_core.engine.saving import (
    load_attributes_from_hdf5_group,
    preprocess_weights_for_loading,
    save_attributes_to_hdf5_group,
)
from keras_core.layers import BatchNormalization, Dense, Input, Lambda
from keras_core.models import (
    Model,
    Sequential,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
    save_model,
)
from keras_core.utils.io_utils import H5Dict, HDF5Matrix

DATA = pathlib.Path(__file__).parents[1] / "data" / "keras_2_3_1"
RNG = np.random.RandomState(11)
X = RNG.rand(6, 5).astype("float32")
Y = RNG.rand(6, 1).astype("float32")


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


def small_model():
    model = Sequential([Dense(3, input_shape=(5,)), BatchNormalization(), Dense(1, use_bias=False)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def trained_model():
    model = small_model()
    model.train_on_batch(X, Y)
    return model


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.h5"
    trained_model().save(path)
    return path


def same_weights(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.get_weights(), b.get_weights()))


# The layout


def test_layout_of_a_whole_model(saved):
    with h5py.File(saved, "r") as file:
        assert sorted(file) == ["model_weights", "optimizer_weights"]
        assert dict(file.attrs).keys() == {
            "keras_version",
            "backend",
            "model_config",
            "training_config",
        }
        kind = file.attrs.get_id("model_config").get_type()
        assert kind.is_variable_str()
        assert kind.get_cset() == h5py.h5t.CSET_ASCII
        group = file["model_weights"]
        names = group.attrs["layer_names"]
        assert (names.dtype, names.tolist()) == (
            np.dtype("S21"),
            [b"dense_1", b"batch_normalization_1", b"dense_2"],
        )
        assert group["dense_1"].attrs["weight_names"].tolist() == [
            b"dense_1/kernel:0",
            b"dense_1/bias:0",
        ]
        kernel = group["dense_1/dense_1/kernel:0"]
        assert (kernel.shape, kernel.dtype, kernel.chunks) == ((5, 3), np.dtype("float32"), None)
        config = json.loads(file.attrs["model_config"])
        assert list(config) == ["class_name", "config"]
        assert list(json.loads(file.attrs["training_config"])) == [
            "optimizer_config",
            "loss",
            "metrics",
            "weighted_metrics",
            "sample_weight_mode",
            "loss_weights",
        ]
        slots = file["optimizer_weights"].attrs["weight_names"].tolist()
        assert (len(slots), slots[0]) == (16, b"Adam/iterations:0")
        assert all(name.decode() in file["optimizer_weights"] for name in slots)


def test_layers_without_weights_have_an_empty_list(tmp_path):
    path = tmp_path / "w.h5"
    Sequential([layers.Flatten(input_shape=(5, 1)), Dense(2)]).save_weights(path)
    with h5py.File(path, "r") as file:
        names = file["flatten_1"].attrs["weight_names"]
        assert (names.shape, names.dtype) == ((0,), np.dtype("float64"))
        assert file.attrs["layer_names"].tolist() == [b"flatten_1", b"dense_1"]


@pytest.mark.parametrize(
    ("make", "save", "groups", "attributes"),
    [
        (small_model, {}, ["model_weights"], 4),
        (trained_model, {"include_optimizer": False}, ["model_weights"], 3),
        (lambda: Sequential([Dense(1, input_shape=(5,))]), {}, ["model_weights"], 3),
    ],
)
def test_what_a_file_holds(tmp_path, make, save, groups, attributes):
    make().save(tmp_path / "m.h5", **save)
    with h5py.File(tmp_path / "m.h5", "r") as file:
        assert (sorted(file), len(file.attrs)) == (groups, attributes)


def test_long_lists_of_names_are_split(tmp_path):
    names = [f"{i:0195d}".encode() for i in range(700)]
    with h5py.File(tmp_path / "long.h5", "w") as file:
        save_attributes_to_hdf5_group(file, "layer_names", names)
        assert [len(file.attrs[f"layer_names{i}"]) for i in range(3)] == [234, 233, 233]
        assert "layer_names" not in file.attrs
        assert load_attributes_from_hdf5_group(file, "layer_names") == [n.decode() for n in names]
        with pytest.raises(RuntimeError, match="70000 bytes is too long"):
            save_attributes_to_hdf5_group(file, "other", [b"x" * 70000])


def test_equal_names_in_a_nested_model_are_told_apart(tmp_path):
    x = Input((2,))
    halves = [Sequential([Dense(2, input_shape=(2,), name="same")]) for _ in range(2)]
    model = Sequential([Model(x, halves[1](halves[0](x)), name="inner")])
    model.save(tmp_path / "m.h5")
    assert same_weights(load_model(tmp_path / "m.h5", compile=False), model)


# Round trips


def test_a_loaded_model_predicts_and_trains_on_as_the_saved_one(saved):
    model = trained_model()
    model.save(saved)
    again = load_model(saved)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for _ in range(2):
        np.testing.assert_allclose(
            again.train_on_batch(X, Y), model.train_on_batch(X, Y), rtol=1e-6
        )
    assert same_weights(again, model)
    assert again.metrics_names == ["loss", "mae"]


def dict_target():
    return {}


def group_target():
    return h5py.File(io.BytesIO(), "w").create_group("inside")


@pytest.mark.parametrize("make", [io.BytesIO, dict_target, group_target])
def test_targets_that_are_no_files(make):
    model, target = trained_model(), make()
    save_model(model, target)
    if hasattr(target, "seek"):
        target.seek(0)
    again = load_model(target)
    assert same_weights(again, model)
    assert again.optimizer.get_weights()[0] == 1
    weights = make()
    model.save_weights(weights)
    again.set_weights([np.zeros_like(w) for w in again.get_weights()])
    if hasattr(weights, "seek"):
        weights.seek(0)
    again.load_weights(weights)
    assert same_weights(again, model)


@pytest.mark.parametrize("path", [str, pathlib.Path])
def test_paths(tmp_path, path):
    model = trained_model()
    model.save(path(tmp_path / "m.h5"))
    assert same_weights(load_model(path(tmp_path / "m.h5")), model)
    model.save_weights(path(tmp_path / "w.h5"))
    model.load_weights(path(tmp_path / "w.h5"))


@pytest.mark.parametrize("call", [lambda m: m.save(3), lambda m: load_model(3)])
def test_other_targets_are_refused(call):
    with pytest.raises(ValueError, match="takes a path, an open binary file.*int"):
        call(small_model())


def test_pickle():
    model = trained_model()
    again = pickle.loads(pickle.dumps(model))
    assert same_weights(again, model)
    assert same_weights(pickle.loads(pickle.dumps(Sequential([Dense(2)]))), Sequential())


@pytest.mark.parametrize("read", [Model.to_json, Model.to_yaml])
def test_json_and_yaml(read):
    x = Input((5,))
    model = Model(x, [Dense(2)(x), Sequential([Dense(3, input_shape=(5,))])(x)])
    text = read(model)
    again = (model_from_json if text.startswith("{") else model_from_yaml)(text)
    assert json.loads(again.to_json()) == json.loads(model.to_json())
    assert "keras_version" in text


def test_weights_by_name(tmp_path):
    path = tmp_path / "w.h5"
    source = Sequential([Dense(3, input_shape=(5,), name="a"), Dense(2, name="b")])
    source.save_weights(path)
    other = Sequential([Dense(3, input_shape=(5,), name="a"), Dense(4, name="c")])
    before = other.get_weights()
    other.load_weights(path, by_name=True)
    assert np.array_equal(other.get_weights()[0], source.get_weights()[0])
    assert np.array_equal(other.get_weights()[2], before[2])
    clash = Sequential([Dense(3, input_shape=(5,), name="a"), Dense(4, name="b")])
    before = clash.get_weights()
    with pytest.raises(ValueError, match=r"b/kernel:0.*shape \(3, 2\).*\(3, 4\)"):
        clash.load_weights(path, by_name=True)
    assert all(np.array_equal(p, q) for p, q in zip(before, clash.get_weights()))
    with pytest.warns(UserWarning, match="Layer b keeps its weights") as caught:
        clash.load_weights(path, by_name=True, skip_mismatch=True)
    assert caught[0].filename == __file__
    assert np.array_equal(clash.get_weights()[0], source.get_weights()[0])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: Sequential([Dense(3, input_shape=(5,))]), "holds weights of 2 layers.*1 layers"),
        (
            lambda: Sequential([Dense(3, input_shape=(5,)), Dense(2, use_bias=False)]),
            "holds 2 arrays.*has 1 weights",
        ),
        (
            lambda: Sequential([Dense(3, input_shape=(5,)), Dense(4)]),
            r"shape \(3, 2\).*shape \(3, 4\)",
        ),
    ],
)
def test_weights_that_do_not_fit_change_nothing(tmp_path, other, message):
    path = tmp_path / "w.h5"
    Sequential([Dense(3, input_shape=(5,)), Dense(2)]).save_weights(path)
    model = other()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.load_weights(path)
    assert all(np.array_equal(p, q) for p, q in zip(before, model.get_weights()))


def test_reshape(tmp_path):
    path = tmp_path / "w.h5"
    source = Sequential([Dense(3, input_shape=(4,), use_bias=False)])
    source.save_weights(path)
    model = Sequential([layers.Conv1D(3, 2, input_shape=(5, 2), use_bias=False)])
    with pytest.raises(ValueError, match="shape"):
        model.load_weights(path)
    model.load_weights(path, reshape=True)
    np.testing.assert_array_equal(model.get_weights()[0], source.get_weights()[0].reshape(2, 2, 3))


def my_loss(y_true, y_pred):
    return K.mean(K.square(y_true - y_pred), axis=-1)


class Doubling(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def test_custom_objects(tmp_path):
    path = tmp_path / "m.h5"
    model = Sequential([Dense(1, input_shape=(5,)), Doubling()])
    model.compile("sgd", my_loss)
    model.save(path)
    with pytest.raises(ValueError, match="Doubling"):
        load_model(path)
    with pytest.raises(ValueError, match="my_loss"):
        load_model(path, custom_objects={"Doubling": Doubling})
    again = load_model(path, custom_objects={"Doubling": Doubling, "my_loss": my_loss})
    assert again.loss is my_loss


def test_loss_and_metric_objects(tmp_path):
    from keras_core import losses, metrics

    model = Sequential([Dense(1, input_shape=(5,))])
    model.compile("sgd", losses.Huber(delta=0.5), metrics=[metrics.MeanSquaredError(name="x")])
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.metrics_names == ["loss", "x"]
    np.testing.assert_allclose(
        again.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-6
    )


def test_a_model_that_was_not_compiled(tmp_path):
    Sequential([Dense(1, input_shape=(5,))]).save(tmp_path / "m.h5")
    with pytest.warns(UserWarning, match="no training configuration") as caught:
        model = load_model(tmp_path / "m.h5")
    assert caught[0].filename == __file__
    assert model.optimizer is None
    load_model(tmp_path / "m.h5", compile=False)


# Overwriting


def test_overwrite_asks(tmp_path, monkeypatch):
    path = tmp_path / "m.h5"
    path.write_text("old")
    answers = iter(["what", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    small_model().save(path, overwrite=False)
    assert path.read_text() == "old"
    small_model().save_weights(path, overwrite=False)
    small_model().load_weights(path)


def test_a_failure_while_saving_leaves_the_old_file(saved):
    before = saved.read_bytes()
    model = small_model()
    model.loss_weights = object()
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        model.save(saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


# Files of Keras 2.3.1


def genuine(name):
    with np.load(DATA / f"{name}.npz") as arrays:
        return DATA / f"{name}.h5", dict(arrays)


@pytest.mark.parametrize("name", ["nested_frozen", "adam"])
def test_files_of_keras_2_3_1(name):
    path, arrays = genuine(name)
    model = load_model(path)
    np.testing.assert_allclose(model.predict(arrays["x0"]), arrays["predict0"], atol=1e-5)
    model.train_on_batch(arrays["x0"], arrays["y0"])
    after = model.predict(arrays["x0"])
    np.testing.assert_allclose(after, arrays["predict_after_step0"], atol=1e-4)


def test_kernels_written_on_theano_are_reversed():
    path, arrays = genuine("conv3d_theano")
    model = load_model(path, compile=False)
    np.testing.assert_allclose(model.predict(arrays["x0"]), arrays["predict0"], atol=1e-5)


def test_cudnn_weights():
    with np.load(DATA / "cudnn_gru.npz") as arrays:
        x, expected = arrays["x0"], arrays["predict0"]
    weights = DATA / "cudnn_gru.weights.h5"
    with h5py.File(weights, "r") as file:
        (name,) = [n for n in file if "gru" in n]
        units = file[f"{name}/{name}/recurrent_kernel:0"].shape[0]
    gru = layers.GRU(
        units, reset_after=True, recurrent_activation="sigmoid", input_shape=x.shape[1:]
    )
    model = Sequential([gru])
    if expected.shape[-1] != units:
        model.add(Dense(expected.shape[-1]))
    model.load_weights(weights)
    np.testing.assert_allclose(model.predict(x), expected, atol=1e-5)
    refused = Sequential([layers.GRU(units, input_shape=x.shape[1:])])
    arrays = [np.zeros(s) for s in ((x.shape[-1], 3 * units), (units, 3 * units), 6 * units)]
    with pytest.raises(ValueError, match="CuDNNGRU cannot be used in GRU"):
        preprocess_weights_for_loading(refused.layers[0], arrays)


def test_lstm_weights_go_to_cudnn_and_back():
    x = Input((4, 3))
    plain, cudnn = layers.LSTM(2), layers.CuDNNLSTM(2)
    plain(x)
    cudnn(x)
    arrays = [RNG.rand(*w.shape) for w in plain.get_weights()]
    there = preprocess_weights_for_loading(cudnn, arrays)
    assert [a.shape for a in there] == [K.int_shape(w) for w in cudnn.weights]
    back = preprocess_weights_for_loading(plain, there)
    for a, b in zip(arrays, back):
        np.testing.assert_allclose(a, b)


# Damaged and hostile files


def test_a_missing_file():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.h5"):
        load_model("nowhere.h5")


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off(saved, part):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * part)])
    model = trained_model()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"model\.h5"):
        load_model(saved)
    with pytest.raises(ValueError, match=r"model\.h5"):
        model.load_weights(saved)
    assert all(np.array_equal(p, q) for p, q in zip(before, model.get_weights()))


def test_damaged_bytes_never_cause_anything_but_a_value_error(saved):
    content = bytearray(saved.read_bytes())
    # The heap of texts is left alone: the HDF5 library searches a damaged one without end.
    heap = content.index(b"GCOL")
    places = [p for p in range(0, len(content), 1499) if not heap - 64 <= p < heap + 4096]
    outcomes = set()
    for place in places:
        damaged = bytearray(content)
        damaged[place : place + 64] = bytes(64)
        saved.write_bytes(damaged)
        try:
            load_model(saved, compile=False)
            outcomes.add("loaded")
        except ValueError:
            outcomes.add("refused")
    assert outcomes == {"loaded", "refused"}


def change_config(path, change):
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)


def damage(path, kind):
    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        if kind == "no config":
            del file.attrs["model_config"]
        elif kind == "broken config":
            file.attrs["model_config"] = "{"
        elif kind == "no weights":
            del file["model_weights"]
        elif kind == "no layer":
            del group["dense_1"]
        elif kind == "no array":
            del group["dense_1/dense_1/kernel:0"]
        elif kind == "names that are numbers":
            group.attrs["layer_names"] = np.arange(3)
        elif kind == "text for an array":
            del group["dense_1/dense_1/kernel:0"]
            group["dense_1/dense_1/kernel:0"] = b"text"
        elif kind == "huge array":
            del group["dense_1/dense_1/kernel:0"]
            group.create_dataset("dense_1/dense_1/kernel:0", (10**6, 10**7), "f4", chunks=(10, 10))
        elif kind == "array of another file":
            del group["dense_1/dense_1/kernel:0"]
            group.create_dataset(
                "dense_1/dense_1/kernel:0", (5, 3), "f4", external=[("/etc/hostname", 0, 60)]
            )


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no config", "holds no model_config"),
        ("broken config", "model_config: it is no JSON"),
        ("no weights", "model_weights: it is missing"),
        ("no layer", "dense_1: it is missing"),
        ("no array", "kernel:0: it is missing"),
        ("names that are numbers", "layer_names"),
        ("text for an array", "no array of numbers"),
        ("huge array", "40,000,000,000,000 bytes were to be read"),
        ("array of another file", "kept in another file"),
    ],
)
def test_parts_that_are_damaged(saved, kind, message):
    damage(saved, kind)
    with pytest.raises(ValueError, match=message):
        load_model(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(class_name="NoSuch"),
        lambda c: c.update(config=3),
        lambda c: c["config"].pop("layers"),
        lambda c: c["config"]["layers"][0].pop("config"),
        lambda c: c["config"]["layers"][0]["config"].update(units="many"),
        lambda c: c["config"]["layers"][0]["config"].update(nosuch=1),
    ],
)
def test_configurations_that_make_no_model(saved, change):
    change_config(saved, change)
    with pytest.raises(ValueError):
        load_model(saved)


def test_code_in_a_file_does_not_run(tmp_path):
    path = tmp_path / "m.h5"
    model = Sequential([Lambda(lambda x: 3 * x, input_shape=(5,))])
    model.save(path)
    texts = [(model_from_json, model.to_json()), (model_from_yaml, model.to_yaml())]
    del model
    gc.collect()  # a function that the program still has is no code of the file's
    with pytest.raises(ValueError, match="safe_mode=False"):
        load_model(path, compile=False)
    for read, text in texts:
        with pytest.raises(ValueError, match="safe_mode=False"):
            read(text)
    trusted = load_model(path, compile=False, safe_mode=False)
    np.testing.assert_allclose(trusted.predict(X), 3 * X, rtol=1e-6)


def test_yaml_makes_no_python_objects():
    with pytest.raises(ValueError, match="YAML"):
        model_from_yaml("!!python/object/apply:os.system ['true']")


def test_yaml_of_keras_2():
    text = """
class_name: Sequential
config:
- class_name: ReLU
  config:
    batch_input_shape: !!python/tuple [null, 5]
    name: r
    max_value: !!python/object/apply:numpy.core.multiarray.scalar
    - !!python/object/apply:numpy.dtype
      args: [f4, 0, 1]
      state: !!python/tuple [3, <, null, null, null, -1, -1, 0]
    - !!binary |
      AAAAPw==
"""
    model = model_from_yaml(text)
    np.testing.assert_allclose(model.predict(4 * X), np.minimum(4 * X, 0.5), rtol=1e-6)


def test_a_pickled_array_holds_numbers_only():
    class Trap:
        def __reduce__(self):
            return (os.getcwd, ())

    state = {}
    trained_model().save(state)
    state["model_weights"]["dense_1"]["dense_1/kernel:0"] = pickle.dumps(Trap())
    with pytest.raises(ValueError, match="numbers only"):
        load_model(state)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: model_from_config([]), TypeError),
        (lambda: model_from_json("{"), ValueError),
        (lambda: model_from_json('{"class_name": "NoSuch", "config": {}}'), ValueError),
    ],
)
def test_texts_that_make_no_model(call, error):
    with pytest.raises(error):
        call()


def test_an_optimizer_state_that_does_not_fit_is_left_out(saved):
    with h5py.File(saved, "a") as file:
        group = file["optimizer_weights"]
        names = group.attrs["weight_names"]
        group.attrs["weight_names"] = names[:4]
    with pytest.warns(UserWarning, match="starts with a fresh state") as caught:
        model = load_model(saved)
    assert caught[0].filename == __file__
    model.train_on_batch(X, Y)


# Dictionaries and matrices in HDF5


@pytest.mark.parametrize("make", [dict, lambda: h5py.File(io.BytesIO(), "w")])
def test_nested_dictionary(make):
    store = H5Dict(make())
    store["text"] = b"abc"
    store["names"] = [b"x", b"yz"]
    store["inner"]["array"] = np.arange(3)
    assert [bytes(n) for n in store["names"]] == [b"x", b"yz"]
    assert store["inner"]["array"].tolist() == [0, 1, 2]
    assert "text" in store
    assert store.get("nothing", 5) == 5
    assert set(store.iter()) == set(store.keys()) == set(store)


def test_a_dictionary_opened_for_reading(tmp_path):
    with H5Dict(tmp_path / "d.h5", "w") as store:
        store["a"] = np.ones(2)
    with H5Dict(tmp_path / "d.h5", "r") as store:
        assert store["a"].tolist() == [1, 1]
        with pytest.raises(KeyError, match="nothing"):
            store["nothing"]
        with pytest.raises(ValueError, match="opened for reading"):
            store["b"] = b"x"


@pytest.mark.parametrize(("target", "error"), [(3, TypeError), ({"a": 1}, ValueError)])
def test_a_dictionary_of_something_else(target, error):
    with pytest.raises(error):
        H5Dict(target)


def test_hdf5_matrix(tmp_path):
    path = str(tmp_path / "data.h5")
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(20.0).reshape(10, 2)
    rows = HDF5Matrix(path, "x", start=2, end=8, normalizer=lambda x: x + 100)
    assert (rows.shape, len(rows), rows.ndim, rows.size) == ((6, 2), 6, 2, 12)
    assert rows.dtype == np.float64
    assert rows[0].tolist() == [104.0, 105.0]
    assert rows[1:3].tolist() == [[106.0, 107.0], [108.0, 109.0]]
    assert rows[4:].shape == (2, 2)
    assert rows[[3, 1, 3]][:, 0].tolist() == [110.0, 106.0, 110.0]
    assert rows[np.array([5])].shape == (1, 2)
    for key in (6, -1, [2, 6]):
        with pytest.raises(IndexError, match="outside"):
            rows[key]
    with pytest.raises(KeyError):
        HDF5Matrix(path, "nothing")
