"""The table of layers, and helpers on layers."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers
from keras_core.layers import (
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    Input,
)
from keras_core.models import Model, Sequential
from keras_core.utils.layer_utils import (
    convert_all_kernels_in_model,
    convert_dense_weights_data_format,
    count_params,
    get_source_inputs,
)

CHAIN = """\
Model: "sequential_1"
_________________________________________________________________
Layer (type)                 Output Shape              Param #   
=================================================================
dense_1 (Dense)              (None, 2)                 8         
_________________________________________________________________
batch_normalization_1 (Batch (None, 2)                 8         
_________________________________________________________________
dense_2 (Dense)              (None, 1)                 3         
=================================================================
Total params: 19
Trainable params: 15
Non-trainable params: 4
_________________________________________________________________"""  # noqa: W291

SHARED = """\
Model: "model_1"
______________________________________________________________________
Layer (type)          Output Shape   Param # Connected to             
======================================================================
a (InputLayer)        (None, 3)      0                                
______________________________________________________________________
b (InputLayer)        (None, 3)      0                                
______________________________________________________________________
twice (Dense)         (None, 1000)   4000    a[0][0]                  
                                             b[0][0]                  
______________________________________________________________________
join (Concatenate)    (None, 2000)   0       twice[0][0]              
                                             twice[1][0]              
======================================================================
Total params: 4,000
Trainable params: 4,000
Non-trainable params: 0
______________________________________________________________________"""  # noqa: W291


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


def lines_of(model, **kwargs):
    lines = []
    model.summary(print_fn=lines.append, **kwargs)
    return lines


def test_table_of_a_chain():
    model = Sequential([Dense(2, input_shape=(3,)), BatchNormalization(), Dense(1)])
    assert lines_of(model) == CHAIN.split("\n")


def test_table_of_a_graph_with_connections():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    twice = Dense(1000, name="twice")
    model = Model([a, b], Concatenate(name="join")([twice(a), twice(b)]))
    lines = lines_of(model, line_length=70, positions=[22, 37, 45, 70])
    assert lines == SHARED.split("\n")
    assert {len(line) for line in lines_of(model) if line.startswith("_")} == {98}


def test_the_table_goes_to_the_screen(capsys):
    Sequential([Dense(2, input_shape=(3,))]).summary()
    assert capsys.readouterr().out.startswith('Model: "sequential_1"\n___')


def test_a_layer_with_several_shapes():
    layer = Flatten(name="f")
    x, y = Input((2, 3)), Input((4, 3))
    model = Model([x, y], [layer(x), layer(y)])
    assert any(line.split()[2:3] == ["multiple"] for line in lines_of(model))


def test_a_frozen_layer_counts_as_not_trainable():
    model = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
    model.layers[0].trainable = False
    assert lines_of(model)[-4:-1] == [
        "Total params: 11",
        "Trainable params: 3",
        "Non-trainable params: 8",
    ]


def test_a_model_that_is_not_built():
    with pytest.raises(ValueError, match=r"sequential_1 is not built.*build\(input_shape\)"):
        Sequential([Dense(2)]).summary()


# Helpers


def test_count_params_counts_a_variable_once():
    weight = K.variable(np.ones((2, 3)))
    assert count_params([weight, weight, K.variable(1.0)]) == 7


def test_source_inputs():
    a, b = Input((3,)), Input((3,))
    joined = Concatenate()([Dense(2)(a), Dense(2)(b)])
    assert get_source_inputs(joined) == [a, b]
    assert get_source_inputs(a) == [a]
    plain = K.placeholder((2,))
    assert get_source_inputs(plain) == [plain]


def test_kernels_are_reversed_in_place():
    model = Sequential([Conv2D(1, 2, input_shape=(3, 3, 1)), Flatten(), Dense(1)])
    kernel, _, dense, _ = model.get_weights()
    convert_all_kernels_in_model(model)
    np.testing.assert_array_equal(model.get_weights()[0], kernel[::-1, ::-1])
    np.testing.assert_array_equal(model.get_weights()[2], dense)


def test_dense_kernel_for_the_other_data_format():
    images = np.random.RandomState(0).rand(2, 3, 4, 5)
    channels_first = images.transpose(0, 3, 1, 2)
    model = Sequential([Dense(2, input_shape=(60,))])
    kernel, bias = model.get_weights()
    expected = images.reshape(2, -1) @ kernel + bias
    convert_dense_weights_data_format(model.layers[0], (5, 3, 4))
    np.testing.assert_allclose(
        model.predict(channels_first.reshape(2, -1)), expected, rtol=1e-5, atol=1e-6
    )
    convert_dense_weights_data_format(model.layers[0], (3, 4, 5), "channels_last")
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    with pytest.raises(ValueError, match="channels_last"):
        convert_dense_weights_data_format(model.layers[0], (3, 4, 5), "last")


# Costs


def costs_of(model, **kwargs):
    """Multiply-adds and bytes by the layers' names, and of the whole."""
    positions = [40, 90, 110, 140, 170]
    lines = lines_of(model, positions=positions, line_length=170, cost=True, **kwargs)
    rows = [line for line in lines if line[40:41] != "_" and "(" in line[:40]]
    ends = [line.rpartition(": ")[2] for line in lines if "one sample" in line]
    numbers = {line[:40].split(" (")[0]: line[110:170].split() for line in rows[1:]}
    return {**numbers, "whole": ends}


def multiply_adds(model):
    """Of the only layer that counts any."""
    counts = {name: count for name, (count, _) in costs_of(model).items()}
    assert counts.pop("whole") in counts.values()
    (count,) = {count for count in counts.values() if count != "0"}
    return int(count.replace(",", ""))


COSTS = """\
Model: "sequential_1"
________________________________________________________________________________________________
Layer (type)                 Output Shape              Param #    Multiply-adds  Bytes          
================================================================================================
conv2d_1 (Conv2D)            (None, 8, 8, 8)           224        13,824         2,944          
________________________________________________________________________________________________
flatten_1 (Flatten)          (None, 512)               0          0              2,048          
________________________________________________________________________________________________
dense_1 (Dense)              (None, 10)                5130       5,120          20,560         
================================================================================================
Total params: 5,354
Trainable params: 5,354
Non-trainable params: 0
Multiply-adds for one sample: 18,944
Bytes of weights and outputs for one sample: 25,552
________________________________________________________________________________________________"""  # noqa: W291


def test_table_with_costs():
    model = Sequential(
        [Conv2D(8, 3, strides=2, padding="same", input_shape=(16, 16, 3)), Flatten(), Dense(10)]
    )
    assert lines_of(model, cost=True) == COSTS.split("\n")


def test_table_of_a_graph_with_costs():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    twice = Dense(5, name="twice")
    model = Model([a, b], Concatenate(name="join")([twice(a), twice(b)]))
    lines = lines_of(model, cost=True)
    assert {len(line) for line in lines if line.startswith("_")} == {129}
    assert lines[2].split()[-5:] == ["#", "Multiply-adds", "Bytes", "Connected", "to"]
    (row,) = [index for index, line in enumerate(lines) if line.startswith("twice")]
    assert lines[row].split()[-4:] == ["20", "30", "120", "a[0][0]"]
    assert lines[row + 1].split() == ["b[0][0]"]


LAYERS = {
    "dense": (layers.Dense(5), (3,), 3 * 5),
    "dense_on_rows": (layers.Dense(5), (4, 3), 4 * 3 * 5),
    "conv1d": (layers.Conv1D(6, 3, dilation_rate=2), (12, 4), 8 * 6 * 3 * 4),
    "conv1d_causal": (layers.Conv1D(6, 3, padding="causal"), (12, 4), 12 * 6 * 3 * 4),
    "conv2d": (layers.Conv2D(6, (3, 2), strides=2), (9, 9, 4), 4 * 4 * 6 * 3 * 2 * 4),
    "conv2d_first": (
        layers.Conv2D(6, 3, padding="same", data_format="channels_first"),
        (4, 9, 8),
        9 * 8 * 6 * 9 * 4,
    ),
    "conv3d": (layers.Conv3D(2, 3, padding="same"), (4, 5, 6, 3), 4 * 5 * 6 * 2 * 27 * 3),
    "depthwise": (layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 4), 36 * 8 * 9),
    "separable": (layers.SeparableConv2D(5, 3), (8, 8, 4), 36 * (4 * 9 + 4 * 5)),
    "separable1d": (layers.SeparableConv1D(5, 3), (8, 4), 6 * (4 * 3 + 4 * 5)),
    "transposed": (
        layers.Conv2DTranspose(6, 3, strides=2, padding="same"),
        (5, 5, 4),
        5 * 5 * 4 * 9 * 6,
    ),
    "local": (layers.LocallyConnected1D(5, 3), (8, 4), 6 * 3 * 4 * 5),
    "simple_rnn": (layers.SimpleRNN(5), (7, 3), 7 * (3 * 5 + 5 * 5)),
    "lstm": (layers.LSTM(5), (7, 3), 7 * 4 * (3 * 5 + 5 * 5)),
    "lstm_unrolled": (layers.LSTM(5, unroll=True), (7, 3), 7 * 4 * (3 * 5 + 5 * 5)),
    "gru": (layers.GRU(5), (7, 3), 7 * 3 * (3 * 5 + 5 * 5)),
    "conv_lstm": (
        layers.ConvLSTM2D(2, 3, padding="same"),
        (6, 4, 4, 3),
        6 * 4 * 16 * 9 * (3 * 2 + 2 * 2),
    ),
    "bidirectional": (
        layers.Bidirectional(layers.LSTM(5)),
        (7, 3),
        2 * 7 * 4 * (3 * 5 + 5 * 5),
    ),
    "time_distributed": (
        layers.TimeDistributed(layers.Conv2D(2, 3)),
        (6, 4, 4, 3),
        6 * 4 * 2 * 9 * 3,
    ),
    "lambda": (layers.Lambda(lambda x: K.dot(x, K.ones((3, 5)))), (4, 3), 4 * 3 * 5),
    "attention": (
        layers.Lambda(lambda x: K.batch_dot(K.softmax(K.batch_dot(x, x, axes=2)), x)),
        (7, 3),
        7 * 7 * 3 + 7 * 7 * 3,
    ),
    "attention_by_hand": (
        layers.Lambda(lambda x: K.sum(K.softmax(x, axis=1) * x, axis=1)),
        (7, 3),
        7 * 3,
    ),
    "masked_mean": (layers.Lambda(lambda x: K.mean(x * K.ones((7, 1)), axis=1)), (7, 3), 7 * 3),
    "lengths": (layers.Lambda(lambda x: K.l2_normalize(x, axis=-1)), (7, 3), 7 * 3),
    "a_phase": (
        layers.Lambda(
            lambda x: K.in_train_phase(K.dot(x, K.ones((3, 50))), K.dot(x, K.ones((3, 2))))
        ),
        (3,),
        3 * 2,
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_multiply_adds_of_a_layer(name):
    layer, shape, expected = LAYERS[name]
    layer = type(layer).from_config(layer.get_config()) if layer.weights else layer
    x = Input(shape)
    assert multiply_adds(Model(x, layer(x))) == expected


def test_a_lookup_counts_no_multiply_adds_and_holds_its_table():
    model = Sequential([layers.Embedding(100, 8, input_length=7, mask_zero=True, name="e")])
    assert costs_of(model)["e"] == ["0", f"{4 * (100 * 8 + 7 * 8):,}"]


def test_dot_of_two_inputs():
    a, b = Input((4, 3)), Input((5, 3))
    assert multiply_adds(Model([a, b], layers.Dot(axes=2)([a, b]))) == 4 * 5 * 3


def test_products_of_one_layer_that_another_one_sums():
    a, b = Input((7, 3)), Input((7, 1))
    weighted = layers.Multiply(name="weighted")([a, b])
    summed = layers.Lambda(lambda x: K.sum(x, axis=1), name="summed")(weighted)
    costs = costs_of(Model([a, b], summed))
    assert (costs["weighted"][0], costs["summed"][0]) == ("0", str(7 * 3))


def test_a_layer_of_ones_own_and_other_dtypes():
    class Twice(layers.Layer):
        def call(self, inputs):
            return K.dot(K.dot(inputs, K.ones((3, 3))), K.ones((3, 5)))

    x = Input((3,))
    model = Model(x, layers.Lambda(lambda x: K.cast(x, "float64"), name="wide")(Twice()(x)))
    assert multiply_adds(model) == 3 * 3 + 3 * 5
    assert costs_of(model)["wide"] == ["0", "40"]


def test_a_step_of_a_batch_of_fixed_size_is_shared_out():
    model = Sequential([layers.LSTM(4, stateful=True, batch_input_shape=(8, 5, 3), name="l")])
    weights = 4 * (3 * 4 + 4 * 4 + 4)
    assert costs_of(model)["l"] == [str(5 * 4 * (3 * 4 + 4 * 4)), str(4 * (weights + 4))]


def test_layers_that_do_nothing_in_prediction_or_hand_on_their_input():
    x = Input((3,))
    y = layers.Dropout(0.5, name="d")(layers.Activation("linear", name="a")(Dense(2, name="m")(x)))
    costs = costs_of(Model(x, layers.Dropout(0.1, name="last")(y)))
    assert [costs[name][0] for name in ("m", "a", "d", "last")] == ["6", "0", "0", "0"]


def test_what_depends_on_a_size_that_is_not_known():
    model = Sequential(
        [layers.LSTM(4, return_sequences=True, input_shape=(None, 3), name="l"), Dense(2, name="d")]
    )
    assert costs_of(model) == {"l": ["?", "?"], "d": ["?", "?"], "whole": ["?", "?"]}


def test_a_graph_that_refuses_a_batch_of_one():
    pairs = K.ones((8, 3, 2))
    x = Input((3,))
    costs = costs_of(Model(x, layers.Lambda(lambda x: K.batch_dot(x, pairs), name="l")(x)))
    assert costs["l"] == costs["whole"] == ["?", "?"]


def nested():
    """Outer model with a model that it calls twice, on sequences of different lengths."""
    sequence = Input((None, 3))
    inner = Model(sequence, Dense(2, name="out")(layers.LSTM(4, name="lstm")(sequence)), name="in")
    a, b = Input((5, 3)), Input((7, 3))
    return Model([a, b], Dense(1, name="top")(Concatenate(name="join")([inner(a), inner(b)])))


def test_a_nested_model_is_counted_for_each_call_and_its_sizes():
    costs = costs_of(nested(), expand_nested=True)
    lstm = 4 * (3 * 4 + 4 * 4)
    assert costs["| lstm"][0] == f"{12 * lstm:,}"
    assert costs["| out"][0] == str(2 * 4 * 2)
    assert costs["in"][0] == f"{12 * lstm + 16:,}"
    assert costs["whole"][0] == f"{12 * lstm + 16 + 4:,}"
    assert costs_of(nested())["in"] == costs["in"]


@pytest.mark.parametrize("column", [0, 1])
def test_rows_sum_up(column):
    costs = costs_of(nested(), expand_nested=True)
    whole = costs.pop("whole")
    numbers = {name: int(row[column].replace(",", "")) for name, row in costs.items()}
    inner = sum(number for name, number in numbers.items() if name.startswith("|"))
    assert inner == numbers["in"]
    outer = sum(number for name, number in numbers.items() if not name.startswith("|"))
    assert f"{outer:,}" == whole[column]


def test_a_model_of_ones_own():
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.first = Dense(4, name="first")
            self.second = Dense(2, name="second")

        def call(self, inputs):
            return self.second(self.first(self.first(inputs)))

    model = Own()
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((2, 4)), np.zeros((2, 2)))
    assert [costs_of(model)[name][0] for name in ("first", "second", "whole")] == ["32", "8", "40"]
    x = Input((4,))
    costs = costs_of(Model(x, Own()(x)), expand_nested=True)
    assert costs["whole"][0] == "40"
    assert costs["| first"] == []


def test_costs_change_nothing_of_the_model():
    model = Sequential([Dense(2, input_shape=(3,))])
    calls, plain = len(model.layers[0]._inbound_nodes), lines_of(model)
    lines_of(model, cost=True)
    assert len(model.layers[0]._inbound_nodes) == calls
    assert lines_of(model) == plain
