"""Models as programs written for Keras 2 make, share, freeze and change them."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.layers import (
    LSTM,
    RNN,
    Activation,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Input,
    Lambda,
    Layer,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
    TimeDistributed,
    add,
)
from keras_core.models import (
    Model,
    Sequential,
    clone_model,
    load_model,
    model_from_json,
    model_from_yaml,
)
from keras_core.optimizers import SGD, Optimizer


def same(arrays, others):
    return all(np.array_equal(a, b) for a, b in zip(arrays, others))


def constant(value):
    return lambda shape, dtype=None: np.full(shape, value)


# Freezing


def normalized(size=3):
    """A model, and the BatchNormalization in it."""
    x = Input((size,))
    layer = BatchNormalization(momentum=0.5)
    return Model(x, layer(x)), layer


def around(inner):
    x = Input((3,))
    return Model(x, Dense(1)(inner(x)))


class Holding(Layer):
    """A layer with a BatchNormalization inside."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = BatchNormalization(momentum=0.5)

    def call(self, x):
        return self.inner(x)

    def compute_output_shape(self, shape):
        return shape


def nested_twice():
    base, layer = normalized()
    return around(around_alone(base)), layer


def around_alone(inner):
    x = Input((3,))
    return Model(x, inner(x))


def held():
    layer = Holding()
    return around(around_alone(layer)), layer.inner


def in_steps():
    layer = BatchNormalization(momentum=0.5)
    x = Input((2, 3))
    return Model(x, Dense(1)(TimeDistributed(layer)(x))), layer


def nested_once():
    base, layer = normalized()
    return around(base), layer


def trained_mean(model, layer, shape):
    """The moving mean after one step on fives: (0 + 5) / 2 where it moves."""
    x = np.full(shape, 5.0)
    model.train_on_batch(x, np.zeros((*shape[:-1], 1)))
    return K.eval(layer.moving_mean)


@pytest.mark.parametrize("make", [nested_once, nested_twice, held, in_steps])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_layer_frozen_before_compile_keeps_its_statistics_at_any_depth(make, frozen):
    model, layer = make()
    layer.trainable = not frozen
    model.compile("sgd", "mse")
    mean = trained_mean(model, layer, (4, *model.input_shape[1:]))
    np.testing.assert_allclose(mean, [0.0 if frozen else 2.5] * 3, rtol=1e-5)


def test_a_layer_that_is_frozen_while_models_are_built_and_not_later_moves():
    base, layer = normalized()
    layer.trainable = False
    model = around(base)
    layer.trainable = True
    model.compile("sgd", "mse")
    np.testing.assert_allclose(trained_mean(model, layer, (4, 3)), [2.5] * 3, rtol=1e-5)


def test_trainable_is_read_by_compile_and_not_later():
    model, layer = nested_once()
    model.compile("sgd", "mse")
    layer.trainable = False
    with pytest.warns(UserWarning, match="Compile again"):
        mean = trained_mean(model, layer, (4, 3))
    np.testing.assert_allclose(mean, [2.5] * 3, rtol=1e-5)
    model.compile("sgd", "mse")
    np.testing.assert_allclose(trained_mean(model, layer, (4, 3)), [2.5] * 3, rtol=1e-5)


def test_a_change_of_trainable_warns_after_the_first_steps_too():
    model, layer = nested_once()
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3)), np.zeros((4, 1))
    model.train_on_batch(x, y)
    layer.trainable = False
    with pytest.warns(UserWarning, match="has 2 trainable weights, but had 4"):
        model.train_on_batch(x, y)
    with pytest.warns(UserWarning, match="has 2 trainable weights, but had 4"):
        model.fit(x, y, verbose=0)
    layer.trainable = True
    model.fit(x, y, verbose=0)


# Weights in files


def dense_pair(frozen=()):
    """An outer model and four layers of equal shapes in the model inside."""
    x = Input((4,))
    layers = [Dense(4), BatchNormalization(), Dense(4), Dense(4)]
    y = x
    for index, layer in enumerate(layers):
        y = layer(y)
        layer.trainable = index not in frozen
    z = Input((4,))
    return Model(z, Dense(4)(Model(x, y)(z))), layers


FROZEN = [((), (2,)), ((0,), ()), ((1, 3), (0, 2)), ((0, 1, 2, 3), (3,))]


@pytest.mark.parametrize("saved, loaded", FROZEN)
@pytest.mark.parametrize("by_name", [False, True])
def test_weights_go_to_their_own_layers_whatever_is_frozen(tmp_path, saved, loaded, by_name):
    model, layers = dense_pair(saved)
    for number, layer in enumerate(layers):
        layer.set_weights([np.full(w.shape, number + 1.0) for w in layer.get_weights()])
    other, twins = dense_pair(loaded)
    path = str(tmp_path / "w.h5")
    if by_name:
        for layer, twin in zip(model.layers, other.layers):
            twin.name = layer.name
    model.save_weights(path)
    other.load_weights(path, by_name=by_name)
    for number, layer in enumerate(twins):
        assert all((w == number + 1).all() for w in layer.get_weights())


