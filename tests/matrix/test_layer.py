"""The life of a layer: building, calls, weights, losses, masks, nodes and configuration."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers
from keras_core.engine.base_layer import InputSpec, Layer, disable_tracking
from keras_core.layers import Input
from keras_core.models import Model


class Scale(Layer):
    """x * factor, with a factor of one number."""

    def __init__(self, penalty=None, **kwargs):
        super().__init__(**kwargs)
        self.penalty = penalty

    def build(self, input_shape):
        self.factor = self.add_weight(
            name="factor", shape=(1,), initializer="ones", regularizer=self.penalty
        )
        self.built = True

    def call(self, inputs):
        return inputs * self.factor


class Pair(Layer):
    """Two scalings one after the other, to be tracked as inner layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = Scale(name="first")
        self.norm = layers.BatchNormalization(name="norm")

    def call(self, inputs):
        return self.norm(self.first(inputs))


# Names and keywords


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("MyLayer", "my_layer"),
        ("HTTPServer2D", "http_server2d"),
        ("ConvLSTM2D", "conv_lst_m2d"),
        ("PReLU", "p_re_lu"),
        ("_Private", "private__private"),
    ],
)
def test_automatic_names_are_snake_case_and_counted(name, stem):
    made = type(name, (Layer,), {})
    assert [made().name, made(name="q").name, made().name] == [f"{stem}_1", "q", f"{stem}_2"]


def test_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match=r"Scale got unknown keyword\(s\) \['foo'\]"):
        Scale(foo=1)


def test_input_shape_and_batch_size_make_a_batch_shape():
    assert Scale(input_shape=(3,), batch_size=2).batch_input_shape == (2, 3)
    assert Scale(batch_input_shape=(None, 4)).batch_input_shape == (None, 4)


# Calls


def test_a_layer_is_built_once():
    shapes = []

    class Counting(Layer):
        def build(self, input_shape):
            shapes.append(input_shape)
            super().build(input_shape)

    layer = Counting()
    layer(Input((3,)))
    layer(Input((4,)))
    assert shapes == [(None, 3)]


@pytest.mark.parametrize("value", [np.zeros((2, 3)), None, 1.0])
def test_only_tensors_are_taken(value):
    with pytest.raises(ValueError, match=r"scale_1 \(Scale\).*symbolic tensors"):
        Scale()(value)


def test_a_call_that_returns_nothing_is_refused():
    class Forgetful(Layer):
        def call(self, inputs):
            pass

    with pytest.raises(ValueError, match=r"forgetful_1 \(Forgetful\): call returned None"):
        Forgetful()(Input((3,)))


def test_initial_weights():
    layer = Scale(weights=[np.array([5.0])])
    layer(Input((3,)))
    assert layer.get_weights()[0].tolist() == [5.0]


def test_a_layer_that_returns_its_input_gives_another_tensor():
    x = Input((3,))
    y = Layer()(x)
    assert y is not x
    assert x._keras_history[0].name == "input_1"


def test_value_of_a_call():
    x = Input((3,))
    layer = Scale()
    model = Model(x, layer(x))
    layer.set_weights([np.array([2.0])])
    assert model.predict(np.ones((2, 3))).tolist() == [[2.0] * 3] * 2


def test_a_graph_is_freed_when_it_is_dropped():
    layer = Scale()
    layer(Input((3,)))
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None


# Input specifications


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (InputSpec(ndim=3), "3 axes"),
        (InputSpec(max_ndim=1), "at most 1 axes"),
        (InputSpec(min_ndim=3), "at least 3 axes"),
        (InputSpec(axes={-1: 4}), "size 4 on axis -1"),
        (InputSpec(shape=(None, 4)), "size 4 on axis 1"),
        (InputSpec(dtype="int32"), "dtype int32"),
    ],
)
def test_a_refused_input_names_layer_wish_and_shape(spec, wanted):
    layer = Layer(name="picky")
    layer.input_spec = spec
    with pytest.raises(ValueError, match=rf"picky \(Layer\).*{wanted}.*\(None, 3\)"):
        layer(Input((3,)))


def test_number_of_inputs_is_checked():
    layer = Layer(name="picky")
    layer.input_spec = [InputSpec(ndim=2), InputSpec(ndim=2)]
    with pytest.raises(ValueError, match=r"expects 2 input\(s\).*\[\(None, 3\)\]"):
        layer(Input((3,)))


def test_a_shared_layer_keeps_to_the_width_it_was_built_for():
    layer = layers.Dense(2)
    layer(Input((3,)))
    with pytest.raises(ValueError, match=r"dense_1 \(Dense\).*size 3 on axis -1.*\(None, 4\)"):
        layer(Input((4,)))


