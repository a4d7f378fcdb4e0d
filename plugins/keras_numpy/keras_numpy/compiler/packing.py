"""Packs the updates of many small variables into one: a step of an optimizer as a few long calls.

An optimizer does the same arithmetic for each parameter, and on small arrays NumPy's price is the
number of calls. Variables with equal update expressions get their storage in one flat array, and
the expressions become one on flat arrays; the gradients are laid side by side for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import Constant, Node, Program, Tensor, Update, Variable
from keras_core.graph import primitives as p
from keras_core.plugins.authoring import FLOATS, FirstValue, order

# Elements above which a variable's own arithmetic costs more than the calls.
SMALL = 65536


# Tensors that stand at the same place of several equal expressions.
Column = Sequence[Tensor]


class Pack(Variable):
    """A flat variable that stands for several variables, whose storage lies in its own.

    Args:
        members: variables of one dtype.
    """

    def __init__(self, members: Sequence[Variable]) -> None:
        self.members = tuple(members)
        size, dtype = sum(map(_size, members)), members[0].dtype
        super().__init__(FirstValue((size,), dtype, lambda: np.zeros(size)), dtype, "pack")


class Flat:
    """The storage of a pack.

    Args:
        members: the variables that the pack's members stand for.
    """

    def __init__(self, members: Sequence[Variable]) -> None:
        self._members = tuple(members)
        self._views: list[np.ndarray] = []
        self._flat = np.zeros(sum(map(_size, members)), members[0].dtype)
        start = 0
        for member in self._members:
            shape: Any = member.shape
            self._views.append(self._flat[start : start + _size(member)].reshape(shape))
            start += _size(member)

    @property
    def storage(self) -> np.ndarray:
        """The flat array, with the present values of all members, whose storage now lies in it."""
        for member, view in zip(self._members, self._views):
            if member.storage is not view:
                self._take_in(member, view)
        return self._flat

    @staticmethod
    def _take_in(member: Variable, view: np.ndarray) -> None:
        def moved(value: np.ndarray) -> np.ndarray:
            view[...] = value
            return view

        member.move_storage(moved)


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
    signatures = _Signatures()
    found: dict[Any, list[Update]] = {}
    for update in filter(_packable, updates):
        variable = update.variable
        signature = signatures.of(update.value, variable.shape)
        found.setdefault((variable.dtype, signature), []).append(update)
    return [members for members in found.values() if len(members) > 1]


def _packable(update: Update) -> bool:
    variable, value = update
    if variable.dtype not in FLOATS or value.shape != variable.shape or value.node is None:
        return False
    small = variable.ndim > 0 and 1 < _size(variable) < SMALL
    return small and _is_elementwise(value.node, variable.shape)


class _Signatures:
    """Numbers of what two expressions share if they differ in variables and gradients alone.

    A node's signature holds the numbers of its inputs rather than their signatures, which would be
    nested as deep as the expression.
    """

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._known: dict[Any, int] = {}

    def of(self, tensor: Tensor, shape: Any) -> int:
        """The number of an expression for a variable of this shape."""

        def stop(x: Tensor) -> bool:
            return (x.key, shape) in self._known or not _is_joint(x, shape)

        for node in order.topological([tensor], stop):
            inputs = tuple(self._number(x, shape) for x in node.inputs)
            signature = node.primitive.name, tuple(sorted(node.params.items())), inputs
            self._known[(node, 0), shape] = self._number_of(signature)
        return self._number(tensor, shape)

    def _number(self, tensor: Tensor, shape: Any) -> int:
        known = self._known.get((tensor.key, shape))
        return self._number_of(_leaf_signature(tensor, shape)) if known is None else known

    def _number_of(self, signature: Any) -> int:
        return self._numbers.setdefault(signature, len(self._numbers))


def _leaf_signature(tensor: Tensor, shape: Any) -> Any:
    if tensor.shape == () and shape != ():
        return _shared_key(tensor)
    if tensor.shape != shape:
        return tensor.key
    return "variable" if isinstance(tensor, Variable) else "result", tensor.dtype


def _is_joint(tensor: Tensor, shape: Any) -> bool:
    """Whether a flat expression goes on behind the tensor."""
    node = tensor.node
    return tensor.shape == shape and node is not None and _is_elementwise(node, shape)


def _is_elementwise(node: Node, shape: Any) -> bool:
    return node.primitive.elementwise and all(
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

    def _join(self, tensors: Column) -> Tensor:
        """The flat tensor of a column, made after those of the columns that it is computed from."""
        stack = [tensors]
        while stack:
            column = stack[-1]
            waiting = [x for x in _sources(column) if _column_key(x) not in self._flat]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            if _column_key(column) not in self._flat:
                self._flat[_column_key(column)] = self._new_joint(column)
        return self._flat[_column_key(tensors)]

    def _new_joint(self, tensors: Column) -> Tensor:
        first = tensors[0]
        if _is_shared(tensors):
            return first
        if all(isinstance(t, Variable) for t in tensors):
            return self._pack(tensors)  # type: ignore[arg-type]
        columns = _sources(tensors)
        if first.node is None or not columns:
            return p.concat(*(p.reshape(t, shape=(_size(t),)) for t in tensors), axis=0)
        inputs = [self._flat[_column_key(column)] for column in columns]
        return first.node.primitive(*inputs, **first.node.params)


def _sources(tensors: Column) -> list[Column]:
    """The inputs of the nodes that make the tensors: a column of all first ones, and so on."""
    first = tensors[0]
    if first.shape == () or not _is_joint(first, first.shape):
        return []
    return list(zip(*(t.node.inputs for t in tensors)))  # type: ignore[union-attr]


def _is_shared(tensors: Column) -> bool:
    """One number for all members."""
    first = tensors[0]
    return first.shape == () and all(_shared_key(t) == _shared_key(first) for t in tensors)


def _column_key(tensors: Column) -> Any:
    return tuple(tensor.key for tensor in tensors)
