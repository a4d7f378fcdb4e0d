"""A model for each kind of layer, written with what every Keras has, and runs of it elsewhere.

`python model_zoo.py write KERAS FOLDER ENDING` makes the models in another Keras (the name of its
package) and writes their files and predictions; `python model_zoo.py predict KERAS FOLDER ENDING`
reads files and predicts. It imports NumPy and that Keras alone, and is Python 3.7.
"""

# ruff: noqa: UP032
import importlib
import json
import os
import sys
import warnings

import numpy as np


def _layers(keras):
    return keras.layers, keras.models.Sequential, keras.models.Model, keras.layers.Input


def _first(keras, shape, name):
    """What a Sequential begins with; Keras 2.3.1 takes no tensor there."""
    layers, _, _, placeholder = _layers(keras)
    if hasattr(layers, "CuDNNLSTM"):
        return layers.InputLayer(input_shape=shape, name=name)
    return placeholder(shape=shape, name=name)


def _chain(shape, *makers):
    """A function of a Keras that makes a functional model of one path."""

    def make(keras):
        layers, _, model, placeholder = _layers(keras)
        x = placeholder(shape=shape, name="x")
        y = x
        for maker in makers:
            y = maker(layers)(y)
        return model(x, y)

    return make


def _one(shape, name, **options):
    return _chain(shape, lambda layers: getattr(layers, name)(name="tested", **options))


def _merge(name, count=2, shape=(3, 4), **options):
    def make(keras):
        layers, _, model, placeholder = _layers(keras)
        xs = [placeholder(shape=shape, name="x{}".format(i)) for i in range(count)]
        return model(xs, getattr(layers, name)(name="tested", **options)(xs))

    return make


def _sequential(keras):
    layers, sequential, _, _ = _layers(keras)
    return sequential(
        [
            _first(keras, (6,), "x"),
            layers.Dense(5, activation="relu", name="first"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(3, activation="softmax", name="last"),
        ]
    )


def _shared(keras):
    layers, _, model, placeholder = _layers(keras)
    a, b = placeholder(shape=(4,), name="a"), placeholder(shape=(4,), name="b")
    shared = layers.Dense(3, name="shared")
    joined = layers.Concatenate(name="joined")([shared(a), shared(b)])
    return model([a, b], [layers.Dense(2, name="p")(joined), layers.Dense(1, name="q")(joined)])


def _nested(keras, frozen=False):
    layers, sequential, model, placeholder = _layers(keras)
    inner_x = placeholder(shape=(4,), name="inner_x")
    y = layers.Dense(4, name="d1", trainable=not frozen)(inner_x)
    y = layers.BatchNormalization(name="n1")(y)
    inner = model(inner_x, layers.Dense(4, name="d2")(y), name="inner")
    x = placeholder(shape=(4,), name="x")
    chain = sequential(
        [layers.Dense(4, name="c1", activation="tanh", input_shape=(4,))], name="chain"
    )
    return model(x, layers.Add(name="sum")([inner(inner(x)), chain(x)]))


def _recurrent(name, states):
    def make(keras):
        layers, _, model, placeholder = _layers(keras)
        x = placeholder(shape=(5, 3), name="x")
        initial = [placeholder(shape=(4,), name="s{}".format(i)) for i in range(states)]
        layer = getattr(layers, name)(4, return_state=True, name="tested")
        return model([x] + initial, layer(x, initial_state=initial))

    return make


def _cells(keras):
    layers, _, model, placeholder = _layers(keras)
    x = placeholder(shape=(5, 3), name="x")
    cells = [layers.LSTMCell(4), layers.GRUCell(3, reset_after=True), layers.LSTMCell(2)]
    return model(x, layers.RNN(cells, name="tested")(x))


def _one_cell(keras):
    layers, _, model, placeholder = _layers(keras)
    x = placeholder(shape=(5, 3), name="x")
    return model(x, layers.RNN(layers.SimpleRNNCell(4), return_sequences=True, name="tested")(x))


def _bidirectional(inner, **options):
    def make(layers):
        return layers.Bidirectional(
            getattr(layers, inner)(3, return_sequences=True), name="tested", **options
        )

    return _chain((5, 3), make)


def _time_distributed(keras):
    layers, _, model, placeholder = _layers(keras)
    x = placeholder(shape=(5, 3), name="x")
    y = layers.TimeDistributed(layers.Dense(4, activation="tanh"), name="tested")(x)
    return model(x, layers.TimeDistributed(layers.BatchNormalization(), name="norm")(y))


def _masked(keras):
    layers, _, model, placeholder = _layers(keras)
    x = placeholder(shape=(5,), name="words", dtype="int32")
    y = layers.Embedding(7, 4, mask_zero=True, name="tested")(x)
    return model(x, layers.LSTM(3, name="lstm")(y))


def _regularized(keras):
    layers, _, model, placeholder = _layers(keras)
    x = placeholder(shape=(4,), name="x")
    y = layers.Dense(
        3,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.1, seed=3),
        bias_initializer=keras.initializers.Constant(0.5),
        kernel_regularizer=keras.regularizers.l2(0.01),
        bias_regularizer=keras.regularizers.l1(0.02),
        activity_regularizer=keras.regularizers.l2(0.03),
        kernel_constraint=keras.constraints.MaxNorm(2.0),
        name="tested",
    )(x)
    y = layers.Dense(
        3, kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_avg"), name="scaled"
    )(y)
    y = layers.Dense(3, kernel_initializer=keras.initializers.Orthogonal(1.5), name="turned")(y)
    return model(x, layers.Dense(3, kernel_initializer="he_uniform", name="he")(y))


