"""Packs the updates of many small variables into one: a step of an optimizer as a few long calls.

An optimizer does the same arithmetic for each parameter, and on small arrays NumPy's price is the
number of calls. Variables with equal update expressions get their storage in one flat array, and
the expressions become one on flat arrays; the gradients are laid side by side for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import hands
from keras_core.graph import primitives as p
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.tensor import FLOATS, Constant, Tensor, Update, Variable

# Elements above which a variable's own arithmetic costs more than the calls.
SMALL = 65536

_FAMILIES = ("elementwise", "comparison")


class Pack(Variable):
    """A flat variable that holds the storage of several variables.

    Args:
        members: variables of one dtype.
    """

    def __init__(self, members: Sequence[Variable]) -> None:
        self.members = tuple(members)
        self._views: list[np.ndarray] = []
        size = sum(_size(member) for member in members)
        super().__init__(np.zeros(size), members[0].dtype, "pack")
        start = 0
        for member in self.members:
            shape: Any = member.shape
            self._views.append(self._flat[start : start + _size(member)].reshape(shape))
            start += _size(member)

    @property
    def storage(self) -> np.ndarray:
        """The flat array, with the present values of all members, whose storage now lies in it."""
        for member, view in zip(self.members, self._views):
            if member.storage is not view:
                self._take_in(member, view)
        return self._flat

    @storage.setter
    def storage(self, value: np.ndarray) -> None:
        self._flat = value

    @staticmethod
    def _take_in(member: Variable, view: np.ndarray) -> None:
        # A value that another thread gives it meanwhile must not be lost.
        with hands.turn:
            view[...] = member.storage
            member.storage = view


class Packer:
    """Packs programs; equal groups of variables share their pack, so that variants agree."""

    def __init__(self) -> None:
        self._packs: dict[tuple[Variable, ...], Pack] = {}

    def __call__(self, program: Program) -> Program:
        """The program with the updates of packs instead of those of their members."""
        classes = _classes(program.updates)
        joint = _Joint(self._packs)
        packed = [joint.update(members) for members in classes]
        if not joint.consistent or not packed:
            return program
        self._packs.update(joint.packs)
        gone = {update.variable for members in classes for update in members}
        kept = [update for update in program.updates if update.variable not in gone]
        return Program(program.inputs, program.outputs, [*kept, *packed])


def _classes(updates: Sequence[Update]) -> list[list[Update]]:
    """Updates of small variables with equal expressions, two or more of them."""
    signatures: dict[Any, Any] = {}
    found: dict[Any, list[Update]] = {}
    for update in filter(_packable, updates):
        variable = update.variable
        signature = _signature(update.value, variable.shape, signatures)
        found.setdefault((variable.dtype, signature), []).append(update)
    return [members for members in found.values() if len(members) > 1]


def _packable(update: Update) -> bool:
    variable, value = update
    if variable.dtype not in FLOATS or value.shape != variable.shape or value.node is None:
        return False
    small = variable.ndim > 0 and 1 < _size(variable) < SMALL
    return small and _is_elementwise(value.node, variable.shape)


def _signature(tensor: Tensor, shape: Any, known: dict[Any, Any]) -> Any:
    """What two expressions share if they differ in variables and gradients alone."""
    key = (tensor.key, shape)
    if key not in known:
        known[key] = _new_signature(tensor, shape, known)
    return known[key]


def _new_signature(tensor: Tensor, shape: Any, known: dict[Any, Any]) -> Any:
    if tensor.shape == () and shape != ():
        return _shared_key(tensor)
    if tensor.shape != shape:
        return tensor.key
    if isinstance(tensor, Variable):
        return "variable", tensor.dtype
    if tensor.node is None or not _is_elementwise(tensor.node, shape):
        return "result", tensor.dtype
    node = tensor.node
    inputs = tuple(_signature(x, shape, known) for x in node.inputs)
    return node.primitive.name, tuple(sorted(node.params.items())), inputs


def _is_elementwise(node: Node, shape: Any) -> bool:
    return node.primitive.family in _FAMILIES and all(
        x.shape == () or x.shape == shape for x in node.inputs
    )


def _shared_key(tensor: Tensor) -> Any:
    if isinstance(tensor, Constant):
        return tensor.dtype, tensor.value.tobytes()
    return tensor.key


def _size(tensor: Tensor) -> int:
    return int(np.prod(tensor.shape))  # type: ignore[arg-type]


class _Joint:
    """Builds one flat expression for several that have equal signatures."""

    def __init__(self, packs: dict[tuple[Variable, ...], Pack]) -> None:
        self.packs = dict(packs)
        self.consistent = True
        self._flat: dict[Any, Tensor] = {}
        self._owner: dict[Variable, tuple[Variable, ...]] = {}

    def update(self, members: Sequence[Update]) -> Update:
        pack = self._pack([update.variable for update in members])
        return Update(pack, self._join([update.value for update in members]))

    def _pack(self, variables: Sequence[Variable]) -> Pack:
        group = tuple(variables)
        for variable in group:
            if self._owner.setdefault(variable, group) != group:
                self.consistent = False
        if group not in self.packs:
            self.packs[group] = Pack(group)
        return self.packs[group]

    def _join(self, tensors: Sequence[Tensor]) -> Tensor:
        key = tuple(tensor.key for tensor in tensors)
        if key not in self._flat:
            self._flat[key] = self._new_joint(tensors)
        return self._flat[key]

    def _new_joint(self, tensors: Sequence[Tensor]) -> Tensor:
        first = tensors[0]
        if first.shape == () and all(_shared_key(t) == _shared_key(first) for t in tensors):
            return first
        if all(isinstance(t, Variable) for t in tensors):
            return self._pack(tensors)  # type: ignore[arg-type]
        node = first.node
        if node is None or not _is_elementwise(node, first.shape) or first.shape == ():
            return p.concat(*(p.reshape(t, shape=(_size(t),)) for t in tensors), axis=0)
        columns = zip(*(t.node.inputs for t in tensors))  # type: ignore[union-attr]
        return node.primitive(*(self._join(column) for column in columns), **node.params)
