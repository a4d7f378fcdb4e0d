"""Regularizers against sums worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import regularizers

W = np.array([[1.0, -2.0], [0.5, 0.0]], dtype="float32")


def test_values_and_gradients():
    w = K.variable(W)
    penalty = regularizers.l1_l2(l1=0.1, l2=0.01)(w)
    assert K.eval(penalty) == pytest.approx(0.1 * 3.5 + 0.01 * 5.25)
    gradient = K.eval(K.gradients(penalty, [w])[0])
    np.testing.assert_allclose(gradient, 0.1 * np.sign(W) + 0.02 * W, rtol=1e-5)


def test_one_part_only():
    assert K.eval(regularizers.l1(0.5)(K.constant(W))) == pytest.approx(1.75)
    assert K.eval(regularizers.l2(0.5)(K.constant(W))) == pytest.approx(2.625)
    assert regularizers.L1L2()(K.constant(W)) == 0.0


def test_configuration_round_trip():
    config = regularizers.serialize(regularizers.l1_l2(0.25, 0.5))
    assert config == {"class_name": "L1L2", "config": {"l1": 0.25, "l2": 0.5}}
    assert regularizers.deserialize(config).l2 == 0.5


def test_names():
    assert regularizers.get(None) is None
    assert regularizers.get("l1").l1 == pytest.approx(0.01)
    assert regularizers.get("l2").l2 == pytest.approx(0.01)
    assert isinstance(regularizers.get(regularizers.L1L2), regularizers.L1L2)
    own = lambda x: K.sum(x)  # noqa: E731
    assert regularizers.get(own) is own
    assert regularizers.deserialize("own", custom_objects={"own": own}) is own


@pytest.mark.parametrize("identifier", ["nosuch", 3])
def test_what_is_no_regularizer(identifier):
    with pytest.raises(ValueError, match="regularizer"):
        regularizers.get(identifier)
