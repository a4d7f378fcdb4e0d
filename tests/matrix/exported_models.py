"""Models for the tests of other runtimes: each kind of layer in several configurations."""

from __future__ import annotations

import numpy as np

from keras_core import backend as K
from keras_core import layers as L
from keras_core.models import Model, Sequential

IMAGE, ROWS, STEPS, CUBE = (7, 6, 4), (5,), (6, 4), (5, 4, 4, 2)
FIRST = {"data_format": "channels_first"}


def one(shape, kind, **options):
    """A model of one layer."""

    def make():
        x = L.Input(shape)
        return Model(x, getattr(L, kind)(**options)(x))

    return make


def merged(kind, count=2, shape=STEPS, **options):
    def make():
        xs = [L.Input(shape) for _ in range(count)]
        return Model(xs, getattr(L, kind)(**options)(xs))

    return make


def masked(*makers):
    """A Masking layer and what follows it."""
    return lambda: Sequential([L.Masking(input_shape=STEPS), *(make() for make in makers)])


def wrapped(shape, wrapper, inner, **options):
    def make():
        x = L.Input(shape)
        return Model(x, getattr(L, wrapper)(inner(), **options)(x))

    return make


def mlp():
    return Sequential(
        [
            L.Dense(6, activation="relu", input_shape=ROWS, kernel_constraint="non_neg"),
            L.BatchNormalization(),
            L.Dropout(0.5),
            L.Dense(3, activation="softmax", activity_regularizer="l2"),
        ]
    )


def nested_and_shared():
    inner = Sequential([L.Dense(4, activation="tanh", input_shape=(4,)), L.BatchNormalization()])
    a, b = L.Input((4,)), L.Input((4,))
    return Model([a, b], L.concatenate([inner(a), inner(b), L.Dense(2)(inner(a))]))


def encoder_and_decoder():
    x, y = L.Input(STEPS), L.Input((None, 4))
    _, h, c = L.LSTM(3, return_state=True)(x)
    return Model([x, y], L.LSTM(3, return_sequences=True)(y, initial_state=[h, c]))


def fully_convolutional():
    x = L.Input((None, None, 3))
    y = L.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    y = L.Conv2D(4, 3, dilation_rate=2, padding="same")(L.MaxPooling2D(2, padding="same")(y))
    y = L.Conv2DTranspose(3, 3, strides=2, padding="same")(y)
    y = L.Conv2DTranspose(3, 2, strides=3)(y)
    return Model(x, [y, L.GlobalAveragePooling2D()(y)])


def several_outputs():
    x = L.Input(STEPS)
    return Model(x, [x, L.Dropout(0.5)(x), L.Dense(2)(x)])


def functions():
    x = L.Input(STEPS)
    y = L.Lambda(lambda x: K.l2_normalize(K.cumsum(x, axis=1), axis=-1))(x)
    z = L.Lambda(lambda x: K.reverse(x, 1)[:, ::2] ** 2 - K.max(x, axis=1, keepdims=True))(y)
    return Model(x, [y, L.Lambda(lambda x: K.switch(K.sum(x) > 0, x, -x))(z)])


def words(*makers):
    def make():
        table = L.Embedding(9, 4, mask_zero=True, input_length=6)
        return Sequential([table, *(m() for m in makers)])

    return make


def rnn(kind, **options):
    return one(STEPS, kind, units=3, **options)


