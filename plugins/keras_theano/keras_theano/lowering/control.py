"""Choices, the same value under another name, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import theano.tensor as T
from theano.ifelse import ifelse
from theano.printing import Print

from keras_core.graph import PRIMITIVES, Node
from keras_theano.lowering._common import of_any_size, plain


def _same(x: Any) -> Any:
    return x


def _print(node: Node, x: Any) -> Any:
    show: Any = PRIMITIVES["print"].reference
    message = node.params["message"]
    return Print(message, global_fn=lambda op, value: show(value, message))(x)


def _select(node: Node, condition: Any, x: Any, y: Any) -> Any:
    """Only the chosen one is computed."""
    flags = [a and b for a, b in zip(x.broadcastable, y.broadcastable)]
    return ifelse(condition, T.patternbroadcast(x, flags), T.patternbroadcast(y, flags))


LOWERINGS: Mapping[str, Any] = {
    "identity": of_any_size(plain(_same)),
    "print": of_any_size(_print),
    "select": _select,
    "stop_gradient": of_any_size(plain(_same)),
    "where": plain(T.switch),
}