def _first_embedding(keras):
    layers, sequential, _, _ = _layers(keras)
    return sequential(
        [
            _first(keras, (5,), "words"),
            layers.Embedding(7, 3, name="tested"),
            layers.GlobalAveragePooling1D(name="mean"),
        ]
    )


_IMAGE, _FIRST, _ROW, _VOLUME = (7, 8, 3), (3, 7, 8), (8, 3), (5, 6, 4, 2)

ZOO = {
    "sequential": _sequential,
    "first_embedding": _first_embedding,
    "shared": _shared,
    "nested": _nested,
    "nested_frozen": lambda keras: _nested(keras, frozen=True),
    "regularized": _regularized,
    "dense_3d": _one((4, 3), "Dense", units=5, activation="selu"),
    "activation": _one((4,), "Activation", activation="softsign"),
    "hard_sigmoid": _one((4,), "Activation", activation="hard_sigmoid"),
    "dropout": _one((4,), "Dropout", rate=0.3, seed=4),
    "spatial_dropout_1d": _one(_ROW, "SpatialDropout1D", rate=0.3),
    "spatial_dropout_2d": _one(_IMAGE, "SpatialDropout2D", rate=0.3),
    "spatial_dropout_3d": _one(_VOLUME, "SpatialDropout3D", rate=0.3),
    "gaussian_noise": _one((4,), "GaussianNoise", stddev=0.3),
    "gaussian_dropout": _one((4,), "GaussianDropout", rate=0.3),
    "alpha_dropout": _one((4,), "AlphaDropout", rate=0.3),
    "flatten": _one(_IMAGE, "Flatten"),
    "reshape": _one((6, 4), "Reshape", target_shape=(3, -1)),
    "permute": _one((6, 4), "Permute", dims=(2, 1)),
    "repeat": _one((4,), "RepeatVector", n=3),
    "activity": _one((4,), "ActivityRegularization", l1=0.1, l2=0.2),
    "leaky_relu": _chain((4,), lambda layers: layers.LeakyReLU(0.2)),
    "relu": _one((4,), "ReLU", max_value=0.5, negative_slope=0.1, threshold=0.2),
    "elu": _one((4,), "ELU", alpha=0.7),
    "softmax": _one((3, 4), "Softmax", axis=1),
    "prelu": _one((4, 3), "PReLU", shared_axes=[1]),
    "thresholded": _one((4,), "ThresholdedReLU", theta=0.3),
    "conv_1d": _one(_ROW, "Conv1D", filters=4, kernel_size=3, padding="causal", dilation_rate=2),
    "conv_2d": _one(_IMAGE, "Conv2D", filters=4, kernel_size=(2, 3), strides=2, padding="same"),
    "conv_2d_plain": _one(_IMAGE, "Conv2D", filters=4, kernel_size=3, use_bias=False),
    "conv_3d": _one(_VOLUME, "Conv3D", filters=3, kernel_size=2),
    "conv_2d_transpose": _one(
        _IMAGE, "Conv2DTranspose", filters=4, kernel_size=3, strides=2, padding="same"
    ),
    "conv_3d_transpose": _one(_VOLUME, "Conv3DTranspose", filters=3, kernel_size=2, strides=2),
    "depthwise": _one(_IMAGE, "DepthwiseConv2D", kernel_size=3, depth_multiplier=2),
    "separable_1d": _one(_ROW, "SeparableConv1D", filters=4, kernel_size=3),
    "separable_2d": _one(_IMAGE, "SeparableConv2D", filters=4, kernel_size=3, depth_multiplier=2),
    "upsampling_1d": _one(_ROW, "UpSampling1D", size=2),
    "upsampling_2d": _one(_IMAGE, "UpSampling2D", size=(2, 3)),
    "upsampling_bilinear": _one(_IMAGE, "UpSampling2D", size=2, interpolation="bilinear"),
    "upsampling_3d": _one(_VOLUME, "UpSampling3D", size=2),
    "cropping_1d": _one(_ROW, "Cropping1D", cropping=(1, 2)),
    "cropping_2d": _one(_IMAGE, "Cropping2D", cropping=((1, 2), (0, 1))),
    "cropping_3d": _one(_VOLUME, "Cropping3D", cropping=1),
    "padding_1d": _one(_ROW, "ZeroPadding1D", padding=2),
    "padding_2d": _one(_IMAGE, "ZeroPadding2D", padding=(1, 2)),
    "padding_3d": _one(_VOLUME, "ZeroPadding3D", padding=1),
    "max_pooling_1d": _one(_ROW, "MaxPooling1D", pool_size=2),
    "max_pooling_2d": _one(_IMAGE, "MaxPooling2D", pool_size=3, strides=2, padding="same"),
    "max_pooling_3d": _one(_VOLUME, "MaxPooling3D"),
    "average_pooling_1d": _one(_ROW, "AveragePooling1D", pool_size=2, padding="same"),
    "average_pooling_2d": _one(_IMAGE, "AveragePooling2D", pool_size=2),
    "average_pooling_3d": _one(_VOLUME, "AveragePooling3D", pool_size=2),
    "global_max_1d": _one(_ROW, "GlobalMaxPooling1D"),
    "global_max_2d": _one(_IMAGE, "GlobalMaxPooling2D"),
    "global_max_3d": _one(_VOLUME, "GlobalMaxPooling3D"),
    "global_average_1d": _one(_ROW, "GlobalAveragePooling1D"),
    "global_average_2d": _one(_IMAGE, "GlobalAveragePooling2D"),
    "global_average_3d": _one(_VOLUME, "GlobalAveragePooling3D"),
    "local_1d": _one(_ROW, "LocallyConnected1D", filters=4, kernel_size=3),
    "local_2d": _one(_IMAGE, "LocallyConnected2D", filters=4, kernel_size=3),
    "batch_normalization": _one(_IMAGE, "BatchNormalization"),
    "batch_normalization_first": _one(_FIRST, "BatchNormalization", axis=1, scale=False),
    "add": _merge("Add", 3),
    "subtract": _merge("Subtract"),
    "multiply": _merge("Multiply"),
    "average": _merge("Average", 3),
    "maximum": _merge("Maximum"),
    "minimum": _merge("Minimum"),
    "concatenate": _merge("Concatenate", 3, axis=1),
    "dot": _merge("Dot", shape=(4,), axes=1, normalize=True),
    "embedding": _chain((5,), lambda layers: layers.Embedding(7, 4, name="tested")),
    "masked": _masked,
    "masking": _chain(
        (5, 3),
        lambda layers: layers.Masking(0.0, name="tested"),
        lambda layers: layers.GRU(4, name="gru"),
    ),
    "simple_rnn": _one((5, 3), "SimpleRNN", units=4, go_backwards=True),
    "lstm": _one((5, 3), "LSTM", units=4, return_sequences=True),
    "lstm_hard": _one((5, 3), "LSTM", units=4, recurrent_activation="hard_sigmoid"),
    "gru": _one((5, 3), "GRU", units=4),
    "gru_before": _one((5, 3), "GRU", units=4, reset_after=False),
    "lstm_states": _recurrent("LSTM", 2),
    "gru_states": _recurrent("GRU", 1),
    "cells": _cells,
    "one_cell": _one_cell,
    "bidirectional_lstm": _bidirectional("LSTM"),
    "bidirectional_gru": _bidirectional("GRU", merge_mode="ave"),
    "time_distributed": _time_distributed,
    "conv_lstm": _one(
        (3, 6, 7, 2), "ConvLSTM2D", filters=3, kernel_size=3, recurrent_activation="sigmoid"
    ),
    "conv_lstm_hard": _one(
        (3, 6, 7, 2), "ConvLSTM2D", filters=3, kernel_size=3, recurrent_activation="hard_sigmoid"
    ),
}