def test_get_weights_and_set_weights_do_not_depend_on_what_is_frozen():
    model, layers = dense_pair()
    for number, layer in enumerate(layers):
        layer.set_weights([np.full(w.shape, number + 1.0) for w in layer.get_weights()])
    values = model.get_weights()
    layers[0].trainable = layers[3].trainable = False
    model.set_weights(values)
    for number, layer in enumerate(layers):
        assert all((w == number + 1).all() for w in layer.get_weights())


def test_a_file_with_frozen_weights_last_goes_by_names():
    """As Keras 2 wrote it: what was frozen stands behind the rest."""
    model, layers = dense_pair()
    inner = model.layers[1]
    h5 = pytest.importorskip("h5py")
    with h5.File("frozen", "w", driver="core", backing_store=False) as file:
        model.save_weights(file)
        group = file[inner.name]
        names = list(group.attrs["weight_names"])
        group.attrs["weight_names"] = names[2:] + names[:2]
        for number, layer in enumerate(layers):
            for weight in layer.weights:
                group[weight.name][...] = number + 1
        model.load_weights(file)
    for number, layer in enumerate(layers):
        assert all((w == number + 1).all() for w in layer.get_weights())


# Chains that share and change


def shared_chain():
    """Twice through one layer that doubles: four times the input."""
    layer = Dense(1, use_bias=False, input_shape=(1,))
    model = Sequential([layer, layer])
    layer.set_weights([np.array([[2.0]])])
    return model, layer


def test_a_layer_twice_in_a_chain_is_shared(tmp_path):
    model, _ = shared_chain()
    model.compile("sgd", "mse")
    path = str(tmp_path / "m.h5")
    model.save(path)
    for one in (model, load_model(path)):
        assert one.predict(np.array([[3.0]])) == [[12.0]]
        assert len(one.get_weights()) == 1
        assert len(one.layers) == 1
    # d/dw (w^2 x - 0)^2 = 4 w^3 x^2 = 32 at w = 2, x = 1
    model.train_on_batch(np.array([[1.0]]), np.array([[0.0]]))
    np.testing.assert_allclose(model.get_weights()[0], [[2 - 0.01 * 32]], rtol=1e-5)


def test_a_clone_of_a_chain_shares_what_the_chain_shares():
    model, _ = shared_chain()
    clone = clone_model(model)
    clone.set_weights([np.array([[3.0]])])
    assert clone.predict(np.array([[1.0]])) == [[9.0]]


def test_a_shared_layer_is_taken_off_a_chain_one_call_at_a_time():
    model, layer = shared_chain()
    model.pop()
    assert model.layers == [layer]
    assert model.predict(np.array([[3.0]])) == [[6.0]]
    model.add(layer)
    assert model.predict(np.array([[3.0]])) == [[12.0]]


def test_another_layer_of_a_taken_name_is_refused():
    model = Sequential([Dense(1, input_shape=(1,), name="a")])
    with pytest.raises(ValueError, match="'a' is used 2 times"):
        model.add(Dense(1, name="a"))


def test_after_add_and_pop_all_runs_use_the_new_model():
    model = Sequential([Dense(1, input_shape=(2,), kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.array([[1.0, 2.0]]), np.zeros((1, 1))
    assert model.predict(x) == [[3.0]]
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), [9.0, 3.0])
    model.train_on_batch(x, y * 0 + 3)
    double = Dense(1, use_bias=False, kernel_initializer=constant(2.0))
    model.add(double)
    assert model.predict(x) == [[6.0]]
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), [36.0, 6.0])
    model.pop()
    np.testing.assert_allclose(model.test_on_batch(x, y), [9.0, 3.0])
    model.add(double)
    model.fit(x, y, verbose=0)
    # d/dw (3 w)^2 = 18 w = 36 at w = 2
    np.testing.assert_allclose(double.get_weights()[0], [[2 - 0.01 * 36]], rtol=1e-5)


# Layers in attributes


class Early(Layer):
    """Keeps a layer before it calls the constructor of Layer."""

    def __init__(self, **kwargs):
        self.inner = Dense(2, use_bias=False, kernel_initializer="ones")
        super().__init__(**kwargs)

    def build(self, shape):
        self.inner.build(shape)
        self._trainable_weights = list(self.inner.trainable_weights)
        super().build(shape)

    def call(self, x):
        return self.inner(x)

    def compute_output_shape(self, shape):
        return (*shape[:-1], 2)


def test_an_attribute_before_the_constructor_counts_once():
    x = Input((3,))
    layer = Early()
    model = Model(x, layer(x))
    assert layer.weights == layer.inner.weights
    assert model.count_params() == 6
    model.compile("sgd", "mse")
    # mean over 2 outputs of y^2 with y = 3: each kernel entry moves by 0.01 * 2 * 3 / 2
    model.train_on_batch(np.ones((4, 3)), np.zeros((4, 2)))
    np.testing.assert_allclose(layer.get_weights()[0], np.full((3, 2), 0.97), rtol=1e-6)


