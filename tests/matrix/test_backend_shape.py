"""Shapes, joins, lookups and products against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from backend_check import compute, differences, near, slopes, uniform

from keras_core import backend as K

X = uniform(2, 3, 4)
KNOWN = pytest.mark.parametrize("known", [True, False])


def spread(x, factor, axis):
    """Bilinear enlargement of one axis, element by element."""
    size = x.shape[axis]
    parts = []
    for place in range(size * factor):
        here, share = divmod(place, factor)
        a, b = np.take(x, here, axis), np.take(x, min(here + 1, size - 1), axis)
        parts.append(a + (b - a) * share / factor)
    return np.stack(parts, axis)


SHAPES = {
    "reshape": (lambda x: K.reshape(x, (2, 12)), X.reshape(2, 12)),
    "reshape to the rest": (lambda x: K.reshape(x, (-1, 6)), X.reshape(-1, 6)),
    "reshape by a tensor": (
        lambda x: K.reshape(x, K.concatenate([K.shape(x)[:1], K.constant([12], "int32")])),
        X.reshape(2, 12),
    ),
    "reshape by sizes": (
        lambda x: K.reshape(x, (K.shape(x)[0], K.shape(x)[1], 2, 2)),
        X.reshape(2, 3, 2, 2),
    ),
    "flatten": (K.flatten, X.ravel()),
    "batch_flatten": (K.batch_flatten, X.reshape(2, 12)),
    "permute_dimensions": (lambda x: K.permute_dimensions(x, (2, 0, -2)), X.transpose(2, 0, 1)),
    "transpose": (K.transpose, X.T),
    "expand_dims": (lambda x: K.expand_dims(x, 1), X[:, None]),
    "expand_dims at the end": (K.expand_dims, X[..., None]),
    "squeeze": (lambda x: K.squeeze(K.expand_dims(x, 2), 2), X),
    "stack": (lambda x: K.stack([x, x + 1], axis=-1), np.stack([X, X + 1], -1)),
    "concatenate": (lambda x: K.concatenate([x, x], axis=1), np.concatenate([X, X], 1)),
    "repeat_elements": (lambda x: K.repeat_elements(x, 3, -1), np.repeat(X, 3, -1)),
    "repeat": (lambda x: K.repeat(x[:, :, 0], 5), np.repeat(X[:, None, :, 0], 5, 1)),
    "tile": (lambda x: K.tile(x, [1, 2, 3]), np.tile(X, (1, 2, 3))),
    "tile of the last axis": (lambda x: K.tile(x, 2), np.tile(X, 2)),
    "tile by a tensor": (lambda x: K.tile(x, (1, K.shape(x)[0], 1)), np.tile(X, (1, 2, 1))),
    "reverse": (lambda x: K.reverse(x, (0, -1)), X[::-1, :, ::-1]),
    "temporal_padding": (
        lambda x: K.temporal_padding(x, (2, 1)),
        np.pad(X, ((0, 0), (2, 1), (0, 0))),
    ),
    "slice": (lambda x: K.slice(x, [1, 0, 2], [1, 2, -1]), X[1:2, 0:2, 2:]),
    "slice by tensors": (
        lambda x: K.slice(x, K.shape(x)[:1] * 0 + K.constant([0, 1, 1], "int32"), [-1, 2, 3]),
        X[:, 1:3, 1:4],
    ),
    "slice of the size of a tensor": (
        lambda x: K.slice(x, [0, 0, 0], K.shape(x) - 1),
        X[:1, :2, :3],
    ),
    "sizes": (lambda x: K.cast(K.shape(x), "float32") + K.cast(K.size(x), "float32"), [26, 27, 28]),
    "zeros_like": (lambda x: K.zeros_like(x), np.zeros_like(X)),
    "ones_like": (lambda x: K.ones_like(x), np.ones_like(X)),
    "ones of sizes": (lambda x: K.ones((K.shape(x)[0], 5)), np.ones((2, 5))),
}


CONSTANT = {"sizes", "zeros_like", "ones_like", "ones of sizes"}


@pytest.mark.parametrize("name", SHAPES)
@KNOWN
def test_values(name, known):
    build, expected = SHAPES[name]
    near(compute(build, X, known=known), np.asarray(expected, "float32"))


@pytest.mark.parametrize("name", sorted(set(SHAPES) - CONSTANT))
def test_gradient(name):
    def build(x):
        return K.square(SHAPES[name][0](x))

    near(slopes(build, X)[0], differences(build, X)[0], 1e-4)


IMAGE = uniform(2, 3, 4, 2)


@KNOWN
@pytest.mark.parametrize("first", [False, True])
def test_image_sizes(first, known):
    x = IMAGE.transpose(0, 3, 1, 2) if first else IMAGE
    form, rows, columns = ("channels_first", 2, 3) if first else ("channels_last", 1, 2)
    nearest = compute(lambda x: K.resize_images(x, 2, 3, form), x, known=known)
    near(nearest, x.repeat(2, rows).repeat(3, columns))
    bilinear = compute(lambda x: K.resize_images(x, 2, 3, form, "bilinear"), x, known=known)
    near(bilinear, spread(spread(x, 2, rows), 3, columns))
    widths = [(0, 0)] * 4
    widths[rows], widths[columns] = (1, 0), (2, 3)
    padded = compute(lambda x: K.spatial_2d_padding(x, ((1, 0), (2, 3)), form), x, known=known)
    near(padded, np.pad(x, widths))


def test_volume_sizes():
    x = uniform(1, 2, 3, 2, 2)
    volumes = compute(lambda x: K.resize_volumes(x, 2, 1, 3, "channels_last"), x)
    near(volumes, x.repeat(2, 1).repeat(3, 3))
    padded = compute(lambda x: K.spatial_3d_padding(x, ((1, 0), (0, 2), (1, 1))), x)
    near(padded, np.pad(x, ((0, 0), (1, 0), (0, 2), (1, 1), (0, 0))))


def test_gather_and_one_hot():
    table, places = uniform(5, 3), np.array([[4, 0], [1, 1]], "int32")
    near(compute(K.gather, table, places), table[places])
    codes = compute(lambda i: K.one_hot(i, 5), np.array([[4, 0], [9, -1]], "int32"))
    near(codes, np.stack([np.eye(5)[[4, 0]], np.zeros((2, 5))]).astype("float32"))


@pytest.mark.parametrize("arguments", [(5,), (2, 7), (1, 10, 3), (-4,)])
def test_arange(arguments):
    assert K.eval(K.arange(*arguments)).tolist() == list(range(*arguments))


def test_arange_of_tensors():
    got = compute(lambda x: K.arange(0, K.shape(x)[1] * 2, 2), X, known=False)
    assert got.tolist() == [0, 2, 4]


@KNOWN
@pytest.mark.parametrize(
    ("x", "y", "rule"),
    [
        ((2, 3), (3, 4), "ab,bc->ac"),
        ((2, 5, 3), (3, 4), "xab,bc->xac"),
        ((2, 3), (4, 3, 5), "ab,xbc->axc"),
        ((2, 3, 4), (5, 4, 2), "xab,ybc->xayc"),
    ],
)
def test_dot(x, y, rule, known):
    a, b = uniform(*x), uniform(*y, low=-1)
    near(compute(K.dot, a, b, known=known), np.einsum(rule, a, b))


@KNOWN
@pytest.mark.parametrize(
    ("x", "y", "axes", "rule"),
    [
        ((2, 3, 4), (2, 4, 5), None, "nab,nbc->nac"),
        ((2, 3, 4), (2, 5, 4), 2, "nab,ncb->nac"),
        ((2, 4, 3), (2, 5, 4), (1, -1), "nba,ncb->nac"),
        ((2, 4), (2, 3, 4), (1, 2), "nb,nab->na"),
        ((2, 3, 4), (2, 4), None, "nab,nb->na"),
        ((2, 3, 4), (2, 5, 4, 3), None, "nab,ncbd->nacd"),
    ],
)
def test_batch_dot(x, y, axes, rule, known):
    a, b = uniform(*x), uniform(*y, low=-1)
    got = compute(lambda a, b: K.batch_dot(a, b, axes), a, b, known=known)
    near(got, np.einsum(rule, a, b))


def test_batch_dot_of_vectors_keeps_an_axis():
    a, b = uniform(2, 4), uniform(2, 4, low=-1)
    near(compute(lambda a, b: K.batch_dot(a, b, 1), a, b), np.sum(a * b, 1, keepdims=True))


def refuse(build, match, *shapes):
    with pytest.raises(ValueError, match=match):
        build(*(K.placeholder(shape) for shape in shapes))


@pytest.mark.parametrize(
    ("build", "match", "shapes"),
    [
        (K.dot, r"K\.dot needs tensors of rank 2", [(2, 3), (3,)]),
        (K.dot, "dot: shapes .* do not fit", [(2, 3), (4, 3)]),
        (K.batch_dot, "rank 2 or more", [(2,), (2, 3)]),
        (lambda a, b: K.batch_dot(a, b, 1), "differ in size", [(2, 3), (2, 4)]),
        (lambda a, b: K.batch_dot(a, b, (0, 1)), "batch axis", [(2, 3), (2, 4)]),
        (lambda a, b: K.batch_dot(a, b, [[1], [1]]), "int or two ints", [(2, 3), (2, 4)]),
        (lambda x: K.squeeze(x, 1), "has not the size 1", [(2, 3)]),
        (lambda x: K.reshape(x, (4, 2)), "6 elements", [(2, 3)]),
        (lambda x: K.repeat(x, 2), r"\(batch, features\)", [(2, 3, 4)]),
        (lambda x: K.slice(x, [1, 0], [2, 3]), "are not in axis 0", [(2, 3)]),
        (lambda x: K.slice(x, [1], [2, 3]), "for each axis", [(2, 3)]),
        (lambda x: K.stack([x], 4), "axis 4", [(2, 3)]),
        (lambda x: K.temporal_padding(x), "rank 3", [(2, 3)]),
        (lambda x: K.resize_images(x, 2, 2, "channels_last", "cubic"), "'cubic'", [(1, 2, 2, 1)]),
        (lambda: K.concatenate([]), "at least one tensor", []),
    ],
)
def test_refusals(build, match, shapes):
    refuse(build, match, *shapes)


def test_a_slice_that_turns_out_too_short():
    x = K.placeholder((None, 3))
    run = K.function([x], [K.slice(x, [1, 0], [2, 3])])
    assert run([uniform(4, 3)])[0].shape == (2, 3)
    with pytest.raises(Exception, match=r"\b2\b.*gather"):
        run([uniform(2, 3)])
