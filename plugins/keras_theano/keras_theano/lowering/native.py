"""Native nodes: functions of Theano's variables that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import theano.tensor as T

from keras_core.graph import Node
from keras_core.plugins.authoring import checked_results
from keras_theano.lowering._common import of_any_size
from keras_theano.ops import Declared


def _native(node: Node, *inputs: Any) -> list[Any]:
    function, backend = node.params["fn"], node.params["backend"]
    if backend != "theano":
        raise NotImplementedError(
            f"The function {function!r} (built by {node.origin}) works on arrays of the backend "
            f"{backend!r}, not on variables of 'theano'; run this model there."
        )
    results = checked_results(node, function(*inputs), _described)
    casted = [T.cast(y, spec.dtype) for y, spec in zip(results, node.specs)]
    return Declared(node)(*casted, return_list=True)


def _described(result: Any) -> tuple[list[None], str]:
    variable = T.as_tensor_variable(result)
    return [None] * variable.ndim, variable.dtype


LOWERINGS: Mapping[str, Any] = {"native": of_any_size(_native)}
