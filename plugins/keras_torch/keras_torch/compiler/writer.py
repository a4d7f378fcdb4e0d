"""What all parts of one generated function share: lines, and names of objects and tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np
import torch

from keras_core.graph import Constant, Node, Variable
from keras_torch.kernel import Lowering

# A tensor of the graph within a text, whose name is known once the text is written.
_MARK = re.compile("\0(\\d+)\0")


class Writer:
    """Collects lines and names; shared by the function and the loops in it.

    Args:
        lowerings: by primitive name.
        device: where tensors are.
        pure: whether the function has to be pure.

    Attributes:
        names: the objects that the code refers to.
        variables: the variables that it refers to by global names.
        body: its lines.
        nodes: the node that a line belongs to, by the line's place.
        buffers: shapes and dtypes, by name, of tensors that are kept from call to call.
        keeps_buffers: whether there may be such.
    """

    def __init__(self, lowerings: Mapping[str, Lowering], device: torch.device, pure: bool) -> None:
        self.lowerings, self.device, self.pure = lowerings, device, pure
        self.names: dict[str, Any] = {"device": device, "empty": torch.empty}
        self.variables: dict[str, Variable] = {}
        self.body: list[str] = []
        self.nodes: dict[int, Node] = {}
        self.draws = False
        self.buffers: dict[str, tuple[tuple[int, ...], torch.dtype]] = {}
        self.keeps_buffers = False
        self._known: dict[int, str] = {}
        self._constants: dict[int, str] = {}
        self._keys: list[Any] = []
        self._count = count()

    def new_name(self, hint: str) -> str:
        return f"{hint}_{next(self._count)}"

    def name_of(self, thing: Any, hint: str = "k") -> str:
        """A name in the function's globals for an object; equal for the same object."""
        name = self._known.get(id(thing))
        if name is None:
            name = self._known[id(thing)] = self.new_name(hint)
            self.names[name] = thing
        return name

    def constant(self, constant: Constant) -> str:
        """The name of a tensor with a constant's value."""
        name = self._constants.get(id(constant))
        if name is None:
            value = torch.from_numpy(np.array(constant.value, order="C")).to(self.device)
            name = self._constants[id(constant)] = self.name_of(value, "c")
        return name

    def mark(self, key: Any) -> str:
        """What stands for a tensor in a text until its name is known."""
        self._keys.append(key)
        return f"\0{len(self._keys) - 1}\0"

    def unmarked(self, text: str, refs: Any) -> str:
        """The text with names in place of marks.

        Args:
            text: the text.
            refs: function of a tensor's key that gives its name.
        """
        return _MARK.sub(lambda mark: refs(self._keys[int(mark.group(1))]), text)

    def line(self, text: str, indent: int, node: Node | None = None) -> None:
        if node is not None:
            self.nodes[len(self.body)] = node
        self.body.append("    " * indent + text)
