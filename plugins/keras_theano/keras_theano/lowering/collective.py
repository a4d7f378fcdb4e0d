"""Sums over all processes that work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_core.graph import Node
from keras_theano.lowering._common import of_any_size
from keras_theano.ops import Sums


def _all_reduce(node: Node, *inputs: Any) -> Any:
    return Sums(node, [x.broadcastable for x in inputs])(*inputs, return_list=True)


LOWERINGS: Mapping[str, Any] = {"all_reduce": of_any_size(_all_reduce)}