# Weights


def test_weight_names_have_the_layer_in_front_and_differ():
    class Twins(Layer):
        def build(self, input_shape):
            for name in ("w", "w", "s"):
                self.add_weight(name=name, shape=(2,), initializer="zeros")

    layer = Twins(name="t")
    layer(Input((3,)))
    assert [w.name for w in layer.weights] == ["t/w:0", "t/w_1:0", "t/s:0"]


def test_trainable_moves_weights_between_the_lists():
    layer = layers.BatchNormalization()
    layer(Input((3,)))
    trained = [w.name.split("/")[1] for w in layer.trainable_weights]
    assert trained == ["gamma:0", "beta:0"]
    layer.trainable = False
    assert layer.trainable_weights == []
    assert [w.name.split("/")[1] for w in layer.non_trainable_weights] == [
        "gamma:0",
        "beta:0",
        "moving_mean:0",
        "moving_variance:0",
    ]
    assert layer.updates == []


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((3, 2))], r"dense_1 \(Dense\) has 2 weights of shapes \[\(3, 2\), \(2,\)\]"),
        ([np.ones((3, 2)), np.ones(3)], r"dense_1/bias:0 has shape \(2,\).*\(3,\)"),
    ],
)
def test_set_weights_changes_all_or_nothing(arrays, message):
    layer = layers.Dense(2)
    layer(Input((3,)))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=message):
        layer.set_weights(arrays)
    for old, new in zip(before, layer.get_weights()):
        assert np.array_equal(old, new)


def test_get_weights_copies():
    layer = Scale()
    layer(Input((3,)))
    layer.get_weights()[0][:] = 7
    assert layer.get_weights()[0].tolist() == [1.0]


def test_count_params():
    layer = layers.Dense(4)
    with pytest.raises(RuntimeError, match=r"dense_1 \(Dense\) has no weights to count"):
        layer.count_params()
    layer(Input((3,)))
    assert layer.count_params() == 3 * 4 + 4


def test_constraint_dtype_and_initializer_of_a_weight():
    def halve(w):
        return 0.5 * w

    layer = Layer(name="l")
    weight = layer.add_weight(
        name="w", shape=(2,), dtype="float64", initializer="ones", constraint=halve
    )
    assert (weight.dtype, weight.constraint, K.get_value(weight).tolist()) == (
        "float64",
        halve,
        [1.0, 1.0],
    )


def test_trained_weights_are_floats_whatever_the_inputs_are():
    layer = layers.Embedding(5, 2, dtype="int32")
    layer(Input((3,), dtype="int32"))
    assert layer.weights[0].dtype == "float32"


# Losses, updates, metrics


def value(tensor):
    return float(K.function([], [tensor])([])[0])


def test_a_penalty_depends_on_no_input():
    layer = Scale(penalty=lambda w: 3 * K.sum(w))
    layer(Input((3,)))
    assert [value(x) for x in layer.losses] == [3.0]
    assert layer.get_losses_for(None) == layer.losses


def test_losses_and_updates_are_filed_by_inputs():
    a, b = Input((3,)), Input((3,))
    layer = layers.BatchNormalization()
    layer(a)
    layer(b)
    assert len(layer.updates) == 4
    assert layer.get_updates_for(a) == layer.updates[:2]
    assert layer.get_updates_for([b]) == layer.updates[2:]
    assert layer.get_updates_for(None) == []


def test_activity_losses_are_filed_by_inputs():
    x = Input((3,))
    layer = layers.Dense(2, activity_regularizer="l2")
    layer(x)
    assert layer.get_losses_for(x) == layer.losses
    assert len(layer.losses) == 1


def test_inner_layers_are_part_of_the_outer_one():
    x = Input((3,))
    layer = Pair(name="pair")
    model = Model(x, layer(x))
    assert [w.name for w in layer.trainable_weights] == [
        "pair/first/factor:0",
        "pair/norm/gamma:0",
        "pair/norm/beta:0",
    ]
    assert len(layer.weights) == 5
    assert len(layer.get_updates_for(x)) == 2
    assert len(model.updates) == 2


def test_tracking_can_be_turned_off():
    class Wrapper(Layer):
        @disable_tracking
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = Scale()

    layer = Wrapper()
    layer.other = Scale()
    assert layer._layers == [layer.other]


def test_add_metric_averages_over_batches():
    class Watched(Layer):
        def call(self, inputs):
            self.add_metric(K.sum(inputs), name="total")
            return inputs

    x = Input((2,))
    model = Model(x, Watched()(x))
    model.compile("sgd", "mse")
    data = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert model.metrics_names == ["loss", "total"]
    assert model.evaluate(data, data, batch_size=1, verbose=0) == [0.0, 5.0]


