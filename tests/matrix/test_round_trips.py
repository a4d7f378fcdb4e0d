"""Each layer that Keras 2.3.1 computed numbers for, through each format and back: its numbers."""

from __future__ import annotations

import io

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers as L
from keras_core import losses, metrics
from keras_core.export.errors import ExportError
from keras_core.models import Model, Sequential, load_model, model_from_json, model_from_yaml
from keras_core.testing.golden import golden_cases
from keras_core.testing.golden.replay_layers import TOLERANCE, Replay, SetMask
from keras_core.utils import CustomObjectScope

pytestmark = pytest.mark.filterwarnings("ignore:.*has no training configuration")

CASES = {case.record["id"]: case for case in golden_cases("layers")}

# What TensorFlow.js lacks of a layer, in the words of the refusal.
_FIRST, _PADDING = "data_format is always 'channels_last'", "output_padding is always None"
REFUSED = {
    "ReLU-005": "negative_slope is always 0.0",
    "Conv1D-012": _FIRST,
    "Conv2DTranspose-014": _PADDING,
    "Conv2DTranspose-015": _PADDING,
    "Conv2DTranspose-016": "dilation_rate is always",
    "SeparableConv2D-007": _FIRST,
    "ConvLSTM2D-013": "it takes no initial_state",
    "GRU-022": "are one tensor",
    "GRU-036": "reset_after is always False",
}
_ABSENT = {"SeparableConv1D", "UpSampling1D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding3D"}
_ABSENT |= {"Cropping1D", "Cropping3D", "ActivityRegularization", "Subtract"}
_ABSENT |= {"LocallyConnected1D", "LocallyConnected2D"}
_ABSENT |= {"GlobalMaxPooling3D", "GlobalAveragePooling3D"}


def as_whole(ending):
    def there_and_back(model, folder):
        path = folder / f"model{ending}"
        model.save(path)
        return load_model(path)

    return there_and_back


def as_text(write, read):
    def there_and_back(model, folder):
        model.save_weights(folder / "weights.h5")
        loaded = read(write(model))
        loaded.load_weights(folder / "weights.h5")
        return loaded

    return there_and_back


FORMATS = {
    "hdf5": as_whole(".h5"),
    "keras": as_whole(".keras"),
    "json": as_text(Model.to_json, model_from_json),
    "yaml": as_text(Model.to_yaml, model_from_yaml),
    "tensorflowjs": as_whole(".tfjs"),
}


def missing_in_tensorflowjs(case):
    """Why TensorFlow.js cannot have a case; None where it has it."""
    if any(mask is not None for mask in case.record.get("masks") or ()):
        return "no layer SetMask"
    kind = case.record["class"]
    return f"no layer {kind}" if kind in _ABSENT else REFUSED.get(case.record["id"])


def model_and_values(case):
    replay = Replay(case)
    outputs = replay.outputs if len(replay.outputs) > 1 else replay.outputs[0]
    return Model(replay.feeds, outputs), replay.values


def outputs_of(model, values):
    return K.function([*model.inputs, K.learning_phase()], model.outputs)([*values, 0])


def assert_recorded(case, found):
    tolerance = case.record.get("tolerance", TOLERANCE)
    assert len(found) == len(case["outputs"])
    for array, wanted in zip(found, case["outputs"]):
        assert array.shape == wanted.shape
        assert np.abs(array - wanted).max(initial=0) <= tolerance * max(
            1, np.abs(wanted).max(initial=0)
        )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_layer_comes_back_as_it_was(tmp_path, form, name):
    case = CASES[name]
    model, values = model_and_values(case)
    missing = missing_in_tensorflowjs(case) if form == "tensorflowjs" else None
    with CustomObjectScope({"SetMask": SetMask}):
        if missing is not None:
            with pytest.raises(ExportError, match=missing):
                FORMATS[form](model, tmp_path)
            return
        loaded = FORMATS[form](model, tmp_path)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert_recorded(case, outputs_of(loaded, values))