MODELS = {
    "mlp": mlp,
    "nested_and_shared": nested_and_shared,
    "encoder_and_decoder": encoder_and_decoder,
    "fully_convolutional": fully_convolutional,
    "several_outputs": several_outputs,
    "functions": functions,
    "dense_on_steps": one(STEPS, "Dense", units=3, use_bias=False),
    **{
        f"activation_{name}": one(STEPS, "Activation", activation=name)
        for name in (
            "elu",
            "exponential",
            "hard_sigmoid",
            "hard_sigmoid_keras3",
            "linear",
            "relu",
            "selu",
            "sigmoid",
        )
        + ("softmax", "softplus", "softsign", "tanh")
    },
    "leaky_relu": one(STEPS, "LeakyReLU", alpha=0.2),
    "prelu": one(IMAGE, "PReLU", shared_axes=[1, 2]),
    "elu": one(STEPS, "ELU"),
    "elu_alpha": one(STEPS, "ELU", alpha=0.5),
    "thresholded_relu": one(STEPS, "ThresholdedReLU", theta=0.3),
    "softmax": one(STEPS, "Softmax"),
    "softmax_first": one(STEPS, "Softmax", axis=1),
    "relu": one(STEPS, "ReLU", max_value=0.7),
    "relu_slope": one(STEPS, "ReLU", max_value=0.7, negative_slope=0.1, threshold=0.2),
    "reshape": one(STEPS, "Reshape", target_shape=(-1, 3, 2)),
    "permute": one(IMAGE, "Permute", dims=(3, 1, 2)),
    "flatten": one(IMAGE, "Flatten"),
    "flatten_first": one(IMAGE, "Flatten", **FIRST),
    "repeat": one(ROWS, "RepeatVector", n=3),
    "activity": one(ROWS, "ActivityRegularization", l1=0.1),
    "noise": one(STEPS, "GaussianNoise", stddev=0.1),
    "gaussian_dropout": one(STEPS, "GaussianDropout", rate=0.1),
    "alpha_dropout": one(STEPS, "AlphaDropout", rate=0.1),
    "spatial_dropout_1d": one(STEPS, "SpatialDropout1D", rate=0.1),
    "spatial_dropout_2d": one(IMAGE, "SpatialDropout2D", rate=0.1),
    "spatial_dropout_3d": one(CUBE, "SpatialDropout3D", rate=0.1),
    # Convolutions
    "conv_1d": one(STEPS, "Conv1D", filters=3, kernel_size=3, padding="same", strides=2),
    "conv_1d_first": one(STEPS, "Conv1D", filters=3, kernel_size=2, **FIRST),
    "conv_1d_causal": one(
        STEPS, "Conv1D", filters=3, kernel_size=2, padding="causal", dilation_rate=2
    ),
    "conv_2d": one(IMAGE, "Conv2D", filters=3, kernel_size=(3, 2), strides=2, padding="same"),
    "conv_2d_dilated": one(IMAGE, "Conv2D", filters=3, kernel_size=2, dilation_rate=(2, 3)),
    "conv_2d_first": one(IMAGE, "Conv2D", filters=3, kernel_size=3, padding="same", **FIRST),
    "conv_3d": one(CUBE, "Conv3D", filters=3, kernel_size=2, activation="relu"),
    "depthwise": one(IMAGE, "DepthwiseConv2D", kernel_size=3, depth_multiplier=2, strides=2),
    "depthwise_dilated": one(IMAGE, "DepthwiseConv2D", kernel_size=2, dilation_rate=2),
    "depthwise_first": one(IMAGE, "DepthwiseConv2D", kernel_size=3, padding="same", **FIRST),
    "separable_1d": one(STEPS, "SeparableConv1D", filters=3, kernel_size=3, padding="same"),
    "separable_2d": one(IMAGE, "SeparableConv2D", filters=3, kernel_size=3, depth_multiplier=2),
    "separable_2d_first": one(IMAGE, "SeparableConv2D", filters=3, kernel_size=3, **FIRST),
    "transpose_2d": one(IMAGE, "Conv2DTranspose", filters=3, kernel_size=3, strides=2),
    "transpose_2d_same": one(
        IMAGE, "Conv2DTranspose", filters=3, kernel_size=4, strides=3, padding="same"
    ),
    "transpose_2d_padded": one(
        IMAGE, "Conv2DTranspose", filters=3, kernel_size=3, strides=2, output_padding=0
    ),
    "transpose_2d_dilated": one(
        IMAGE, "Conv2DTranspose", filters=3, kernel_size=3, dilation_rate=2
    ),
    "transpose_2d_first": one(IMAGE, "Conv2DTranspose", filters=3, kernel_size=3, **FIRST),
    "transpose_3d": one(CUBE, "Conv3DTranspose", filters=3, kernel_size=2, strides=2),
    "local_1d": one(STEPS, "LocallyConnected1D", filters=3, kernel_size=2),
    "local_2d": one(IMAGE, "LocallyConnected2D", filters=3, kernel_size=3),
    "cropping_1d": one(STEPS, "Cropping1D", cropping=(1, 2)),
    "cropping_2d": one(IMAGE, "Cropping2D", cropping=((1, 2), (0, 1))),
    "cropping_3d": one(CUBE, "Cropping3D", cropping=1),
    "padding_1d": one(STEPS, "ZeroPadding1D", padding=(1, 2)),
    "padding_2d": one(IMAGE, "ZeroPadding2D", padding=((1, 2), (0, 1))),
    "padding_3d": one(CUBE, "ZeroPadding3D", padding=1),
    "upsampling_1d": one(STEPS, "UpSampling1D", size=3),
    "upsampling_2d": one(IMAGE, "UpSampling2D", size=(2, 3)),
    "upsampling_2d_smooth": one(IMAGE, "UpSampling2D", interpolation="bilinear"),
    "upsampling_2d_half_pixel": one(IMAGE, "UpSampling2D", interpolation="bilinear_half_pixel"),
    "upsampling_3d": one(CUBE, "UpSampling3D"),
    # Pooling
    "max_pooling_1d": one(STEPS, "MaxPooling1D", padding="same", pool_size=3, strides=2),
    "max_pooling_1d_first": one(STEPS, "MaxPooling1D", **FIRST),
    "max_pooling_2d": one(IMAGE, "MaxPooling2D", padding="same", pool_size=3, strides=2),
    "max_pooling_3d": one(CUBE, "MaxPooling3D"),
    "max_pooling_3d_gaps": one(CUBE, "MaxPooling3D", pool_size=1, strides=3, padding="same"),
    "average_pooling_1d": one(STEPS, "AveragePooling1D", padding="same", pool_size=3, strides=2),
    "average_pooling_2d": one(IMAGE, "AveragePooling2D", padding="same", pool_size=3, strides=2),
    "average_pooling_2d_first": one(IMAGE, "AveragePooling2D", **FIRST),
    "average_pooling_3d": one(CUBE, "AveragePooling3D"),
    "global_max_1d": one(STEPS, "GlobalMaxPooling1D"),
    "global_average_1d": one(STEPS, "GlobalAveragePooling1D"),
    "global_average_1d_first": one(STEPS, "GlobalAveragePooling1D", **FIRST),
    "global_max_2d": one(IMAGE, "GlobalMaxPooling2D"),
    "global_average_2d": one(IMAGE, "GlobalAveragePooling2D"),
    "global_max_3d": one(CUBE, "GlobalMaxPooling3D"),
    "global_average_3d": one(CUBE, "GlobalAveragePooling3D"),
    # Normalization
    "batch_normalization": one(IMAGE, "BatchNormalization"),
    "batch_normalization_first": one(IMAGE, "BatchNormalization", axis=1),
    "batch_normalization_bare": one(ROWS, "BatchNormalization", scale=False, center=False),
    "batch_normalization_cube": one(CUBE, "BatchNormalization"),
    # Merging
    **{
        name.lower(): merged(name, 3)
        for name in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
    },
    "subtract": merged("Subtract"),
    "concatenate_steps": merged("Concatenate", axis=1),
    "dot": merged("Dot", axes=2),
    "dot_normalized": merged("Dot", shape=ROWS, axes=1, normalize=True),
    "dot_images": merged("Dot", shape=IMAGE, axes=(2, 2)),
    # Recurrence
    "simple_rnn": rnn("SimpleRNN", return_sequences=True, activation="relu"),
    "lstm": rnn("LSTM"),
    "lstm_options": rnn(
        "LSTM", return_sequences=True, recurrent_activation="hard_sigmoid", activation="relu"
    ),
    "lstm_backwards": rnn("LSTM", go_backwards=True, use_bias=False, implementation=1),
    "lstm_dropout": rnn("LSTM", dropout=0.2, recurrent_dropout=0.3),
    "lstm_dropout_apart": rnn("LSTM", dropout=0.2, recurrent_dropout=0.3, implementation=1),
    "lstm_unrolled": rnn("LSTM", unroll=True),
    "lstm_other": rnn("LSTM", activation="softsign"),
    "lstm_state": rnn("LSTM", return_state=True, return_sequences=True),
    "lstm_states": rnn("LSTM", return_state=True),
    "gru": rnn("GRU", return_sequences=True),
    "gru_dropout": rnn("GRU", recurrent_dropout=0.3),
    "gru_reset_after": rnn("GRU", reset_after=True),
    "gru_reset_after_bare": rnn("GRU", reset_after=True, use_bias=False),
    "cell": lambda: Sequential([L.RNN(L.GRUCell(3), input_shape=STEPS)]),
    "cells": lambda: Sequential([L.RNN([L.LSTMCell(3), L.GRUCell(2)], input_shape=STEPS)]),
    "conv_lstm": one((3, *IMAGE), "ConvLSTM2D", filters=2, kernel_size=3, padding="same"),
    "conv_lstm_steps": one(
        (3, *IMAGE), "ConvLSTM2D", filters=2, kernel_size=2, return_sequences=True, strides=2
    ),
    "bidirectional": wrapped(STEPS, "Bidirectional", lambda: L.LSTM(3)),
    "bidirectional_sum": wrapped(
        STEPS, "Bidirectional", lambda: L.GRU(3, return_sequences=True), merge_mode="sum"
    ),
    "time_distributed": wrapped(STEPS, "TimeDistributed", lambda: L.Dense(3)),
    "time_distributed_conv": wrapped((3, *IMAGE), "TimeDistributed", lambda: L.Conv2D(2, 3)),
    # Masks
    "masking": masked(),
    "masked_lstm": masked(lambda: L.LSTM(3, return_sequences=True), lambda: L.Dense(2)),
    "masked_gru": masked(lambda: L.GRU(3)),
    "masked_steps": masked(lambda: L.TimeDistributed(L.Dense(2)), lambda: L.SimpleRNN(3)),
    "masked_both_ways": masked(lambda: L.Bidirectional(L.LSTM(3, return_sequences=True))),
    "masked_average": masked(lambda: L.GlobalAveragePooling1D()),
    "masked_softmax": masked(lambda: L.Softmax(), lambda: L.LSTM(2)),
    "embedding": words(),
    "embedded_lstm": words(lambda: L.LSTM(3), lambda: L.Dense(2)),
}


def model_of(name):
    """The model with weights of all kinds, variances positive."""
    K.clear_session()
    model = MODELS[name]()
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 0.9, np.shape(w)) for w in model.get_weights()])
    return model


def arrays_of(model, rows=3, size=6):
    """Inputs for it; the second half of the steps is 0 in the first sample."""
    random = np.random.RandomState(1)
    arrays = []
    for x in model.inputs:
        shape = (rows, *(n or size for n in K.int_shape(x)[1:]))
        if isinstance(model.layers[0], L.Embedding):
            array = random.randint(0, 9, shape).astype(K.dtype(x))
        else:
            array = random.uniform(-1, 1, shape).astype(K.dtype(x))
        array[0, shape[1] // 2 :] = 0
        arrays.append(array)
    return arrays


def outputs_of(model, arrays):
    """The predictions, as a list."""
    predicted = model.predict(arrays, batch_size=len(arrays[0]))
    return predicted if isinstance(predicted, list) else [predicted]
