"""Code of Keras 1 does what Keras 2.3.1 makes of it, with one warning that shows what to write."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import keras_core as keras
from keras_core import backend as K
from keras_core import layers, legacy
from keras_core.legacy.configs import converted

DATA = Path(__file__).parents[1] / "data"
ROWS = json.loads((DATA / "keras_1" / "calls.json").read_text())
REMOVED = json.loads((DATA / "keras_1" / "removed.json").read_text())
SCRIPTS = sorted((DATA / "keras1_scripts").glob("*.py"))
SHOWN = re.compile(r"Write `(.*?)`\.(?: |$)")


def names():
    """What the calls in the data may name."""
    from keras_core.layers import advanced_activations, convolutional, core

    found = {}
    for module in (layers, convolutional, core, advanced_activations, keras.models):
        found.update({name: getattr(module, name) for name in module.__all__})
    for module in ("optimizers", "regularizers", "constraints", "initializers"):
        found[module] = getattr(keras, module)
    return {**found, "l1": keras.regularizers.l1, "l2": keras.regularizers.l2}


def plain(value):
    """A configuration as JSON has it, without the numbers of automatic names."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (float, np.floating)):
        return pytest.approx(float(value))
    return re.sub(r"_\d+$", "", value) if isinstance(value, str) else value


