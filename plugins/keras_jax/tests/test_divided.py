"""Where a size depends on values, that part of a program runs eagerly, and the rest is compiled."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from keras_core import backend as K
from keras_core.graph import Function, Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.layers import (
    Activation,
    BatchNormalization,
    Conv1D,
    Dense,
    Dropout,
    GlobalMaxPooling1D,
    Input,
    Lambda,
)
from keras_core.models import Model
from keras_core.utils import set_random_seed


def counted(stop):
    """0, 1, ... below a tensor's value."""
    ends = p.scalar(0, "int32"), p.cast(stop, dtype="int32"), p.scalar(1, "int32")
    return p.arange(*ends, dtype="float32")


def total(x):
    return p.reduce_sum(x, axes=tuple(range(x.ndim)), keepdims=False)


def names(programs):
    return [sorted(program.names) for program in programs]


def test_sizes_that_depend_on_values(eager):
    n = Placeholder((), "int32")
    function = Function([n], [counted(n)])
    assert [len(function([size])[0]) for size in (3, 5, 0)] == [3, 5, 0]
    assert names(eager) == [["arange"]] * 3


def test_what_is_around_is_traced_once_for_each_size(traces, eager):
    x, v = Placeholder((None, 4)), Variable(np.ones(4))
    behind = total(p.exp(p.negative(counted(total(x)))))
    new = p.add(v, p.multiply(p.random_uniform(shape=(4,), dtype="float32", stream=3), behind))
    function = Function([x], [p.tanh(x), new], [Update(v, new)])
    results = [function([np.full((2, 4), k / 8, "float32")]) for k in (16, 16, 8)]
    assert names(eager) == [["arange"]] * 3
    whole, before, *after = names(traces)
    assert "arange" in whole and "tanh" in before and "random_uniform" in before
    assert after == [["add", "exp", "multiply", "negative", "reduce_sum"]] * 2
    exact = [np.exp(-np.arange(16.0)).sum(), np.exp(-np.arange(8.0)).sum()]
    steps = np.diff([[1] * 4, *(new for _, new in results)], axis=0)
    assert (steps > 0).all() and (steps[:2] < exact[0]).all() and (steps[2] < exact[1]).all()
    np.testing.assert_array_equal(v.get_value(), results[-1][1])


def test_equals_the_same_that_is_not_compiled_to_the_last_bit():
    results = []
    for jit_compile in (None, False):
        set_random_seed(5)
        x, v = Placeholder((None, 3)), Variable(np.ones(3))
        noise = p.random_normal(shape=(3,), dtype="float32", stream=7)
        row = counted(total(x))
        drawn = p.random_uniform(p.dim(row, axis=0), shape=(None,), dtype="float32", stream=9)
        new = p.maximum(v, noise)
        step = Function([x], [row, drawn, noise, new], [Update(v, new)], jit_compile=jit_compile)
        results.append([y for k in (1, 2, 2) for y in step([np.full((k, 3), 1, "float32")])])
        results[-1].append(v.get_value())
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


def counting(units, jit_compile):
    """A model some of whose samples count as many as a layer says; the others are left out."""

    def weighed(tensors):
        y, counts = tensors
        places = K.cast(K.arange(0, K.cast(K.sum(counts), "int32")), "float32")
        return y * K.mean(K.exp(-places))

    x, counts = Input((8, 3)), Input((1,))
    y = GlobalMaxPooling1D()(Conv1D(units, 3, name="front")(x))
    y = Activation("tanh")(Dense(units)(y))
    y = Lambda(weighed)([y, counts])
    y = Dropout(0.0)(Dense(1)(y))
    model = Model([x, counts], y)
    model.compile("adam", "mse", jit_compile=jit_compile)
    return model


def trained(jit_compile):
    set_random_seed(3)
    draw = np.random.RandomState(0)
    x, counts = draw.rand(40, 8, 3).astype("float32"), draw.randint(1, 3, (40, 1))
    model = counting(4, jit_compile)
    history = model.fit([x, counts], x[:, 0, :1], batch_size=4, epochs=4, verbose=0)
    predicted = model.predict([x[:5], counts[:5]])
    return [*model.get_weights(), history.history["loss"], predicted]


def test_a_model_is_trained_as_without_compiling(traces, eager):
    found = trained(None)
    assert eager and all(run.names == {"arange"} for run in eager)
    assert any("conv" in program.names for program in traces)
    for a, b in zip(found, trained(False)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_within_the_users_own_code_jax_asks_for_what_it_needs():
    n = Input((), dtype="int32")
    model = Model(n, Lambda(lambda n: K.sum(K.arange(0, K.sum(n))) + 0 * n)(n))
    assert model(jax.numpy.asarray([2, 3])).tolist() == [10, 10]
    with pytest.raises(jax.errors.TracerArrayConversionError):
        jax.jit(lambda n: model(n))(jax.numpy.asarray([2, 3]))


def test_variables_that_the_engines_primitives_read_in_another_order(eager):
    """Mean and variance of a BatchNormalization are read the other way round in its parts."""
    x = Input((3,))
    y = BatchNormalization(name="last")(x)
    model = Model(x, Lambda(lambda y: y * K.sum(K.arange(0, K.cast(K.sum(y * 0), "int32") + 3)))(y))
    gamma, beta, mean, variance = np.arange(12, dtype="float32").reshape(4, 3) + 1
    model.get_layer("last").set_weights([gamma, beta, mean, variance])
    found = model.predict(np.ones((2, 3), "float32"))
    assert eager
    wanted = gamma * (1 - mean) / np.sqrt(variance + 1e-3) + beta
    np.testing.assert_allclose(found, [3 * wanted] * 2, rtol=1e-5)