# Masks


def test_a_mask_is_refused_where_it_is_not_supported():
    x = layers.Masking()(Input((3, 2)))
    with pytest.raises(TypeError, match=r"scale_1 \(Scale\) does not support masking"):
        Scale()(x)


def test_a_mask_is_passed_on_and_given_to_call():
    seen = []

    class Passing(Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, inputs, mask=None):
            seen.append(mask)
            return inputs

    x = layers.Masking()(Input((3, 2)))
    y = Passing()(x)
    assert seen == [x._keras_mask]
    assert y._keras_mask is x._keras_mask


# Nodes


def test_attributes_of_a_layer_that_was_never_called():
    layer = Scale()
    for name in ("input", "output", "input_shape", "output_shape", "input_mask", "output_mask"):
        with pytest.raises(AttributeError, match="scale_1"):
            getattr(layer, name)
    with pytest.raises(RuntimeError, match="never called"):
        layer.get_output_at(0)


def test_attributes_of_a_layer_that_was_called_twice():
    layer = Scale()
    a, b = Input((3,)), Input((4,))
    y, z = layer(a), layer(b)
    with pytest.raises(AttributeError, match=r"get_output_at\(node_index\)"):
        layer.output  # noqa: B018
    with pytest.raises(AttributeError, match=r"get_input_shape_at\(node_index\)"):
        layer.input_shape  # noqa: B018
    assert layer.get_input_at(0) is a
    assert layer.get_output_at(0) is y
    assert layer.get_output_at(1) is z
    assert layer.get_output_shape_at(1) == (None, 4)
    assert layer.get_input_mask_at(1) is None
    with pytest.raises(ValueError, match="no output at node 5"):
        layer.get_output_at(5)


def test_nodes_link_the_layers():
    x = Input((3,), name="x")
    first, second = Scale(name="first"), Scale(name="second")
    second(first(x))
    node = second._inbound_nodes[0]
    assert node is first._outbound_nodes[0]
    assert node.get_config() == {
        "outbound_layer": "second",
        "inbound_layers": ["first"],
        "node_indices": [0],
        "tensor_indices": [0],
    }


# Shapes and configuration


def test_output_shape_follows_from_the_graph():
    class Outer(Layer):
        def call(self, inputs):
            return K.expand_dims(K.concatenate([inputs, inputs]), 1)

    assert Outer().compute_output_shape((None, 3)) == (None, 1, 6)
    assert Layer().compute_output_shape((None, 3)) == (None, 3)


def test_output_shape_on_trial_leaves_no_trace():
    layer = Pair()
    assert layer.compute_output_shape((None, 3)) == (None, 3)
    assert (layer.built, layer.weights, layer.updates) == (False, [], [])


def test_a_declared_shape_adds_what_the_graph_does_not_know():
    class Declared(Layer):
        def call(self, inputs):
            return K.reshape(inputs, K.stack([-1, K.shape(inputs)[1]]))

        def compute_output_shape(self, input_shape):
            return (input_shape[0], 3)

    assert K.int_shape(Declared()(Input((3,)))) == (None, 3)


def test_config_round_trip():
    layer = Layer(name="l", trainable=False, batch_input_shape=(None, 3), dtype="float64")
    config = layer.get_config()
    assert config == {
        "name": "l",
        "trainable": False,
        "batch_input_shape": (None, 3),
        "dtype": "float64",
    }
    assert Layer.from_config(config).get_config() == config


# Input


def test_input_shapes():
    assert K.int_shape(Input((3,))) == (None, 3)
    assert K.int_shape(Input(batch_shape=(2, 3))) == (2, 3)
    assert K.int_shape(Input(())) == (None,)
    assert Input((3,), dtype="int32").dtype == "int32"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Input(), AssertionError, "Input needs `shape`"),
        (lambda: Input(3), TypeError, r"shape=\(3,\)"),
        (lambda: Input((3,), dtype="nosuch"), TypeError, "nosuch"),
        (lambda: layers.InputLayer(), ValueError, "needs a shape"),
    ],
)
def test_bad_inputs(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_input_config():
    assert layers.InputLayer(input_shape=(5,)).get_config() == {
        "batch_input_shape": (None, 5),
        "dtype": "float32",
        "sparse": False,
        "name": "input_1",
    }


def test_input_around_a_tensor():
    variable = K.variable(np.array([[1.0, 2.0]]))
    x = Input(tensor=variable)
    assert x is variable
    assert K.int_shape(Scale()(x)) == (1, 2)