@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_the_same_in_onnx(tmp_path, name):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    case = CASES[name]
    model, values = model_and_values(case)
    path = tmp_path / "model.onnx"
    if any(getattr(layer, "stateful", False) for layer in model.layers):
        with pytest.raises(ExportError, match="keeps a state"):
            model.save(path)
        return
    model.save(path)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {x.name: np.asarray(value) for x, value in zip(session.get_inputs(), values)}
    assert_recorded(case, session.run(None, fed))


# Whole models, and the step after


X = np.linspace(-1, 1, 8 * 4).reshape(8, 4).astype("float32") ** 3
Y = np.cos(7 * X[:, :2])


def goes_on_alike(model, path, x=X, y=Y, **options):
    """The loaded model, after one more step of both, which is the same."""
    model.train_on_batch(x, y, **options)
    model.save(path)
    loaded = load_model(path)
    assert loaded.metrics_names == model.metrics_names
    np.testing.assert_allclose(
        loaded.train_on_batch(x, y, **options), model.train_on_batch(x, y, **options), rtol=1e-5
    )
    for one, other in ((loaded, model), (loaded.optimizer, model.optimizer)):
        for found, wanted in zip(one.get_weights(), other.get_weights()):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    return loaded


whole = pytest.mark.parametrize("ending", [".h5", ".keras"])


@whole
@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize("frozen", [(), (0,), (1,), (0, 1, 2)])
def test_what_is_frozen_stays_so(tmp_path, ending, network, frozen):
    inner = Sequential([L.Dense(4, input_shape=(4,)), L.BatchNormalization(), L.Dense(3)])
    for index in frozen:
        inner.layers[index].trainable = False
    inner.trainable = not network
    x = L.Input((4,))
    functional = Model(x, inner(x))
    functional.trainable = not network
    y = L.Input((4,))
    model = Model(y, L.Dense(2)(functional(y)))
    model.compile("adam", "mse")
    loaded = goes_on_alike(model, tmp_path / f"model{ending}")
    assert len(loaded.trainable_weights) == len(model.trainable_weights)
    assert loaded.layers[1].trainable is loaded.layers[1].layers[1].trainable is not network


def test_a_frozen_model_says_so_and_another_has_the_words_of_keras_2():
    model = Sequential([L.Dense(2, input_shape=(4,))])
    assert "trainable" not in model.get_config()
    model.trainable = False
    assert model_from_json(model.to_json()).trainable is False
    assert not Sequential.from_config(model.get_config()).trainable_weights


@whole
def test_metric_objects_of_several_outputs_keep_their_names(tmp_path, ending):
    x = L.Input((4,))
    model = Model(x, [L.Dense(2, name="p")(x), L.Dense(2, name="q")(x)])
    measure = metrics.MeanSquaredError(name="m")
    for _ in range(2):
        model.compile("adam", "mse", metrics=[["mae"], [measure]], weighted_metrics=[[], ["mse"]])
        assert model.metrics_names == ["loss", "p_loss", "q_loss", "p_mae", "q_m", "q_mse"]
    assert measure.name == "q_m"
    path = tmp_path / f"model{ending}"
    loaded = goes_on_alike(model, path, y=[Y, Y])
    assert goes_on_alike(loaded, path, y=[Y, Y]).metrics_names == model.metrics_names
    measure.name = "renamed"
    assert measure.get_config()["name"] == "renamed"


@whole
def test_what_compile_is_told_by_name(tmp_path, ending):
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    both = L.concatenate([a, b])
    steps = L.RepeatVector(3)(both)
    outputs = [L.Dense(2, name="p")(both), L.LSTM(2, return_sequences=True, name="q")(steps)]
    model = Model([a, b], outputs)
    model.compile(
        "rmsprop",
        {"p": losses.Huber(0.3), "q": "mae"},
        metrics={"p": ["mae", "mse"]},
        weighted_metrics={"q": "mse"},
        loss_weights={"p": 0.3, "q": 2.0},
        sample_weight_mode={"p": None, "q": "temporal"},
    )
    y = [Y, np.repeat(Y[:, None], 3, axis=1)]
    weights = {"p": np.arange(8.0), "q": np.arange(24.0).reshape(8, 3)}
    path = tmp_path / f"model{ending}"
    loaded = goes_on_alike(model, path, [X, X + 1], y, sample_weight=weights)
    assert loaded.sample_weight_mode == {"p": None, "q": "temporal"}