_WORDS = ("first_embedding", "embedding", "masked")


def arrays_for(name, model, samples=3):
    """Inputs for a model of the zoo, which depend on its name alone."""
    random = np.random.RandomState(sum(map(ord, name)))
    shapes = [tuple(x.shape)[1:] for x in model.inputs]
    if name in _WORDS:
        return [random.randint(0, 7, (samples,) + s).astype("float32") for s in shapes]
    return [random.uniform(-1, 1, (samples,) + s).astype("float32") for s in shapes]


def randomize(name, model):
    """Gives a model weights that depend on its name alone; variances among them are positive."""
    random = np.random.RandomState(len(name))
    model.set_weights(
        [random.uniform(0.05 if w.ndim == 1 else -0.6, 0.6, w.shape) for w in model.get_weights()]
    )


def predicted(model, arrays):
    outputs = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
    return outputs if isinstance(outputs, (list, tuple)) else [outputs]


def _save_arrays(path, inputs, outputs):
    named = {"input{}".format(i): x for i, x in enumerate(inputs)}
    named.update({"output{}".format(i): y for i, y in enumerate(outputs)})
    np.savez(path, **named)


def arrays_in(path, kind):
    with np.load(path) as file:
        return [file["{}{}".format(kind, i)] for i in range(sum(n.startswith(kind) for n in file))]