class Kept(Layer):
    """Keeps layers in a list, a dict, a dict of lists, and a list that it fills later."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.listed = [Dense(1, use_bias=False), Dense(1, use_bias=False)]
        self.named = {"a": Dense(1, use_bias=False), "b": [Dense(1, use_bias=False)]}
        self.later = []
        for _ in range(2):
            self.later.append(Dense(1, use_bias=False))

    def call(self, x):
        for layer in [*self.listed, self.named["a"], *self.named["b"], *self.later]:
            x = layer(x)
        return x

    def compute_output_shape(self, shape):
        return shape


class KeptModel(Model):
    def __init__(self):
        super().__init__()
        self.listed = [Dense(1, use_bias=False, kernel_initializer="ones")]
        self.listed.append(Dense(1, use_bias=False, kernel_initializer=constant(2.0)))

    def call(self, x):
        for layer in self.listed:
            x = layer(x)
        return x


def test_layers_in_lists_and_dicts_count():
    x = Input((1,))
    layer = Kept()
    model = Model(x, layer(x))
    assert len(layer.trainable_weights) == len(model.trainable_weights) == 6
    layer.later[0].trainable = False
    assert len(model.trainable_weights) == 5
    assert len(model.non_trainable_weights) == 1


def test_weights_of_layers_in_lists_are_saved(tmp_path):
    x = Input((1,))
    models = [Model(x, Kept()(x)) for _ in range(2)]
    models[0].save_weights(str(tmp_path / "w.h5"))
    models[1].load_weights(str(tmp_path / "w.h5"))
    assert same(models[0].get_weights(), models[1].get_weights())


def test_a_model_trains_the_layers_in_its_lists():
    model = KeptModel()
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    # loss (a b)^2 at a = 1, b = 2: d/da = 2 a b^2 = 8, d/db = 2 a^2 b = 4
    np.testing.assert_allclose(np.ravel(model.get_weights()), [1 - 0.08, 2 - 0.04], rtol=1e-6)
    assert model.layers == model.listed


class Forgetful(Layer):
    def __init__(self):
        self.units = 3


class ForgetfulModel(Model):
    def __init__(self):
        self.dense = Dense(3)


def test_without_the_constructor_of_layer_the_message_says_so():
    for use in (lambda: Forgetful()(Input((2,))), lambda: Sequential([Forgetful()])):
        with pytest.raises(RuntimeError, match=r"Forgetful has no .*call.*super\(\).__init__"):
            use()
    for use in (lambda: ForgetfulModel().compile("sgd"), lambda: ForgetfulModel()(Input((2,)))):
        with pytest.raises(RuntimeError, match=r"ForgetfulModel has no .*super\(\).__init__"):
            use()


def test_an_unknown_attribute_of_a_layer_is_named():
    layer = Dense(1)
    with pytest.raises(AttributeError, match="colour"):
        layer.colour  # noqa: B018
    with pytest.raises((AttributeError, RuntimeError), match="called 0 times"):
        layer.output  # noqa: B018


# Targets, batches, names


@pytest.mark.parametrize("target", [np.zeros(5), np.zeros((5, 1)), [0.0] * 5])
@pytest.mark.parametrize("loss", ["mae", lambda t, p: p])
def test_flat_outputs_take_flat_targets(target, loss):
    x = Input((4,))
    for wrong in ({"output_shape": (1,)}, {}):
        model = Model(x, Lambda(lambda t: K.sum(t, -1), **wrong)(x))
        model.compile("sgd", loss)
        assert model.train_on_batch(np.ones((5, 4)), target) == 4
        assert model.evaluate(np.ones((5, 4)), target, verbose=0) == 4


@pytest.mark.parametrize("loss", ["mae", lambda t, p: K.abs(t - p)])
def test_flat_targets_of_outputs_with_one_unit_of_unknown_number(loss):
    x = Input((None,))
    model = Model(x, Lambda(lambda t: t * 2.0)(x))
    model.compile("sgd", loss)
    # |2 * 3 - 2| and |2 * 3 - 4|; a column against a row would give 3 as well, so squares differ
    values, targets = np.array([[3.0], [5.0]]), np.array([2.0, 4.0])
    np.testing.assert_allclose(model.train_on_batch(values, targets), (4 + 6) / 2)


def stateful_model():
    model = Sequential([LSTM(2, stateful=True, batch_input_shape=(4, 3, 1)), Dense(1)])
    model.compile("sgd", "mse")
    return model


def fixed_model():
    model = Sequential([Dense(1, batch_input_shape=(4, 3, 1))])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("make", [stateful_model, fixed_model])
@pytest.mark.parametrize("samples", [3, 6])
def test_sample_counts_that_the_batch_size_does_not_divide_are_refused(make, samples):
    model = make()
    x = np.zeros((samples, 3, 1))
    y = np.zeros((samples, *model.output_shape[1:]))
    before = model.get_weights()
    for run in (
        lambda: model.fit(x, y, verbose=0),
        lambda: model.evaluate(x, y, verbose=0),
        lambda: model.predict(x),
    ):
        with pytest.raises(ValueError, match="can be divided by the batch size"):
            run()
    assert same(before, model.get_weights())
    assert len(model.predict(np.zeros((8, 3, 1)))) == 8


def test_outputs_of_a_shared_layer_have_names_that_differ():
    a, b = Input((2,)), Input((2,))
    shared = Dense(1, use_bias=False, kernel_initializer="ones", name="d")
    other = Dense(1, use_bias=False, kernel_initializer="zeros", name="d_1")
    model = Model([a, b], [shared(a), shared(b), other(a)])
    assert model.output_names == ["d", "d_2", "d_1"]
    model.compile("sgd", "mse", metrics=["mae"], loss_weights={"d": 1.0, "d_2": 10.0, "d_1": 0.0})
    names = ["d_loss", "d_2_loss", "d_1_loss", "d_mae", "d_2_mae", "d_1_mae"]
    assert model.metrics_names == ["loss", *names]
    x, y = [np.ones((2, 2)), 2 * np.ones((2, 2))], [np.zeros((2, 1))] * 3
    logs = model.fit(x, y, epochs=1, verbose=0).history
    assert sorted(logs) == sorted(["loss", *names])
    np.testing.assert_allclose([logs[n][0] for n in names], [4, 16, 0, 2, 4, 0])
    np.testing.assert_allclose(logs["loss"], [4 + 160])


def test_outputs_say_whether_they_depend_on_the_learning_phase():
    x = Input((3,))
    dropped = Dropout(0.5)(x)
    assert not Dense(2)(x)._uses_learning_phase
    assert dropped._uses_learning_phase
    assert Dense(2)(dropped)._uses_learning_phase
    assert Lambda(lambda t: K.zeros((2, 3)))(dropped)._uses_learning_phase
    assert Model(x, Model(x, dropped)(Dense(3)(x))).uses_learning_phase

    class Phased(Layer):
        uses_learning_phase = True

        def call(self, inputs):
            return inputs * 2.0

    assert Phased()(x)._uses_learning_phase
    np.testing.assert_allclose(Model(x, Phased()(x)).predict(np.ones((1, 3))), [[2.0] * 3])


# Functions in files


def twice(x, by=2.0):
    return by * x


def times(factor):
    def multiplied(x, offset=1.0):
        return x * factor + offset

    return multiplied


ARRAY = np.array([[1.0, 2.0]], dtype="float32")


@pytest.mark.parametrize(
    "function, arguments, expected",
    [
        (twice, {}, [2.0, 2.0]),
        (twice, {"by": ARRAY}, [1.0, 2.0]),
        (lambda x: x + 1.0, {}, [2.0, 2.0]),
        (lambda x, y=ARRAY: x + y, {}, [2.0, 3.0]),
        (times(3.0), {}, [4.0, 4.0]),
        (times(ARRAY), {}, [2.0, 3.0]),
        (times(ARRAY), {"offset": 2 * ARRAY}, [3.0, 6.0]),
    ],
)
def test_a_lambda_comes_back_where_its_function_is(tmp_path, function, arguments, expected):
    model = Sequential([Lambda(function, arguments=arguments, input_shape=(2,))])
    model.compile("sgd", "mse")
    path = str(tmp_path / "m.h5")
    model.save(path)
    texts = [model_from_json(model.to_json()), model_from_yaml(model.to_yaml())]
    for again in [load_model(path), *texts, clone_model(model)]:
        np.testing.assert_allclose(again.predict(np.ones((1, 2))), [expected], rtol=1e-6)


def test_functions_of_one_name_are_told_apart():
    model = Sequential([Lambda(times(3.0), input_shape=(2,)), Lambda(times(5.0))])
    again = model_from_json(model.to_json())
    # (1 * 3 + 1) * 5 + 1
    np.testing.assert_allclose(again.predict(np.ones((1, 2))), [[21.0] * 2])


def test_functions_of_one_name_that_cannot_be_told_apart_are_refused():
    def first():
        def same_name(x):
            return x + 1.0

        return same_name

    def second():
        def same_name(x):
            return x + 2.0

        return same_name

    layers = [Lambda(first(), input_shape=(2,)), Lambda(second(), input_shape=(2,))]
    text = Sequential(layers[:1]).to_json()
    with pytest.raises(ValueError, match="same_name.*custom_objects"):
        model_from_json(text)
    again = model_from_json(text, custom_objects={"same_name": second()})
    np.testing.assert_allclose(again.predict(np.ones((1, 2))), [[3.0] * 2])


PROGRAM = """
import sys
import numpy as np
{unrelated}
from keras_core import layers as L, models as M

