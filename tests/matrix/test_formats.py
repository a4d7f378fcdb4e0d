"""Files that other Kerases wrote, files of each format, and which format a file gets."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import model_zoo
import numpy as np
import pytest

import keras_core
from keras_core import backend as K
from keras_core import layers as L
from keras_core import losses, metrics, optimizers
from keras_core.errors import ModelFileError
from keras_core.models import Model, Sequential, load_model, model_from_json
from keras_core.plugins import ModelFormat, features
from keras_core.saving import dialects

_DATA = Path(__file__).parent.parent / "data" / "later_keras"
_FILES = sorted(p for p in _DATA.glob("*/*") if p.suffix in (".h5", ".keras"))
_TRAINED = [p for p in _FILES if p.stem in ("adam", "sgd")]
_PREDICTING = [p for p in _FILES if p not in _TRAINED]
pytestmark = pytest.mark.filterwarnings("ignore:.*has no training configuration")


def same(found, wanted, tolerance=2e-5):
    assert len(found) == len(wanted)
    for x, y in zip(found, wanted):
        assert x.shape == y.shape
        assert np.abs(x - y).max(initial=0) <= tolerance * max(1, np.abs(y).max(initial=0))


def tagged(path):
    return f"{path.parent.name}/{path.name}"


# What others wrote


@pytest.mark.parametrize("path", _PREDICTING, ids=tagged)
def test_files_of_others_predict_as_their_writer_did(path):
    model = load_model(path)
    inputs = model_zoo.arrays_in(path.with_suffix(".npz"), "input")
    outputs = model_zoo.arrays_in(path.with_suffix(".npz"), "output")
    same(model_zoo.predicted(model, inputs), outputs)


@pytest.mark.parametrize("path", _TRAINED, ids=tagged)
def test_training_goes_on_where_others_left_it(path):
    arrays = np.load(path.with_suffix(".npz"))
    model = load_model(path)
    assert model.metrics_names == ["loss", "accuracy", "mae", "m2", "auc"]
    same([model.predict(arrays["x"])], [arrays["p"]])
    model.train_on_batch(arrays["x"], arrays["y"])
    # They move BatchNormalization's variance by the biased variance of the batch of 16.
    same([model.predict(arrays["x"])], [arrays["after"]], 1e-4)


@pytest.mark.parametrize("path", [p for p in _FILES if p.suffix == ".keras"], ids=tagged)
def test_weights_in_an_archive_are_a_file_of_weights(path, tmp_path):
    model = load_model(path, compile=False)
    saved = model.get_weights()
    target = tmp_path / "x.weights.h5"
    target.write_bytes(zipfile.ZipFile(path).read("model.weights.h5"))
    model.set_weights([np.zeros_like(w) for w in saved])
    model.load_weights(target)
    assert all(np.array_equal(a, b) for a, b in zip(saved, model.get_weights()))
    with pytest.raises(ValueError, match="without by_name"):
        model.load_weights(target, by_name=True)


def test_an_archive_is_told_by_its_content(tmp_path):
    content = (_DATA / "keras_3" / "cells.keras").read_bytes()
    (tmp_path / "cells.h5").write_bytes(content)
    names = [layer.name for layer in load_model(tmp_path / "cells.h5").layers]
    assert names == ["x", "tested"]
    assert [layer.name for layer in load_model(io.BytesIO(content)).layers] == names


def keras3_layer(name, config):
    given = {"name": "tested", "trainable": True, "dtype": "float32", **config}
    return {"module": "keras.layers", "class_name": name, "config": given}


def keras3_tensor(name):
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [name, 0, 0]},
    }


def keras3_model(entry, call=None, others=()):
    call = call or {"args": [keras3_tensor("x")], "kwargs": {}}
    shape = {"batch_shape": [None, 4], "dtype": "float32", "name": "x"}
    entries = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": shape, "name": "x"},
        *others,
        {**entry, "name": "tested", "inbound_nodes": [call]},
    ]
    entries[0]["inbound_nodes"] = []
    inner = {"name": "m", "layers": entries, "input_layers": ["x", 0, 0]}
    inner["output_layers"] = ["tested", 0, 0]
    return {"module": "keras", "class_name": "Functional", "config": inner, "build_config": {}}


REFUSED = {
    "groups": (keras3_layer("Conv1D", {"filters": 4, "kernel_size": 1, "groups": 2}), "groups=2"),
    "keepdims": (keras3_layer("GlobalMaxPooling1D", {"keepdims": True}), "keepdims=True"),
    "absent": (keras3_layer("LayerNormalization", {}), "LayerNormalization.*custom_objects"),
    "before": (keras3_layer("Rescaling", {"scale": 2.0}), "before the model"),
    "axes": (keras3_layer("BatchNormalization", {"axis": [1, 2]}), "one axis"),
    "operator": (
        {"module": "keras.src.ops.numpy", "class_name": "Add", "config": {"name": "tested"}},
        "operator",
    ),
    "tf_operator": (
        {"class_name": "TFOpLambda", "config": {"name": "tested", "function": "math.add"}},
        "operator",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_keras_2_does_not_have_is_refused_by_layer(name):
    entry, message = REFUSED[name]
    with pytest.raises(ModelFileError, match=f"'tested'.*{message}"):
        model_from_json(json.dumps(keras3_model(entry)))


def test_a_class_of_ones_own_may_stand_for_what_is_absent():
    class LayerNormalization(L.Layer):
        def call(self, inputs):
            return inputs - K.mean(inputs, axis=-1, keepdims=True)

    text = json.dumps(keras3_model(keras3_layer("LayerNormalization", {})))
    model = model_from_json(text, {"LayerNormalization": LayerNormalization})
    same([model.predict(np.array([[1.0, 2, 3, 6]]))], [np.array([[-2.0, -1, 0, 3]])])


def test_a_mask_given_by_hand_is_refused():
    mask = keras3_tensor("made")
    made = keras3_layer("Activation", {"name": "made", "activation": "relu"})
    made["name"] = "made"
    made["inbound_nodes"] = [{"args": [keras3_tensor("x")], "kwargs": {}}]
    call = {"args": [keras3_tensor("x")], "kwargs": {"mask": mask}}
    entry = keras3_layer("Activation", {"activation": "relu"})
    with pytest.raises(ModelFileError, match="'made'.*by hand"):
        model_from_json(json.dumps(keras3_model(entry, call, [made])))


def test_hard_sigmoid_of_keras_3_is_another_function():
    entry = keras3_layer("Activation", {"activation": "hard_sigmoid"})
    model = model_from_json(json.dumps(keras3_model(entry)))
    x = np.array([[-4.0, -1.0, 0.6, 5.0]])
    same([model.predict(x)], [np.clip(x / 6 + 0.5, 0, 1)])
    assert model.get_config()["layers"][1]["config"]["activation"] == "hard_sigmoid_keras3"


def test_bilinear_between_centres_doubles_a_row():
    layer = L.UpSampling2D((1, 2), interpolation="bilinear_half_pixel")
    model = Sequential([L.InputLayer((1, 3, 1)), layer])
    row = np.array([0.0, 4, 8]).reshape(1, 1, 3, 1)
    assert model.predict(row).ravel().tolist() == [0, 1, 3, 5, 7, 8]


def test_configurations_of_keras_2_are_left_as_they_are():
    model = model_zoo.ZOO["nested"](keras_core)
    config = {"class_name": "Model", "config": model.get_config()}
    assert dialects.translated(config) is config


@pytest.mark.parametrize("rate", [{"class_name": "ExponentialDecay", "config": {}}])
def test_a_schedule_is_refused_with_a_way_out(rate):
    from keras_core.saving.dialects.training import compile_config

    with pytest.raises(ValueError, match="compile=False"):
        compile_config({"optimizer": {"class_name": "SGD", "config": {"learning_rate": rate}}})


# Each format, there and back


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("name", model_zoo.ZOO)
def test_each_layer_comes_back_the_same(name, ending, tmp_path):
    model = model_zoo.ZOO[name](keras_core)
    model_zoo.randomize(name, model)
    inputs = model_zoo.arrays_for(name, model)
    model.save(tmp_path / f"m{ending}")
    loaded = load_model(tmp_path / f"m{ending}")
    assert [x.name for x in loaded.layers] == [x.name for x in model.layers]
    same(model_zoo.predicted(loaded, inputs), model_zoo.predicted(model, inputs), 1e-6)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.SGD(0.1, momentum=0.9, nesterov=True, decay=0.1),
        optimizers.SGD(0.1),
        *(optimizers.RMSprop(), optimizers.Adagrad(), optimizers.Adadelta(), optimizers.Adamax()),
        *(optimizers.Adam(clipnorm=1.0), optimizers.Adam(amsgrad=True), optimizers.Nadam()),
    ],
    ids=lambda o: type(o).__name__,
)
def test_training_goes_on_after_a_round_trip(optimizer, ending, tmp_path):
    optimizer = type(optimizer).from_config(optimizer.get_config())
    model = Sequential([L.Dense(3, input_shape=(4,)), L.BatchNormalization(), L.Dense(2)])
    model.compile(optimizer, losses.Huber(0.5), ["mae", metrics.MeanSquaredError(name="m2")])
    random = np.random.RandomState(0)
    x, y = random.randn(8, 4), random.randn(8, 2)
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(tmp_path / f"m{ending}")
    loaded = load_model(tmp_path / f"m{ending}")
    assert loaded.metrics_names == ["loss", "mae", "m2"]
    assert isinstance(loaded.loss, losses.Huber)
    for one in (model, loaded):
        one.train_on_batch(x, y)
    same(loaded.get_weights(), model.get_weights(), 1e-5)
    same(loaded.optimizer.get_weights(), model.optimizer.get_weights(), 1e-5)


def test_custom_objects_and_options_in_an_archive(tmp_path):
    class Twice(L.Layer):
        def call(self, inputs):
            return 2 * inputs

    def my_loss(y_true, y_pred):
        return K.mean(K.square(y_true - y_pred), axis=-1)

    x = L.Input((4,))
    model = Model(x, Twice(name="twice")(x))
    model.compile("sgd", my_loss, metrics=[my_loss])
    path = tmp_path / "m.keras"
    model.save(path)
    known = {"Twice": Twice, "my_loss": my_loss}
    loaded = load_model(path, known)
    assert loaded.loss is my_loss
    assert loaded.predict(np.ones((1, 4))).tolist() == [[2.0] * 4]
    assert load_model(path, known, compile=False).optimizer is None
    with pytest.raises(ValueError, match="Twice"):
        load_model(path)
    model.save(path, include_optimizer=False)
    with pytest.warns(UserWarning, match="not compiled") as caught:
        load_model(path, known)
    assert caught[0].filename == __file__


def test_a_shared_layer_of_two_models_stays_one(tmp_path):
    shared = L.Dense(4, name="shared")
    a, b, x = L.Input((4,)), L.Input((4,)), L.Input((4,))
    one, two = Model(a, shared(a), name="one"), Model(b, shared(b), name="two")
    model = Model(x, two(one(x)))
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras", compile=False)
    assert len(set(loaded.weights)) == 2
    inputs = np.random.RandomState(0).randn(3, 4)
    same([loaded.predict(inputs)], [model.predict(inputs)], 1e-6)


def test_a_model_without_input_shape_is_built_as_it_was(tmp_path):
    model = Sequential([L.Dense(3), L.Dense(2)])
    model.build((None, 4))
    for ending in (".h5", ".keras"):
        model.save(tmp_path / f"m{ending}")
        loaded = load_model(tmp_path / f"m{ending}", compile=False)
        inputs = np.random.RandomState(0).randn(3, 4)
        same([loaded.predict(inputs)], [model.predict(inputs)], 1e-6)


def test_meanings_that_differ_have_names_of_their_own_in_an_archive(tmp_path):
    model = Sequential([L.InputLayer((4, 4, 1)), L.UpSampling2D(interpolation="bilinear")])
    model.add(L.Activation("hard_sigmoid"))
    model.save(tmp_path / "m.keras")
    config = json.loads(zipfile.ZipFile(tmp_path / "m.keras").read("config.json"))
    written = [entry["config"] for entry in config["config"]["layers"]]
    assert written[1]["interpolation"] == "bilinear_keras2"
    assert written[2]["activation"] == "hard_sigmoid_keras2"


def test_nested_weights_stand_in_the_order_of_keras_2(tmp_path):
    model = model_zoo.ZOO["nested_frozen"](keras_core)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        names = [n.decode() for n in file["model_weights/inner"].attrs["weight_names"]]
    first = ["n1/gamma:0", "n1/beta:0", "d2/kernel:0", "d2/bias:0"]
    assert names == [*first, "d1/kernel:0", "d1/bias:0", *names[6:]]


# Which format


def test_an_ending_that_is_not_known_makes_hdf5(tmp_path):
    model = Sequential([L.Dense(1, input_shape=(2,))])
    for name in ("m", "m.model", "m.json", "m.weights"):
        model.save(tmp_path / name)
        assert h5py.is_hdf5(tmp_path / name)
        assert len(load_model(tmp_path / name, compile=False).get_weights()) == 2


def test_a_plugin_gives_a_format_to_save_and_load(tmp_path, monkeypatch):
    def save(model, path):
        path.write_text(f"TOY {model.name}")

    def load(path, custom_objects=None):
        return path.read_text(), sorted(custom_objects or ())

    toy = ModelFormat("toy", (".toy",), "a toy", save=save, load=load, signature=b"TOY")
    formats = {**features.model_formats(), "toy": toy}
    monkeypatch.setattr(features, "model_formats", lambda: formats)
    model = Sequential([L.Dense(1, input_shape=(2,))], name="small")
    model.save(tmp_path / "m.toy")
    (tmp_path / "m.toy").rename(tmp_path / "m.h5")
    assert load_model(tmp_path / "m.h5", {"A": L.Dense}) == ("TOY small", ["A"])
    read_only = ModelFormat("toy", (".toy",), "a toy", load=load)
    monkeypatch.setattr(features, "model_formats", lambda: {"toy": read_only})
    with pytest.raises(ValueError, match="only read"):
        model.save(tmp_path / "n.toy")


def test_an_existing_archive_is_replaced_only_if_the_user_agrees(tmp_path, monkeypatch):
    model = Sequential([L.Dense(1, input_shape=(2,))])
    path = tmp_path / "m.keras"
    path.write_text("old")
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    model.save(path, overwrite=False)
    assert path.read_text() == "old"
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    model.save(path, overwrite=False)
    assert zipfile.is_zipfile(path)


def test_the_zoo_has_every_layer_that_files_can_hold():
    """What is missing in it is abstract, an alias, or needs a graphics card."""
    made = set()
    for name in model_zoo.ZOO:
        waiting = [model_zoo.ZOO[name](keras_core)]
        while waiting:
            layer = waiting.pop()
            made.add(type(layer).__name__)
            inner = [getattr(layer, key, None) for key in ("layer", "cell")]
            waiting += [x for x in inner if x is not None] + getattr(layer, "cells", [])
            waiting += layer.layers if hasattr(layer, "run_internal_graph") else []
    types = [value for value in vars(L).values() if isinstance(value, type)]
    classes = {value.__name__ for value in types if issubclass(value, L.Layer)}
    absent = {"Layer", "CuDNNGRU", "CuDNNLSTM", "Lambda", "ConvLSTM2DCell"}
    absent |= {"Highway", "MaxoutDense", "Recurrent", "ConvRecurrent2D"}  # of Keras 1
    assert classes - made <= absent
