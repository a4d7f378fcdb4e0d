"""Each option of a layer reaches its config, alone; also through a class of one's own."""

from __future__ import annotations

import inspect

import pytest

from keras_core import layers as L
from keras_core import metrics
from keras_core.layers.convolutional.conv import _Conv

# Something other than the default, for every option of the layers below.
OTHER = {
    "sync": True,
    "units": 3,
    "filters": 3,
    "kernel_size": 3,
    "input_dim": 3,
    "output_dim": 3,
    "activation": "relu",
    "recurrent_activation": "relu",
    "use_bias": False,
    "unit_forget_bias": False,
    "strides": 2,
    "padding": "same",
    "output_padding": 0,
    "data_format": "channels_first",
    "dilation_rate": 2,
    "depth_multiplier": 2,
    "dropout": 0.5,
    "recurrent_dropout": 0.5,
    "implementation": 1,
    "reset_after": True,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "axis": 1,
    "momentum": 0.5,
    "epsilon": 0.5,
    "center": False,
    "scale": False,
    "mask_zero": True,
    "input_length": 7,
    "shared_axes": [1],
    "pool_size": 3,
}
OF_A_FAMILY = {"initializer": "he_normal", "regularizer": "l1_l2", "constraint": "unit_norm"}

LAYERS = [
    (L.Dense, {"units": 2}),
    (L.Embedding, {"input_dim": 2, "output_dim": 2, "batch_input_shape": (None, 7)}),
    (L.BatchNormalization, {}),
    (L.PReLU, {}),
    (L.Conv1D, {"filters": 2, "kernel_size": 2}),
    (L.Conv2D, {"filters": 2, "kernel_size": 2}),
    (L.Conv3D, {"filters": 2, "kernel_size": 2}),
    (L.Conv2DTranspose, {"filters": 2, "kernel_size": 2}),
    (L.Conv3DTranspose, {"filters": 2, "kernel_size": 2}),
    (L.SeparableConv1D, {"filters": 2, "kernel_size": 2}),
    (L.SeparableConv2D, {"filters": 2, "kernel_size": 2}),
    (L.DepthwiseConv2D, {"kernel_size": 2}),
    (L.LocallyConnected2D, {"filters": 2, "kernel_size": 2}),
    (L.MaxPooling1D, {"strides": 1}),
    (L.AveragePooling2D, {"strides": 1}),
    (L.MaxPooling3D, {"strides": 1}),
    (L.GlobalMaxPooling2D, {}),
    (L.SimpleRNNCell, {"units": 2}),
    (L.GRUCell, {"units": 2}),
    (L.LSTMCell, {"units": 2}),
    (L.ConvLSTM2DCell, {"filters": 2, "kernel_size": 2}),
    (L.SimpleRNN, {"units": 2}),
    (L.GRU, {"units": 2}),
    (L.LSTM, {"units": 2}),
    (L.ConvLSTM2D, {"filters": 2, "kernel_size": 2}),
    (L.CuDNNGRU, {"units": 2}),
    (L.CuDNNLSTM, {"units": 2}),
]


ONE_CHOICE = {(L.LocallyConnected2D, "padding")}


def options_of(layer_class):
    return [
        name
        for name, parameter in inspect.signature(layer_class.__init__).parameters.items()
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    ]


def other(option):
    return OTHER[option] if option in OTHER else OF_A_FAMILY[option.rpartition("_")[2]]


# Options that Keras 2.3.1 does not have: the config has them where they are given alone, so that it
# reads the others.
OF_OURS = {(L.BatchNormalization, "sync")}


def changed_by(layer_class, fixed, option):
    """The entries of the config that differ once the option is given."""
    plain = layer_class(name="layer", **fixed).get_config()
    given = layer_class(name="layer", **{**fixed, option: other(option)}).get_config()
    assert list(given) == [*plain, *([option] if (layer_class, option) in OF_OURS else [])]
    return [name for name in given if name not in plain or given[name] != plain[name]]


@pytest.mark.parametrize(
    ("layer_class", "fixed"), LAYERS, ids=[layer_class.__name__ for layer_class, _ in LAYERS]
)
def test_each_option_changes_its_entry_of_the_config_alone(layer_class, fixed):
    for option in options_of(layer_class):
        if (layer_class, option) not in ONE_CHOICE:
            assert changed_by(layer_class, fixed, option) == [option]


class Gated(L.LSTM):
    """An LSTM with one option more, and with a default of its own."""

    def __init__(self, units, floor=0.0, recurrent_activation="hard_sigmoid", **kwargs):
        super().__init__(units, recurrent_activation=recurrent_activation, **kwargs)
        self.floor = floor

    def get_config(self):
        return {**super().get_config(), "floor": self.floor}


class Square(L.Conv2D):
    """A convolution whose window is square and whose stride is fixed."""

    def __init__(self, filters, side=3, **kwargs):
        kwargs.pop("kernel_size", None)
        super().__init__(filters, (side, side), strides=(1, 1), **kwargs)
        self.side = side

    def get_config(self):
        config = {**super().get_config(), "side": self.side}
        config.pop("strides")
        return config


class Strict(metrics.Precision):
    """A precision with another default, given by position."""

    def __init__(self, thresholds=0.9, margin=0.0, **kwargs):
        super().__init__(thresholds, **kwargs)
        self.margin = margin

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}


class Scaled(metrics.MeanMetricWrapper):
    """The mean of scaled errors."""

    def __init__(self, scale=2.0, name="scaled", dtype=None):
        super().__init__(lambda y_true, y_pred, scale: scale * (y_true - y_pred), name, dtype)
        self._fn_kwargs["scale"] = scale


@pytest.mark.parametrize(
    ("make", "entries"),
    [
        (
            lambda: Gated(2, floor=0.5, return_sequences=True),
            {"units": 2, "floor": 0.5, "recurrent_activation": "hard_sigmoid"},
        ),
        (
            lambda: Square(4, side=5, activation="relu"),
            {"filters": 4, "side": 5, "kernel_size": (5, 5), "activation": "relu"},
        ),
        (lambda: Strict(margin=1.0, top_k=2), {"thresholds": 0.9, "margin": 1.0, "top_k": 2}),
        (lambda: Scaled(3.0), {"name": "scaled", "scale": 3.0}),
    ],
    ids=["LSTM", "Conv2D", "Precision", "MeanMetricWrapper"],
)
def test_a_class_of_ones_own_goes_through_its_config(make, entries):
    config = make().get_config()
    assert {name: config[name] for name in entries} == entries
    assert type(make()).from_config(config).get_config() == config


def test_a_users_convolution_gives_its_rank():
    """As packages of the time write it."""

    class Mine(_Conv):
        def __init__(self, filters, kernel_size, **kwargs):
            super().__init__(2, filters, kernel_size, padding="same", **kwargs)

    layer = Mine(3, 2)
    assert layer(L.Input((4, 4, 2))).shape == (None, 4, 4, 3)
    assert layer.get_config()["rank"] == 2 and "rank" not in L.Conv2D(3, 2).get_config()
    assert _Conv.from_config(layer.get_config()).rank == 2
