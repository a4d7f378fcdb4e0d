"""Shape rules: what they refuse, and what they say."""

from __future__ import annotations

import pytest

from keras_core.graph import Placeholder
from keras_core.graph import primitives as p

X = Placeholder((2, 3))
ROW = Placeholder((4,))
IMAGE = Placeholder((None, 5, 5, 3))
KERNEL = Placeholder((3, 3, 2, 8))
INTS = Placeholder((2, 3), "int32")
CONV = {"padding": "same", "groups": 1, "data_format": "channels_last"}
CONV.update(strides=(1, 1), dilation=(1, 1))
POOL = {"size": (9, 9), "strides": (1, 1), "data_format": "channels_last"}
NO_PADDING = ((0, 0), (0, 0))

VALUE_ERRORS = {
    "broadcast": (lambda: p.add(X, ROW), r"add: shapes \(2, 3\) and \(4,\) do not broadcast"),
    "axis": (lambda: p.reduce_sum(X, axes=(2,), keepdims=False), r"reduce_sum: axes \(2,\)"),
    "axis twice": (lambda: p.reduce_max(X, axes=(1, 1), keepdims=False), "not distinct axes"),
    "negative axis": (lambda: p.argmax(X, axis=-1), r"argmax: axes \(-1,\)"),
    "elements": (lambda: p.reshape(X, shape=(4,)), r"shape \(2, 3\) has 6 elements, \(4,\) has 4"),
    "left over": (lambda: p.reshape(X, shape=(-1, 4)), r"\(2, 3\) cannot get the shape \(-1, 4\)"),
    "two inferred": (lambda: p.reshape(X, shape=(-1, -1)), "more than one size -1"),
    "missing dims": (lambda: p.reshape(X, shape=(None, 3)), "1 unknown sizes, but 0 tensors"),
    "dims": (lambda: p.reshape(X, ROW, shape=(None, 3)), r"needs a scalar, not .* \(4,\)"),
    "stretch": (lambda: p.broadcast_to(X, shape=(2, 4)), "broadcast_to: shapes"),
    "shrink": (lambda: p.broadcast_to(X, shape=(3,)), "does not broadcast to"),
    "perm": (lambda: p.transpose(X, perm=(0, 0)), r"\(0, 0\) does not order the axes"),
    "widths": (lambda: p.pad(X, widths=((-1, 0), (0, 0)), value=0.0), "pad: widths"),
    "concat": (lambda: p.concat(X, Placeholder((3, 3)), axis=1), "concat: shapes .* do not fit"),
    "concat rank": (lambda: p.concat(X, ROW, axis=0), "concat: needs tensors of one rank"),
    "stack nothing": (lambda: p.stack(axis=0), "stack: needs tensors"),
    "dot": (
        lambda: p.dot(X, X, contract=((1,), (0,)), batch=((), ())),
        r"dot: shapes \(2, 3\) and \(2, 3\) do not fit",
    ),
    "channels": (lambda: p.conv(IMAGE, KERNEL, **CONV), "takes 2 channels, not 3"),
    "filters": (
        lambda: p.conv(IMAGE, Placeholder((3, 3, 1, 8)), **{**CONV, "groups": 3}),
        "8 filters cannot be shared by 3 groups",
    ),
    "rank": (lambda: p.conv(X, KERNEL, **CONV), "does not fit a tensor of shape"),
    "padding": (
        lambda: p.conv(IMAGE, Placeholder((3, 3, 3, 8)), **{**CONV, "padding": "full"}),
        "padding must be 'same' or a pair",
    ),
    "data format": (
        lambda: p.conv(IMAGE, Placeholder((3, 3, 3, 8)), **{**CONV, "data_format": "NHWC"}),
        "data_format must be one of",
    ),
    "window": (lambda: p.max_pool(IMAGE, padding=NO_PADDING, **POOL), "window of 9 does not fit"),
    "strides": (
        lambda: p.avg_pool(IMAGE, padding="same", **{**POOL, "strides": (0, 1)}),
        "must be >= 1",
    ),
    "top_k": (lambda: p.top_k(X, k=4), "cannot take the 4 largest"),
    "slice": (lambda: p.slice(X, index=((None, None, 1),)), "one .start, stop, step. for each"),
    "select": (lambda: p.select(Placeholder((), "bool"), X, ROW), "need one rank"),
    "weights": (
        lambda: p.batch_norm_train(X, ROW, ROW, axes=(0,), epsilon=1e-3),
        r"weights have the shape \(3,\)",
    ),
    "labels": (lambda: p.softmax_cross_entropy(ROW, X, axis=1), "needs tensors of one rank"),
    "squeeze": (lambda: p.squeeze(X, 0), r"axis 0 of shape \(2, 3\) has not the size 1"),
    "expand": (lambda: p.expand_dims(X, 4), "axis 4 is outside of a tensor of rank 3"),
}

TYPE_ERRORS = {
    "mixed": (lambda: p.add(X, INTS), "add: inputs have dtypes float32, int32; cast them"),
    "floats": (lambda: p.exp(INTS), "exp: needs a float tensor, not int32"),
    "divide": (lambda: p.divide(INTS, INTS), "divide: needs a float tensor"),
    "mean": (lambda: p.reduce_mean(INTS, axes=(0,), keepdims=False), "reduce_mean: needs a float"),
    "logic": (lambda: p.logical_and(X, X), "logical_and: needs a bool tensor, not float32"),
    "all": (lambda: p.reduce_all(INTS, axes=(0,), keepdims=False), "reduce_all: needs a bool"),
    "where": (lambda: p.where(X, X, X), "where: needs a bool tensor"),
    "gather": (lambda: p.gather(X, X, axis=0), "gather: needs an integer tensor, not float32"),
    "dtype": (lambda: p.cast(X, dtype="string"), "'string' is not a tensor dtype"),
}


@pytest.mark.parametrize(("build", "message"), VALUE_ERRORS.values(), ids=VALUE_ERRORS)
def test_shapes(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(("build", "message"), TYPE_ERRORS.values(), ids=TYPE_ERRORS)
def test_dtypes(build, message):
    with pytest.raises(TypeError, match=message):
        build()
