"""Comparisons and logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import theano.tensor as T

from keras_theano.lowering._common import plain

LOWERINGS: Mapping[str, Any] = {
    "equal": plain(T.eq),
    "greater": plain(T.gt),
    "greater_equal": plain(T.ge),
    "less": plain(T.lt),
    "less_equal": plain(T.le),
    "logical_and": plain(T.and_),
    "logical_not": plain(T.invert),
    "logical_or": plain(T.or_),
    "not_equal": plain(T.neq),
}