def _clear(keras):
    clear = getattr(keras.backend, "clear_session", None) or keras.utils.clear_session
    clear()


def _write(keras, folder, ending, name):
    _clear(keras)
    model = ZOO[name](keras)
    randomize(name, model)
    inputs = arrays_for(name, model)
    model.save(os.path.join(folder, name + ending))
    _save_arrays(os.path.join(folder, name + ".npz"), inputs, predicted(model, inputs))


def _predict(keras, folder, ending, name):
    _clear(keras)
    model = keras.models.load_model(os.path.join(folder, name + ending))
    inputs = arrays_in(os.path.join(folder, name + ".npz"), "input")
    _save_arrays(os.path.join(folder, name + ".there.npz"), inputs, predicted(model, inputs))


def main(what, package, folder, ending, names):
    """Does one thing for each model; `failures.json` in the folder has what could not be done."""
    warnings.simplefilter("ignore")
    keras, failures = importlib.import_module(package), {}
    for name in names or list(ZOO):
        try:
            {"write": _write, "predict": _predict}[what](keras, folder, ending, name)
        except Exception as error:
            failures[name] = "{}: {}".format(type(error).__name__, str(error)[:500])
    with open(os.path.join(folder, "failures.json"), "w") as file:
        json.dump(failures, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:5], names=sys.argv[5:])
