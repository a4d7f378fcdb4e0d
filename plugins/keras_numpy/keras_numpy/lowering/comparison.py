"""Comparisons and logic: one ufunc each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_numpy.kernel import Lowering, ufunc

LOWERINGS: Mapping[str, Lowering] = {
    "equal": ufunc(np.equal),
    "greater": ufunc(np.greater),
    "greater_equal": ufunc(np.greater_equal),
    "less": ufunc(np.less),
    "less_equal": ufunc(np.less_equal),
    "logical_and": ufunc(np.logical_and),
    "logical_not": ufunc(np.logical_not),
    "logical_or": ufunc(np.logical_or),
    "not_equal": ufunc(np.not_equal),
}
