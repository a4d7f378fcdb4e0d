"""Signatures: what is equal for programs that differ in their variables and random streams alone.

Two models of one architecture make two such programs, which need compiling once. A signature holds
no tensor, so that it keeps no model alive.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.randomness import has_own_seed
from keras_core.graph.scan.body import Body
from keras_core.graph.spec import Size
from keras_core.graph.tensor import Constant, Placeholder, Tensor, Variable

# Bytes of all constants of a program: who shares it keeps them.
MOST_CONSTANT = 1 << 20

# Of the values of parameters, those that `marshal` writes so that no two are taken for equal.
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})

# Without references, which depend on who else holds an object.
_WITHOUT_REFERENCES = 2


class Signature(NamedTuple):
    """A program's structure, and what may differ between programs of one structure.

    Attributes:
        digest: equal for programs that compute the same of what may differ.
        variables: all variables, in the order of the walk.
        streams: all random streams but those of explicit seeds, in the order of the walk.
    """

    digest: bytes
    variables: tuple[Variable, ...]
    streams: tuple[int, ...]


class _Unlike(Exception):
    """Something cannot be compared with what stands in another program."""


def signature_of(program: Program) -> Signature | None:
    """The signature of a program; None where something in it can be compared with nothing."""
    walk = _Walk()
    try:
        text = marshal.dumps(walk.program(program), _WITHOUT_REFERENCES)
    except _Unlike:
        return None
    digest = blake2b(text, digest_size=32).digest()
    return Signature(digest, tuple(walk.variables), tuple(walk.streams))


class _Walk:
    """Describes each node once, in order; what was described before is told by its number."""

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.streams: dict[int, int] = {}
        self._numbers: dict[Any, int] = {}
        self._uids: dict[int, int] = {}
        self._constant_bytes = 0

    def program(self, program: Program) -> Any:
        inputs = self._refs(program.inputs)
        nodes = [self._node(node) for node in program.nodes]
        outputs = self._refs(program.outputs)
        updates = [(self._ref(v), self._ref(value)) for v, value in program.updates]
        return program.jit_compile, inputs, nodes, outputs, updates

    def _node(self, node: Node) -> Any:
        if node in self._numbers:
            return self._numbers[node]
        inputs = self._refs(node.inputs)
        params = [(name, self._param(name, value)) for name, value in node.params.items()]
        self._uids[node.uid] = self._number(node)
        return node.primitive.name, inputs, params

    def _number(self, thing: Any) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def _ref(self, x: Tensor) -> Any:
        if x.node is not None:
            return self._numbers[x.node], x.index
        number = self._numbers.get(x)
        return self._leaf(x) if number is None else number

    def _leaf(self, x: Tensor) -> Any:
        kind = type(x)
        if kind is Variable:
            self._number(x)
            self.variables.append(x)  # type: ignore[arg-type]
            return "variable", x.dtype, x.shape
        if kind is Placeholder:
            self._uids[x.uid] = self._number(x)  # type: ignore[attr-defined]
            return "placeholder", x.dtype, [self._plain(size) for size in x.sizes]
        if kind is not Constant:
            raise _Unlike
        self._number(x)
        return "constant", x.dtype, x.shape, self._bytes(x.value)  # type: ignore[attr-defined]

    def _bytes(self, array: np.ndarray) -> bytes:
        self._constant_bytes += array.nbytes
        if self._constant_bytes > MOST_CONSTANT:
            raise _Unlike
        return array.tobytes()

    def _param(self, name: str, value: Any) -> Any:
        if name == "stream" and not has_own_seed(value):
            return "stream", self.streams.setdefault(value, len(self.streams))
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is tuple:
            return tuple([self._plain(part) for part in value])
        if kind is Size:
            return "size", self._uid(value.uid), value.output, value.axis
        if kind is Body:
            return self._body(value)
        if isinstance(value, np.generic):
            return "number", value.dtype.str, value.tobytes()
        raise _Unlike

    def _uid(self, uid: int) -> int:
        """The number of what first had a size; a new one where that stands in no program."""
        return self._uids.setdefault(uid, -1 - len(self._uids))

    def _body(self, body: Body) -> Any:
        if body in self._numbers:
            return "body", self._numbers[body]
        count = len(body.sequences), len(body.states)
        inputs = self._refs(body.inputs)
        nodes = [self._node(node) for node in body.nodes]
        results = len(body.new_states), self._refs(body.results)
        return "body", self._number(body), count, inputs, nodes, results

    def _refs(self, tensors: Sequence[Tensor]) -> Any:
        return [self._ref(x) for x in tensors]