@whole
def test_layers_with_a_state_begin_anew(tmp_path, ending):
    model = Sequential([L.LSTM(3, stateful=True, batch_input_shape=(8, 2, 2)), L.Dense(2)])
    x = X.reshape(8, 2, 2)
    first, second = (model.predict(x, batch_size=8) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    model.save(tmp_path / f"model{ending}")
    loaded = load_model(tmp_path / f"model{ending}")
    for wanted in (first, second):
        np.testing.assert_allclose(loaded.predict(x, batch_size=8), wanted, atol=1e-6)


@whole
def test_a_model_in_a_model_has_files_of_its_own(tmp_path, ending):
    x = L.Input((4,))
    inner = Sequential([L.Dense(4, input_shape=(4,)), L.BatchNormalization()])
    model = Model(x, L.Dense(2)(inner(x)))
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    wanted = inner.get_weights()
    inner.save(tmp_path / f"inner{ending}")
    inner.save_weights(tmp_path / "inner.weights.h5")
    inner.set_weights([np.zeros_like(w) for w in wanted])
    inner.load_weights(tmp_path / "inner.weights.h5")
    loaded = load_model(tmp_path / f"inner{ending}", compile=False)
    for found in (inner.get_weights(), loaded.get_weights()):
        assert all(np.array_equal(a, b) for a, b in zip(found, wanted))


@whole
def test_weights_are_taken_out_of_a_whole_model(tmp_path, ending):
    def model_of(name, units=3):
        return Sequential([L.Dense(units, input_shape=(4,), name=name), L.BatchNormalization()])

    model, path = model_of("a"), tmp_path / f"model{ending}"
    model.save(path)
    for target in (path, str(path), io.BytesIO(path.read_bytes())):
        other = model_of("b")
        other.load_weights(target)
        assert all(map(np.array_equal, other.get_weights(), model.get_weights()))
    other = model_of("c", units=5)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"model\..*shape"):
        other.load_weights(path)
    assert all(map(np.array_equal, other.get_weights(), before))


def test_weights_in_an_archive_have_no_names(tmp_path):
    model = Sequential([L.Dense(3, input_shape=(4,))])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"model\.keras.*without by_name"):
        model.load_weights(tmp_path / "model.keras", by_name=True)


# Names of layers


ODD_NAMES = ["weight_names", "kernel:0", "a/b", "a//b", "vars", "layers", "optimizer"]
ODD_NAMES += ["b/", "..", "x" * 300, "model_weights", "模", "a b", "{}"]


@whole
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_layer_may_be_named_as_something_else_in_the_file(tmp_path, ending, name):
    x = L.Input((4,))
    model = Model(x, L.Dense(2, name="a")(L.Dense(3, name=name)(x)))
    model.compile("adam", "mse")
    loaded = goes_on_alike(model, tmp_path / f"model{ending}")
    model.save_weights(tmp_path / "weights.h5")
    for by_name in (False, True):
        other = Model.from_config(loaded.get_config())
        other.load_weights(tmp_path / "weights.h5", by_name=by_name)
        assert all(map(np.array_equal, other.get_weights(), model.get_weights()))


@pytest.mark.parametrize("name", ["/a", ".", "./a", "a\0b", "\udc80", "layer_names", "backend"])
def test_names_that_no_group_can_have_are_refused(tmp_path, name):
    model = Sequential([L.Dense(2, input_shape=(4,), name=name)])
    for save in (model.save, model.save_weights):
        with pytest.raises(ValueError, match="Layer .* cannot be saved under this name"):
            save(tmp_path / "model.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["layer_names", "backend"])
def test_a_dict_has_each_name_once(name):
    model = Sequential([L.Dense(2, input_shape=(4,), name=name)])
    with pytest.raises(ValueError, match=f"Layer '{name}' cannot be saved under this name"):
        model.save({})