def made(text):
    """The object that a call makes, and the texts of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thing = eval(text, names())
    assert all(one.category is UserWarning for one in caught)
    assert all(one.filename == "<string>" for one in caught if "Keras 1" in str(one.message))
    return thing, [str(one.message) for one in caught]


@pytest.mark.parametrize("row", [r for r in ROWS if "raises" not in r], ids=lambda row: row["old"])
def test_a_call_gives_the_configuration_of_keras_2(row):
    wanted = row["config"]  # also on Theano, where Keras 2 had no dropout within a loop
    thing, told = made(row["old"])
    assert type(thing).__name__ == row["cls"]
    config = plain(thing.get_config())
    checked = {k: v for k, v in plain(wanted).items() if v != "<marshalled>"}
    assert {name: config.get(name, "absent") for name in checked} == checked
    assert bool(told) == bool(row["warnings"])
    of_keras_1 = [text for text in told if "Keras 1" in text]
    assert len(of_keras_1) == bool(told)


# Those in which the whole call is an old one; consume_less is warned of for its own sake as well.
WHOLE = [
    row
    for row in ROWS
    if row["warnings"]
    and "raises" not in row
    and not re.search(r"\(lambda|consume_less|l2\(|MaxoutDense|Highway|\w+\(\w+\(", row["old"])
]


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row["old"])
def test_the_call_that_is_shown_gives_the_same_without_a_warning(row):
    thing, told = made(row["old"])
    shown = SHOWN.search(told[0])
    again, silent = made(shown[1])
    assert plain(again.get_config()) == plain(thing.get_config())
    assert not silent


@pytest.mark.parametrize("row", [r for r in ROWS if "raises" in r], ids=lambda row: row["old"])
def test_a_call_that_keras_2_refuses_is_refused(row):
    scope = {**names(), "__builtins__": {}}
    with warnings.catch_warnings(), pytest.raises(Exception) as caught:
        warnings.simplefilter("ignore")
        eval(row["old"], scope)
    assert type(caught.value).__name__ == row["raises"]


def test_a_subclass_of_a_user_takes_old_names_too():
    class Narrow(layers.Dense):
        def __init__(self, **kwargs):
            super().__init__(output_dim=2, init="zero", **kwargs)

    with pytest.warns(UserWarning, match=r"Write `Dense\(units=2, kernel_initializer='zero'\)`"):
        assert Narrow().units == 2


def test_a_call_of_keras_2_runs_one_more_function_and_no_rule():
    folder = str(Path(legacy.__file__).parent)
    seen = []

    def watch(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(folder):
            seen.append(frame.f_code.co_name)

    sys.setprofile(watch)
    try:
        layers.Dense(3, activation="relu")
        layers.Conv2D(4, (3, 3), strides=2, padding="same")
    finally:
        sys.setprofile(None)
    assert seen == ["either", "either"]


def test_methods_take_old_names():
    x, y = np.ones((8, 3)), np.zeros((8, 1))

    def batches():
        while True:
            yield x, y

    model = keras.Sequential([layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match=r"Write `fit\(..., ..., epochs=2, verbose=0\)`"):
        assert len(model.fit(x, y, nb_epoch=2, verbose=0).epoch) == 2
    with pytest.warns(UserWarning, match="counted samples: divide it"):
        history = model.fit_generator(batches(), samples_per_epoch=3, nb_epoch=2, verbose=0)
    assert history.params["steps"] == 3 and len(history.epoch) == 2
    with pytest.warns(UserWarning, match="steps=2, workers=1, max_queue_size=3"):
        model.evaluate_generator(batches(), val_samples=2, nb_worker=1, max_q_size=3)
    with pytest.warns(UserWarning, match="steps=2"):
        assert model.predict_generator(batches(), val_samples=2).shape == (16, 1)
    with pytest.raises(TypeError, match="by position"):
        model.fit_generator(batches(), 1, 1, 0)


@pytest.mark.filterwarnings("ignore:.*called as in Keras 1")
def test_samples_of_an_epoch_are_at_least_one_batch():
    class Batches(keras.utils.Sequence):
        batch_size = 8

        def __len__(self):
            return 9

        def __getitem__(self, index):
            return np.ones((8, 3)), np.zeros((8, 1))

    model = keras.Sequential([layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    for samples, steps in ((5, 1), (16, 2), (17, 2)):
        history = model.fit_generator(Batches(), samples_per_epoch=samples, verbose=0)
        assert history.params["steps"] == steps


@pytest.mark.parametrize(
    ("layer", "old", "new"),
    [
        (layers.Dense(2), "W", "kernel"),
        (layers.Dense(2), "b", "bias"),
        (layers.Dense(2), "W_regularizer", "kernel_regularizer"),
        (layers.Dense(2), "output_dim", "units"),
        (layers.LSTM(2), "U", "recurrent_kernel"),
        (layers.Conv2D(2, 3), "border_mode", "padding"),
        (layers.Embedding(2, 3), "W", "embeddings"),
    ],
)
def test_an_attribute_of_keras_1_is_not_there_and_tells_its_name_of_today(layer, old, new):
    assert not hasattr(layer, old)
    with pytest.raises(AttributeError, match=f"no attribute '{old}'.* Write {new}\\."):
        getattr(layer, old)


def test_attributes_that_are_missing_today_are_told_of_as_python_does():
    for layer, name in ((layers.Dense(2), "bias"), (layers.Activation("relu"), "W")):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'$"):
            getattr(layer, name)
    with pytest.raises(AttributeError, match="called 0 times"):
        keras.Sequential().input  # noqa: B018


def test_a_layer_of_ones_own_may_be_written_for_keras_1():
    class Product(layers.Layer):
        def build(self, input_shape):
            self.W = self.add_weight((input_shape[1], 2), initializer="one", name="W")
            self.trainable_weights = [self.W]
            self.built = True

        def call(self, x, mask=None):
            return K.dot(x, self.W)

        def get_output_shape_for(self, input_shape):
            return (input_shape[0], 2)

    x = layers.Input((3,))
    with pytest.warns(UserWarning, match=r"initializer='one', name='W', shape=\(3, 2\)"):
        y = Product()(x)
    assert K.int_shape(y) == (None, 2)
    assert keras.Model(x, y).predict(np.ones((1, 3))).tolist() == [[3, 3]]


def test_a_recurrent_layer_of_ones_own_counts_its_steps():
    class Sum(layers.Recurrent):
        def __init__(self, output_dim, **kwargs):
            super().__init__(**kwargs)
            self.output_dim = output_dim
            self.states = [None]

        def step(self, x, states):
            return states[0] + x, [states[0] + x]

    value = np.arange(12, dtype="float32").reshape(2, 3, 2)
    x = layers.Input((3, 2))
    np.testing.assert_allclose(
        keras.Model(x, Sum(2, return_sequences=True)(x)).predict(value), value.cumsum(axis=1)
    )
    np.testing.assert_allclose(keras.Model(x, Sum(2)(x)).predict(value), value.sum(axis=1))
    kept = Sum(2, stateful=True, batch_input_shape=(2, 3, 2))
    model = keras.Sequential([kept])
    model.predict(value, batch_size=2)
    np.testing.assert_allclose(model.predict(value, batch_size=2), 2 * value.sum(axis=1))
    kept.reset_states()
    np.testing.assert_allclose(model.predict(value, batch_size=2), value.sum(axis=1))


def test_maxout_and_highway_by_their_formulas():
    x = np.random.randn(4, 3).astype("float32")
    with pytest.warns(UserWarning, match="MaxoutDense is a layer of Keras 1"):
        maxout = layers.MaxoutDense(2, nb_feature=5, input_dim=3)
    maxed = keras.Sequential([maxout])
    W, b = maxed.get_weights()
    np.testing.assert_allclose(
        maxed.predict(x), (np.einsum("ni,kio->nko", x, W) + b).max(axis=1), rtol=1e-5, atol=1e-6
    )
    with pytest.warns(UserWarning, match="Highway is a layer of Keras 1"):
        highway = layers.Highway(activation="tanh", input_dim=3)
    gated = keras.Sequential([highway])
    W, C, b, c = gated.get_weights()
    gate = 1 / (1 + np.exp(-(x @ C + c)))
    np.testing.assert_allclose(
        gated.predict(x), gate * np.tanh(x @ W + b) + (1 - gate) * x, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("sum", [4, 6]),
        ("mul", [3, 8]),
        ("concat", [1, 2, 3, 4]),
        ("ave", [2, 3]),
        ("max", [3, 4]),
        ("dot", [11]),
        ("cos", [[11 / np.sqrt(5 * 25)]]),
        (lambda pair: pair[1] - pair[0], [2, 2]),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_merge_by_mode(mode, wanted):
    a, b = layers.Input((2,)), layers.Input((2,))
    with pytest.warns(UserWarning, match="`merge` is called as in Keras 1"):
        y = layers.merge([a, b], mode=mode)
    got = keras.Model([a, b], y).predict([np.array([[1.0, 2]]), np.array([[3.0, 4]])])
    np.testing.assert_allclose(got, [wanted], rtol=1e-5)


def test_merge_of_models_begins_a_sequential():
    from keras_core.layers.old_merge import Merge

    left = keras.Sequential([layers.Dense(2, input_shape=(3,))])
    right = keras.Sequential([layers.Dense(2, input_shape=(4,))])
    with pytest.warns(UserWarning, match=r"concatenate\(\[..., ...\], axis=1\)"):
        model = keras.Sequential([Merge([left, right], mode="concat", concat_axis=1)])
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    x = [np.ones((5, 3)), np.ones((5, 4))]
    model.fit(x, np.ones((5, 1)), verbose=0)
    joined = np.concatenate([left.predict(x[0]), right.predict(x[1])], axis=1)
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(model.predict(x), joined @ kernel + bias, rtol=1e-4, atol=1e-5)
    again = keras.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5)


@pytest.fixture
def as_keras():
    with warnings.catch_warnings():
        # An earlier test may have imported TensorFlow's Keras, which this tells of.
        warnings.filterwarnings("ignore", "Another Keras", UserWarning)
        keras.install_as_keras()
    yield
    keras.uninstall_as_keras()


# Those of a module for one engine are told of as a whole.
@pytest.mark.parametrize("module", [m for m in REMOVED if not m.endswith("_backend")])
def test_names_that_keras_2_removed_are_there_or_say_what_to_write(module, as_keras):
    for name in REMOVED[module]:
        scope = {}
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                exec(f"from {module} import {name}", scope)
            except ImportError as error:
                assert re.search("Write |No module named", str(error)), error
                continue
        assert scope[name] is not None and len(told) <= 1
        assert all(one.filename == "<string>" for one in told)


def test_all_names_of_a_module_are_those_of_keras_1_too(as_keras):
    scope = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec("from keras.layers.core import *\nfrom keras.regularizers import *", scope)
        exec("from keras.utils.visualize_util import *", scope)
    assert scope["Highway"] is layers.Highway and scope["l1l2"] is keras.regularizers.l1_l2
    assert scope["plot"] is keras.utils.plot_model and callable(scope["Merge"])
    keras.uninstall_as_keras()
    assert "l1l2" not in keras.regularizers.__all__


@pytest.mark.parametrize(
    ("call", "wanted", "told"),
    [
        ("keras.constraints.maxnorm(m=3).max_value", 3, "MaxNorm(max_value=3)"),
        (
            "keras.preprocessing.image.ImageDataGenerator(dim_ordering='th').data_format",
            "channels_first",
            "ImageDataGenerator(data_format='channels_first')",
        ),
        (
            "keras.preprocessing.image.img_to_array(np.ones((2, 3)), dim_ordering='th').shape",
            (1, 2, 3),
            "img_to_array(..., data_format='channels_first')",
        ),
        (
            "keras.utils.to_categorical([1], nb_classes=3).tolist()",
            [[0, 1, 0]],
            "to_categorical([1], num_classes=3)",
        ),
    ],
)
def test_old_names_that_keras_2_refuses_are_taken_from_old_programs_alone(
    call, wanted, told, as_keras
):
    scope = {"keras": keras, "np": np}
    with pytest.warns(UserWarning, match=re.escape(f"Write `{told}`")) as caught:
        assert eval(call, scope) == wanted
    assert len(caught) == 1 and caught[0].filename == "<string>"
    keras.uninstall_as_keras()
    with pytest.raises(TypeError, match="its name in Keras 1. Write [a-z_]+="):
        eval(call, scope)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (
            "K.conv2d(x, k, border_mode='same', dim_ordering='tf', filter_shape=(3, 3, 2, 4))",
            (6, 4),
        ),
        ("K.conv2d(x, k, filter_dilation=(2, 1))", (4, 4)),
        ("K.pool2d(x, (2, 2), border_mode='valid', dim_ordering='tf')", (5, 2)),
        ("K.resize_images(X=x, height_factor=2, width_factor=2, dim_ordering='tf')", (12, 2)),
        ("K.random_normal(shape=(1, 6, 6), mean=0.0, std=0.5)", (6,)),
        ("K.random_uniform((1, 6, 6), low=0.0, high=0.5)", (6,)),
        ("K.one_hot(K.argmax(x), nb_classes=7)", (6, 7)),
        ("K.expand_dims(x, dim=-1)", (6, 2, 1)),
    ],
)
def test_functions_of_the_backend_take_old_names_from_old_programs_alone(call, shape, as_keras):
    k = K.variable(np.ones((3, 3, 2, 4)))
    scope = {"K": K, "x": K.variable(np.ones((1, 6, 6, 2))), "k": k}
    with pytest.warns(UserWarning, match="is called as in Keras 1") as caught:
        result = eval(call, scope)
    axes = 1 if call.startswith("K.resize") or "filter" in call or "pool" in call else 2
    assert len(caught) == 1 and K.int_shape(result)[-len(shape) :] == shape, axes
    keras.uninstall_as_keras()
    with pytest.raises(TypeError, match="in Keras 1. (Write|Leave)"):
        eval(call, scope)


def test_other_functions_take_old_names_too(as_keras):
    with pytest.warns(UserWarning, match=r"Write `MinMaxNorm\(min_value=1, max_value=2\)`"):
        assert keras.constraints.MinMaxNorm(low=1, high=2).max_value == 2
    with pytest.warns(UserWarning, match="Write `normalize"):
        keras.utils.normalize(a=np.ones((1, 2)))
    with pytest.warns(UserWarning, match="slice_arrays"):
        from keras.engine.training import slice_X
    assert slice_X(np.arange(5), 1, 3).tolist() == [1, 2]


def test_callbacks_find_what_they_are_told_by_its_old_names(as_keras):
    class Counter(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.found = self.params["nb_epoch"], self.params["nb_sample"]

    model = keras.Sequential([layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    counter = Counter()
    with pytest.warns(UserWarning, match=r"Write params\[") as caught:
        model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0, callbacks=[counter])
    assert counter.found == (2, 4) and caught[0].filename == __file__
    keras.uninstall_as_keras()
    with pytest.raises(KeyError, match="nb_epoch"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0, callbacks=[counter])


TABLE_OF_KERAS_1 = """
Layer (type) Output Shape Param # Connected to
first (Dense) (None, 4) 16 first_input[0][0]
second (Dense) (None, 2) 10 first[0][0]
Total params: 26
Trainable params: 26
Non-trainable params: 0
"""


def test_a_summary_of_a_list_of_layers(as_keras, capsys):
    from keras.utils.layer_utils import print_summary

    parts = [layers.Dense(4, input_shape=(3,), name="first"), layers.Dense(2, name="second")]
    model = keras.Sequential(parts)
    with pytest.warns(UserWarning, match=r"Write model.summary\(\)") as caught:
        print_summary(model.layers)
    assert caught[0].filename == __file__
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    rows = [line for line in lines if not set(line) <= set("_=")]
    assert rows == TABLE_OF_KERAS_1.strip().splitlines()
    keras.uninstall_as_keras()
    with pytest.raises(TypeError, match="was given layers, as in Keras 1"):
        print_summary(model.layers)


def test_functions_of_a_shape_make_weights_as_in_keras_1(as_keras):
    from keras import initializations

    def own(shape, name=None):
        return initializations.identity(shape, scale=3, name=name)

    with pytest.warns(UserWarning, match="kernel_initializer"):
        model = keras.Sequential([layers.Dense(2, init=own, input_dim=2)])
    assert model.get_weights()[0].tolist() == [[3, 0], [0, 3]]
    assert K.get_value(initializations.get("one")((2,), name="w")).tolist() == [1, 1]
    drawn = K.get_value(initializations.uniform((100, 100), scale=0.5))
    assert 0.49 < abs(drawn).max() <= 0.5 and abs(drawn.mean()) < 0.02
    assert abs(K.get_value(initializations.normal((100, 100), 0.1)).std() - 0.1) < 0.005
    with pytest.raises(AttributeError, match="VarianceScaling"):
        getattr(initializations, "get_fans")  # noqa: B009


@pytest.mark.parametrize("way", ["cpu", "mem", "gpu"])
@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_the_ways_to_consume_less_warn_once_and_show_a_call_that_does_not(name, way):
    _, told = made(f"{name}(3, consume_less={way!r})")
    _, silent = made(SHOWN.search(told[0])[1])
    assert len(told) == 1 and not silent


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match="no mode 'subtract'; the modes are"):
        layers.merge([layers.Input((2,))] * 2, mode="subtract")
    for mode, why in ((1, "each sample by itself"), (2, "batch in testing")):
        with pytest.raises(TypeError, match=why):
            layers.BatchNormalization(mode=mode)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_of_keras_1_runs_and_runs_without_a_warning_once_upgraded(path, tmp_path):
    def run(script, *options):
        words = [sys.executable, *options, "-m", "keras_core", "run", str(script)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done

    old = run(path)
    assert "Keras 1" in old.stderr
    rewriting = pytest.importorskip("keras_core.cli.rewriting", exc_type=ImportError)
    new = tmp_path / path.name
    new.write_bytes(rewriting.upgraded(path.read_bytes())[0])
    assert run(new, "-W", "error::UserWarning").stdout == old.stdout


def test_the_decorators_of_keras_2_are_views_on_the_table():
    from keras_core.legacy import interfaces

    class Mine:
        @interfaces.legacy_dense_support
        def __init__(self, units, kernel_initializer="zeros"):
            self.given = units, kernel_initializer

        @interfaces.generate_legacy_interface(["x"], [("nb", "number")], object_type="method")
        def count(self, x, number=1):
            return x * number

    with pytest.warns(UserWarning, match=r"`Mine\(units=2, kernel_initializer='one'\)`"):
        mine = Mine(output_dim=2, init="one")
    assert mine.given == (2, "one")
    with pytest.warns(UserWarning, match=r"`count\(3, number=2\)`"):
        assert mine.count(3, nb=2) == 6
    assert interfaces.conv2d_args_preprocessor((None, 4, 3, 3), {})[:2] == ((None, 4, (3, 3)), {})
    with pytest.raises(TypeError, match="both old and new"):
        interfaces.raise_duplicate_arg_error("old", "new")


def test_configurations_of_keras_1_become_those_of_keras_2():
    name, config = converted(
        "Convolution2D",
        {
            "name": "c",
            "nb_filter": 2,
            "nb_row": 3,
            "nb_col": 1,
            "border_mode": "same",
            "dim_ordering": "th",
            "subsample": [1, 2],
            "bias": True,
            "init": "one",
            "W_regularizer": {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5},
            "W_constraint": {"name": "MaxNorm", "m": 3, "axis": 0},
        },
    )
    layer = layers.deserialize({"class_name": name, "config": config})
    assert type(layer) is layers.Conv2D and layer.kernel_size == (3, 1)
    assert layer.data_format == "channels_first" and layer.strides == (1, 2)
    assert layer.kernel_constraint.max_value == 3 and float(layer.kernel_regularizer.l2) == 0.5
    merged = converted("Merge", {"name": "m", "mode": "cos", "mode_type": "raw", "dot_axes": 1})
    assert merged == ("Dot", {"name": "m", "axes": 1, "normalize": True})
    with pytest.raises(ValueError, match="the modes are"):
        converted("Merge", {"name": "m", "mode": "xor", "mode_type": "raw"})
