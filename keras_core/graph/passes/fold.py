"""Computes what depends on constants and known sizes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_core.graph.evaluate import evaluate
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.scan.body import Body, with_body
from keras_core.graph.tensor import Constant, Shape, Spec, Tensor

# A folded result is kept in memory for good; larger ones are cheaper to make anew.
LARGEST = 65536

_CHOICES = ("select", "where")


def fold(program: Program) -> Program:
    """Constants for nodes whose inputs are constants, known sizes and decided choices."""
    return program.rewritten(fold_node)


def fold_node(node: Node) -> Sequence[Tensor] | None:
    name = node.primitive.name
    if name == "scan":
        return _fold_scan(node)
    if name == "dim" or name == "shape_of":
        return _fold_size(node)
    if name in _CHOICES and isinstance(node.inputs[0], Constant):
        return _fold_choice(node)
    if node.primitive.dims:
        node = _absorb_dims(node) or node
    return _fold_constants(node) or (node.outputs() if node.primitive.dims else None)


def _fold_size(node: Node) -> list[Tensor] | None:
    shape = node.inputs[0].shape
    sizes = shape[node.params["axis"]] if node.primitive.name == "dim" else shape
    known = sizes is not None and (isinstance(sizes, int) or None not in sizes)
    return [Constant(np.array(sizes, "int32"))] if known else None


def _fold_choice(node: Node) -> list[Tensor] | None:
    condition, chosen, other = node.inputs
    assert isinstance(condition, Constant)
    if condition.value.size != 1:
        return None
    branch = chosen if condition.value.all() else other
    if node.primitive.name == "where" and not _fills(branch, node.specs[0].shape):
        return None
    return [branch]


def _fills(tensor: Tensor, shape: Shape) -> bool:
    """Whether it has the shape without being broadcast, whatever sizes are unknown."""
    return tensor.shape == shape and None not in shape


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
    params = dict(node.params, shape=tuple(shape))
    return Node(node.primitive, (*data, *rest), params, node.origin)


def _fold_constants(node: Node) -> list[Tensor] | None:
    foldable = (
        not node.primitive.random
        and node.primitive.name not in ("native", "print", "learning_phase")
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


def _fold_scan(node: Node) -> Sequence[Tensor] | None:
    """The scan with a body that knows what its inputs' shapes and constant invariants tell."""
    body = node.params["body"]
    sequences, states, invariants = body.split(node.inputs)
    slices = [x.spec._replace(shape=x.shape[1:]) for x in sequences]
    folded = body.fitted([*slices, *_state_specs(body, states), *(x.spec for x in invariants)])
    known = {
        x: outer for x, outer in zip(folded.invariants, invariants) if isinstance(outer, Constant)
    }
    return with_body(node, folded.mapped(Rewriter(known, fold_node)))


def _state_specs(body: Body, states: Sequence[Tensor]) -> list[Spec]:
    """A state takes a size only if the step keeps it."""
    specs = []
    for inside, new, outside in zip(body.states, body.new_states, states):
        shape = tuple(a if a is not None else b for a, b in zip(inside.shape, outside.shape))
        kept = all(n is None or n == size for n, size in zip(new.shape, shape))
        specs.append(inside.spec._replace(shape=shape if kept else inside.shape))
    return specs
