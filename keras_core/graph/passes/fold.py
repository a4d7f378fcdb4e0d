"""Computes what depends on constants and known sizes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph.evaluate import evaluate
from keras_core.graph.primitive import Node
from keras_core.graph.spec import Size
from keras_core.graph.tensor import Constant, Tensor

# A folded result is kept in memory for good; larger ones are cheaper to make anew.
LARGEST = 65536


def fold_node(node: Node) -> Sequence[Tensor] | None:
    """What stands for the outputs of a node, where something of it can be computed."""
    primitive = node.primitive
    chosen = None if primitive.fold is None else primitive.fold(node)
    if chosen is not None:
        return [chosen]
    if _is_held(node):
        return [Constant(np.array(node.specs[0].held, node.specs[0].dtype))]
    absorbed = _absorb_dims(node) if primitive.dims else None
    return _fold_constants(absorbed or node) or (absorbed.outputs() if absorbed else None)


def _is_held(node: Node) -> bool:
    """Whether the spec says the numbers."""
    held: Any = node.specs[0].held
    if node.primitive.several or not node.primitive.pure or held is None:
        return False
    return not any(type(n) is Size for n in (held if type(held) is tuple else (held,)))


def _absorb_dims(node: Node) -> Node | None:
    """The node with constant sizes moved from its inputs into its `shape`."""
    shape = list(node.params["shape"])
    count = shape.count(None)
    if not count:
        return None
    data, dims = node.inputs[:-count], list(node.inputs[-count:])
    if not any(isinstance(dim, Constant) for dim in dims):
        return None
    places = [i for i, size in enumerate(shape) if size is None]
    for place, dim in zip(places, dims):
        if isinstance(dim, Constant):
            shape[place] = int(dim.value)
    rest = [dim for dim in dims if not isinstance(dim, Constant)]
    return node.with_params((*data, *rest), shape=tuple(shape))


def _fold_constants(node: Node) -> list[Tensor] | None:
    foldable = (
        node.primitive.pure
        and not node.primitive.random
        and all(isinstance(x, Constant) for x in node.inputs)
        and all(_small(spec.shape) for spec in node.specs)
    )
    if not foldable:
        return None
    return [
        Constant(value, spec.dtype) for value, spec in zip(evaluate(node.outputs()), node.specs)
    ]


def _small(shape: Sequence[int | None]) -> bool:
    return None in shape or int(np.prod(shape)) <= LARGEST  # type: ignore[arg-type]
