"""The table of layers, and helpers on layers."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
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
