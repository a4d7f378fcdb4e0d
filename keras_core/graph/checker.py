"""States what a legal program is, apart from the code that builds and rewrites nodes.

Tests run it after every pass.
"""

from __future__ import annotations

from typing import Any

from keras_core.graph.primitive import PRIMITIVES, Node
from keras_core.graph.program import Program
from keras_core.graph.tensor import DTYPES, Constant, Placeholder, Tensor, Variable


def check(program: Program) -> None:
    """Refuses an illegal program.

    Raises:
        AssertionError: naming the node or tensor and the rule that it breaks.
    """
    known: set[Any] = set(program.inputs)
    for node in program.nodes:
        _check_node(node, known)
        known.update(y.key for y in node.outputs())
    for result in program.results:
        _check_known(result, known)
    _check_updates(program)


def _check_node(node: Node, known: set[Any]) -> None:
    assert PRIMITIVES.get(node.primitive.name) is node.primitive, f"{node!r}: unknown primitive"
    for x in node.inputs:
        _check_known(x, known)
        assert x.node is None or x.spec == x.node.specs[x.index], f"{node!r}: {x!r} was changed"
    for value in node.params.values():
        hash(value)
    specs = node.specs_for([x.spec for x in node.inputs])
    assert specs == node.specs, f"{node!r}: says {node.specs}, its rule says {specs}"
    assert all(spec.dtype in DTYPES for spec in specs), f"{node!r}: no such dtype in {specs}"
    assert not node.primitive.phase, f"{node!r}: the phase is not fixed"
    if node.primitive.loop:
        _check_scan(node)


def _check_scan(node: Node) -> None:
    body = node.params["body"]
    assert len(node.inputs) == len(body.inputs), f"{node!r}: inputs do not match its body"
    for outer, inner in zip(body.split(node.inputs)[0], body.sequences):
        assert outer.dtype == inner.dtype and outer.ndim == inner.ndim + 1, f"{node!r}: {inner!r}"
    for old, new in zip(body.states, body.new_states):
        assert old.dtype == new.dtype and old.ndim == new.ndim, f"{node!r}: state {old!r}"
    check(Program(body.inputs, body.results))


def _check_known(tensor: Tensor, known: set[Any]) -> None:
    leaf = isinstance(tensor, (Constant, Variable))
    assert leaf or tensor.key in known, f"{tensor!r} is read before anything makes it"
    assert not isinstance(tensor, Placeholder) or tensor in known, f"{tensor!r} is not fed"


def _check_updates(program: Program) -> None:
    for variable, value in program.updates:
        assert variable.dtype == value.dtype, f"{variable!r} is updated by {value!r}: dtypes differ"
        fits = variable.ndim == value.ndim and all(
            a == b or b is None for a, b in zip(variable.shape, value.shape)
        )
        assert fits, f"{variable!r} is updated by {value!r}: shapes differ"