weights = np.array([1.0, 10.0])

def shifted(x, by=3.0):
    return x + by

class Net:
    def __init__(self, scale):
        self.model = M.Sequential([
            L.Lambda(shifted, input_shape=(2,)),
            L.Lambda(lambda x, w=weights: x * scale * w),
            L.Lambda(lambda x: x - 1.0),
        ])

seen = []
if len(sys.argv) > 2:
    Net(2.0).model.save(sys.argv[1], include_optimizer=False)
else:
    M.load_model(sys.argv[1], compile=False)  # imports what loading needs
    sys.addaudithook(lambda event, args: seen.append(event) if event == "marshal.loads" else None)
    model = M.load_model(sys.argv[1], compile=False)
    assert not seen, seen
    print(model.predict(np.ones((1, 2))).tolist())
"""


def test_another_program_with_the_same_functions_recognises_them(tmp_path):
    path = str(tmp_path / "m.h5")
    for name, unrelated in (("one", ""), ("two", "import os, re  # elsewhere\n" * 5)):
        (tmp_path / f"{name}.py").write_text(PROGRAM.format(unrelated=unrelated))
    environment = {**os.environ, "KERAS_BACKEND": K.backend()}
    words = [[str(tmp_path / "one.py"), path, "save"], [str(tmp_path / "two.py"), path]]
    for arguments in words:
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    # (1 + 3) * 2 * [1, 10] - 1
    assert done.stdout.strip() == "[[7.0, 79.0]]"


def test_other_code_is_not_recognised(tmp_path):
    def saved():
        return Sequential([Lambda(lambda x: x + 1.0, input_shape=(2,))]).to_json()

    text = saved()
    gc.collect()
    kept = Lambda(lambda x: x + 2.0)
    with pytest.raises(ValueError, match="no function of this program is the same"):
        model_from_json(text)
    assert kept


@pytest.mark.parametrize("code", ["", "AAAA", "4wAA", "w" * 400, "KP////8="])
def test_damaged_code_is_refused(code):
    config = Sequential([Lambda(lambda x: x, input_shape=(2,))]).get_config()
    config["layers"][0]["config"]["function"] = [code, None, None]
    with pytest.raises(ValueError, match="safe_mode"):
        model_from_json(json.dumps({"class_name": "Sequential", "config": config}))


# Inputs that other layers gave


def test_a_model_can_begin_at_the_output_of_a_layer(tmp_path):
    x = Input((3,))
    first, second = Dense(2), Dense(1)
    hidden = first(x)
    output = second(hidden)
    with pytest.warns(UserWarning, match="inputs must come from `keras.layers.Input`"):
        model = Model(hidden, output)
    values = np.array([[1.0, 2.0]])
    kernel, bias = second.get_weights()
    np.testing.assert_allclose(model.predict(values), values @ kernel + bias, rtol=1e-5)
    assert model.trainable_weights == second.trainable_weights
    assert first.output is hidden
    model.compile("sgd", "mse")
    before = first.get_weights()
    model.fit(values, np.zeros((1, 1)), verbose=0)
    assert same(before, first.get_weights())
    assert not np.array_equal(kernel, second.get_weights()[0])
    path = str(tmp_path / "m.h5")
    model.save(path)
    np.testing.assert_array_equal(load_model(path).predict(values), model.predict(values))
    whole = Model(x, output).predict(np.ones((1, 3)))
    parts = model.predict(np.ones((1, 3)) @ before[0] + before[1])
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


# Names that packages for Keras 2 import


NAMES = [
    "keras_core.backend.load_backend._BACKEND",
    "keras_core.backend.numpy_backend.dot",
    "keras_core.backend.tensorflow_backend._to_tensor",
    "keras_core.backend.tensorflow_backend.square",
    "keras_core.backend.theano_backend.conv2d",
    "keras_core.engine.Container",
    "keras_core.engine.Network",
    "keras_core.engine.base_layer._collect_input_shape",
    "keras_core.engine.base_layer._collect_previous_mask",
    "keras_core.engine.base_layer._to_snake_case",
    "keras_core.engine.topology.Container",
    "keras_core.engine.topology.load_weights_from_hdf5_group",
    "keras_core.engine.topology.preprocess_weights_for_loading",
    "keras_core.engine.training._make_batches",
    "keras_core.engine.training._slice_arrays",
    "keras_core.engine.training._standardize_input_data",
    "keras_core.layers.convolutional.K",
    "keras_core.layers.convolutional._Conv",
    "keras_core.layers.convolutional._Cropping",
    "keras_core.layers.convolutional._SeparableConv",
    "keras_core.layers.convolutional._UpSampling",
    "keras_core.layers.convolutional._ZeroPadding",
    "keras_core.layers.convolutional.conv_utils",
    "keras_core.layers.cudnn_recurrent._CuDNNRNN",
    "keras_core.layers.merge._Merge",
    "keras_core.layers.pooling._GlobalPooling2D",
    "keras_core.layers.pooling._Pooling2D",
    "keras_core.layers.recurrent.InputSpec",
    "keras_core.layers.recurrent.K",
    "keras_core.layers.recurrent._generate_dropout_mask",
    "keras_core.layers.recurrent._standardize_args",
    "keras_core.models._clone_functional_model",
    "keras_core.models._clone_sequential_model",
    "keras_core.utils.test_utils.get_test_data",
    "keras_core.utils.test_utils.keras_test",
    "keras_core.utils.test_utils.layer_test",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_time_are_there(name):
    module, _, attribute = name.rpartition(".")
    assert getattr(importlib.import_module(module), attribute) is not None


@pytest.mark.parametrize("name", ["tf", "_get_available_gpus"])
def test_what_cannot_work_says_why(name):
    module = importlib.import_module("keras_core.backend.tensorflow_backend")
    with pytest.raises(AttributeError, match=f"has no {name!r}: (import that|.*keras-core doctor)"):
        getattr(module, name)


def test_a_convolution_of_ones_own_by_the_old_base_class():
    from keras_core.layers.convolutional import _Conv

    class Own(_Conv):
        def __init__(self, filters, kernel_size, **kwargs):
            super().__init__(rank=1, filters=filters, kernel_size=kernel_size, **kwargs)

    model = Sequential([Own(1, 2, kernel_initializer="ones", input_shape=(3, 1))])
    np.testing.assert_allclose(
        model.predict(np.array([[[1.0], [2.0], [4.0]]])), [[[3.0], [6.0]]], rtol=1e-6
    )


def test_dropout_masks_by_the_old_function():
    from keras_core.layers.recurrent import _generate_dropout_mask

    ones = K.ones((50, 40))
    masks = [K.eval(x) for x in _generate_dropout_mask(ones, 0.5, training=True, count=3)]
    assert all(set(np.unique(x)) == {0.0, 2.0} for x in masks)
    assert not np.array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(K.eval(_generate_dropout_mask(ones, 0.5)), np.ones((50, 40)))


def test_layer_test_finds_a_wrong_shape_and_gives_the_output():
    from keras_core.utils.test_utils import layer_test

    class Wrong(Layer):
        def compute_output_shape(self, shape):
            return (*shape[:-1], 7)

    data = np.array([[1.0, -2.0]], dtype="float32")
    given = layer_test(Activation, {"activation": "relu"}, input_data=data)
    np.testing.assert_array_equal(given, [[1.0, 0.0]])
    with pytest.raises(AssertionError, match="compute_output_shape says"):
        layer_test(Wrong, input_data=data)
    with pytest.raises(AssertionError):
        layer_test(Activation, {"activation": "relu"}, input_data=data, expected_output=data)


# Optimizers and values


@pytest.mark.parametrize("order", ["keras 1", "keras 2.0", "keras 2"])
@pytest.mark.parametrize("by_keyword", [True, False])
def test_get_updates_takes_its_arguments_in_all_orders(order, by_keyword):
    w = K.variable([1.0, 2.0])
    loss, optimizer = K.sum(K.square(w)), SGD(0.1)
    arguments = {
        "keras 1": {"params": [w], "constraints": {}, "loss": loss},
        "keras 2.0": {"params": [w], "loss": loss},
        "keras 2": {"loss": loss, "params": [w]},
    }[order]
    given = optimizer.get_updates(**arguments) if by_keyword else None
    updates = given or optimizer.get_updates(*arguments.values())
    K.function([], [loss], updates=updates)([])
    np.testing.assert_allclose(K.get_value(w), [0.8, 1.6], rtol=1e-6)


class OldOptimizer(Optimizer):
    """Gradient descent as Keras 1 had it."""

    def __init__(self, lr):
        super().__init__()
        self.lr = K.variable(lr)

    def get_updates(self, params, constraints, loss):
        self.updates = []
        for p, g in zip(params, self.get_gradients(loss, params)):
            self.updates.append(K.update(p, p - self.lr * g))
        return self.updates


def one_weight(optimizer):
    model = Sequential([Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    model.compile(optimizer, "mse")
    return model


def step(model):
    """The weight after a step from w by the gradient 2 w."""
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    return model.get_weights()[0][0, 0]


def test_an_optimizer_written_for_keras_1_trains():
    assert step(one_weight(OldOptimizer(0.25))) == 0.5


@pytest.mark.parametrize("name", ["lr", "learning_rate"])
@pytest.mark.parametrize("make", [SGD, OldOptimizer])
def test_a_learning_rate_that_is_set_counts_from_the_next_batch(name, make):
    model = one_weight(make(0.25))
    assert step(model) == 0.5
    setattr(model.optimizer, name, 0.5)
    assert step(model) == 0.0
    assert K.get_value(model.optimizer.lr) == 0.5
    assert K.get_value(model.optimizer.learning_rate) == 0.5


def test_other_hyperparameters_that_are_set_count_too():
    model = one_weight(SGD(0.25, momentum=0.0))
    assert step(model) == 0.5
    model.optimizer.momentum = 1.0
    # v = 1 * (-0.5) - 0.25 * 2 * 0.5 = -0.75
    assert step(model) == -0.25


def test_values_of_tensors_without_a_session():
    assert (K.variable(3.0) * 2.0).eval() == 6.0
    with pytest.raises(ValueError, match="K.function"):
        (Input((2,)) * 2.0).eval()
    with pytest.raises(RuntimeError, match="K.function.*K.eval"):
        K.get_session()


# Layers of several models


def around_and_within():
    """A layer twice in a row, once inside of a model, and then another layer."""
    shared = Dense(1, use_bias=False, name="shared")
    a, b = Input((1,)), Input((1,))
    inner = Model(a, shared(a), name="inner")
    return Model(b, Dense(1, use_bias=False)(shared(inner(b)))), shared


def two_models_in_a_chain():
    shared = Dense(1, use_bias=False, name="shared")
    a, b = Input((1,)), Input((1,))
    parts = [Model(a, shared(a)), Model(b, shared(b)), Dense(1, use_bias=False)]
    return Sequential(parts), shared


def a_model_in_two_models():
    shared = Dense(1, use_bias=False, name="shared")
    inner = Sequential([Dense(1, use_bias=False, input_shape=(1,)), shared])
    a, c = Input((1,)), Input((1,))
    first, second = Model(a, inner(a)), Sequential([inner])
    second.build((None, 1))
    return Model(c, shared(second(first(c)))), shared


@pytest.mark.parametrize("make", [around_and_within, two_models_in_a_chain, a_model_in_two_models])
@pytest.mark.parametrize("how", ["file", "json", "yaml", "clone", "pickle"])
def test_a_layer_of_several_models_is_one_after_loading(tmp_path, make, how):
    model, shared = make()
    path = str(tmp_path / "m.h5")
    again = {
        "file": lambda: saved(model, path),
        "json": lambda: model_from_json(model.to_json()),
        "yaml": lambda: model_from_yaml(model.to_yaml()),
        "clone": lambda: clone_model(model),
        "pickle": lambda: pickle.loads(pickle.dumps(model)),
    }[how]()
    again.set_weights(model.get_weights())
    x = np.array([[3.0]])
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5)
    assert len(again.trainable_weights) == 2
    values = {id(w): K.get_value(w) for w in model.trainable_weights}
    w = K.get_value(shared.kernel)
    others = [v for key, v in values.items() if key != id(shared.kernel)]
    power = {around_and_within: 2, two_models_in_a_chain: 2, a_model_in_two_models: 3}[make]
    rest = others[0] if power == 2 else others[0] ** 2
    np.testing.assert_allclose(again.predict(x), 3 * w**power * rest, rtol=1e-5)


def saved(model, path):
    model.save(path)
    return load_model(path, compile=False)


# Losses of shared layers


def penalized(layer_class, **kwargs):
    return layer_class(
        1, use_bias=False, kernel_regularizer="l2", kernel_initializer="ones", **kwargs
    )


def test_a_shared_layer_is_penalized_once_for_its_weights_and_for_each_output():
    a, b, c, d, e = [Input((1,)) for _ in range(5)]
    layer = penalized(Dense, activity_regularizer=lambda y: K.sum(y))
    inner = Model(c, layer(c))
    for model in (
        Model([a, b], add([layer(a), layer(b)])),
        Model([d, e], add([inner(d), inner(e)])),
    ):
        assert len(model.losses) == 3
        model.compile("sgd", "mae")
        x = [np.full((1, 1), 3.0), np.full((1, 1), 4.0)]
        # |7 - 7| + 0.01 * 1 + 3 + 4
        np.testing.assert_allclose(model.test_on_batch(x, np.full((1, 1), 7.0)), 7.01, rtol=1e-6)


def test_losses_of_recurrent_wrappers_are_counted_once_a_weight():
    a, b = Input((2, 1)), Input((2, 1))
    cells = StackedRNNCells([penalized(SimpleRNNCell), penalized(SimpleRNNCell)])
    for layer, count in (
        (Bidirectional(penalized(SimpleRNN)), 2),
        (RNN(cells), 2),
        (Bidirectional(RNN(cells)), 4),
    ):
        model = Model([a, b], add([layer(a), layer(b)]))
        assert len(layer.losses) == len(layer.get_losses_for(None)) == len(model.losses) == count
        assert layer.get_losses_for(a) == []
        total = K.eval(sum(model.losses))
        np.testing.assert_allclose(total, 0.01 * count, rtol=1e-6)


def test_updates_of_a_shared_layer_go_with_the_inputs_of_each_call():
    a, b = Input((3,)), Input((3,))
    layer = BatchNormalization(momentum=0.5)
    model = Model([a, b], add([layer(a), layer(b)]))
    assert len(layer.get_updates_for(a)) == len(layer.get_updates_for(b)) == 2
    assert layer.get_updates_for(None) == []
    model.compile("sgd", "mse")
    model.train_on_batch([np.full((4, 3), 2.0), np.full((4, 3), 8.0)], np.zeros((4, 3)))
    # from 0 by half to 2, and from there by half to 8
    np.testing.assert_allclose(K.eval(layer.moving_mean), [4.5] * 3, rtol=1e-5)


def normalized_dense(x):
    return BatchNormalization()(penalized(Dense, activity_regularizer="l1")(x))


def two_calls():
    a, b, x = Input((4,)), Input((4,)), Input((4,))
    inner = Model(x, normalized_dense(x))
    return Model([a, b], add([inner(a), inner(b)]))


def two_calls_on_one_input():
    a, x = Input((4,)), Input((4,))
    inner = Model(x, normalized_dense(x))
    return Model(a, add([inner(a), inner(a)]))


def a_call_on_a_call():
    a, x = Input((1,)), Input((1,))
    inner = Model(x, normalized_dense(x))
    return Model(a, inner(inner(a)))


def a_layer_called_twice():
    a, b, layer = Input((4,)), Input((4,)), BatchNormalization()
    return Model([a, b], [layer(a), layer(b)])


# Numbers of losses and updates as Keras 2.3.1 gives them.
@pytest.mark.parametrize(
    ("make", "losses", "updates"),
    [
        (two_calls, 3, 4),
        (two_calls_on_one_input, 2, 2),
        (a_call_on_a_call, 3, 4),
        (a_layer_called_twice, 0, 4),
    ],
)
def test_each_call_of_a_model_has_its_losses_and_updates(make, losses, updates):
    model = make()
    assert (len(model.losses), len(model.updates)) == (losses, updates)


def test_a_penalty_within_a_model_for_each_step_counts_once():
    x, steps = Input((1,)), Input((3, 1))
    inner = Model(x, penalized(Dense, activity_regularizer=lambda y: K.sum(y))(x))
    model = Model(steps, TimeDistributed(inner)(steps))
    model.compile("sgd", "mae")
    value = np.array([[[1.0], [2.0], [3.0]]])
    # 0.01 for the weight of 1, and 1 + 2 + 3
    np.testing.assert_allclose(model.test_on_batch(value, value), 6.01, rtol=1e-6)


def test_a_model_called_on_the_same_tensors_gives_the_same_outputs():
    x, a, b = Input((100,)), Input((100,)), Input((100,))
    inner = Model(x, Dropout(0.5)(x))
    model = Model([a, b], [inner(a), inner(a), inner(b)])
    ones = np.ones((2, 100))
    first, again, other = K.function([*model.inputs, K.learning_phase()], model.outputs)(
        [ones, ones, 1]
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("wrap", [lambda x: x, TimeDistributed])
def test_updates_of_a_layer_that_is_frozen_inside_are_no_updates_for_any_input(wrap):
    steps = wrap is TimeDistributed
    a, x = Input((3, 4) if steps else (4,)), Input((4,))
    inner = Model(x, normalized_dense(x))
    outer = Model(a, wrap(inner)(a))
    assert len(outer.get_updates_for(a)) == 2
    inner.layers[-1].trainable = False
    assert outer.updates == outer.get_updates_for(a) == outer.get_updates_for(None) == []


def test_integers_as_initial_states():
    x, start = Input((2, 1)), Input((1,), dtype="int64")
    layer = SimpleRNN(1, activation=None, use_bias=False, recurrent_initializer="ones")
    model = Model([x, start], layer(x, initial_state=start))
    layer.set_weights([np.array([[2.0]]), np.array([[1.0]])])
    # ((3 + 2 * 1) + 2 * 10)
    values = [np.array([[[1.0], [10.0]]]), np.array([[3]])]
    np.testing.assert_allclose(model.predict(values), [[25.0]])


def test_dtypes_of_inputs_and_layers():
    assert K.dtype(Input((2,), dtype="int64")) == "int64"
    assert K.dtype(Input(tensor=K.placeholder((2,), dtype="int64"))) == "int64"
    assert K.dtype(Input(tensor=K.variable(np.arange(3)))) == K.floatx()
    assert K.dtype(Lambda(lambda t: t)(Input((2,), dtype="int64"))) == "int64"
    assert K.dtype(Dense(1, weights=[np.ones((2, 1), "int64")], use_bias=False)(Input((2,)))) == (
        K.floatx()
    )
    assert Dense(1, dtype="float64").dtype == "float64"
    model = Sequential([Dense(1, dtype="float64", input_shape=(2,))])
    assert [K.dtype(x) for x in (model.input, model.output, *model.weights)] == ["float64"] * 4
