"""Writes scans as Python loops over the steps of their bodies.

Rows of sequences are taken apart once, in front of the loop, which is far cheaper than to index at
each step. What is collected is written right into the rows of one tensor, where its kernel can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from keras_core.graph import Node, Tensor
from keras_core.plugins.authoring import Body
from keras_torch.dtypes import dtype_of

if TYPE_CHECKING:
    from keras_torch.compiler.frame import Frame


class Loop:
    """One scan in an outer frame.

    Args:
        outer: where it stands.
        node: the scan.
    """

    def __init__(self, outer: Frame, node: Node) -> None:
        from keras_torch.compiler.frame import Frame

        self.outer, self.node, self.writer = outer, node, outer.writer
        self.body: Body = node.params["body"]
        self.reverse: bool = node.params["reverse"]
        self.sequences, self.initial, self.invariants = self.body.split(node.inputs)
        self.t = self.writer.new_name("t")
        times = (*outer.times, self.t)
        results = self.body.results
        self.frame = Frame(self.writer, self.body.nodes, results, outer.indent + 1, times)
        self.rows: list[tuple[str, str]] = []
        self.lists: dict[Any, str] = {}

    def write(self) -> list[str]:
        """Writes the loop; returns the names of its results."""
        self._bind_inputs()
        states = [self._start(*pair) for pair in zip(self.body.states, self.initial)]
        stacks = self._collect()
        self._head()
        self.frame.write()
        self._end_of_step(states)
        return [*states, *(self._stack(x, stacks) for x in self.body.collected)]

    def _line(self, text: str, inner: int = 0) -> None:
        self.writer.line(text, self.outer.indent + inner, self.node)

    def _bind_inputs(self) -> None:
        for inside, x in zip(self.body.sequences, self.sequences):
            name = self.writer.new_name("r")
            self.rows.append((name, f"{self.outer.ref(x)}.unbind(0)"))
            self.frame.bind(inside.key, name)
        for inside, x in zip(self.body.invariants, self.invariants):
            self.frame.bind(inside.key, self.outer.ref(x))

    def _start(self, state: Tensor, initial: Tensor) -> str:
        name = self.writer.new_name("s")
        self._line(f"{name} = {self.outer.ref(initial)}")
        self.frame.bind(state.key, name)
        return name

    def _collect(self) -> dict[Any, str]:
        """Names of the tensors, or lists, that get the rows, by key of what is collected."""
        into = {key: step.into for step in self.frame.steps for key in step.results}
        stacks: dict[Any, str] = {}
        for x in self.body.collected:
            if x.key in stacks:
                continue
            stacks[x.key] = self.writer.new_name("q")
            if into.get(x.key) and not self.writer.pure and None not in x.shape:
                self._collect_in_place(x, stacks[x.key])
            else:
                self.lists[x.key] = stacks[x.key]
                self._line(f"{stacks[x.key]} = []")
        return stacks

    def _collect_in_place(self, x: Tensor, stack: str) -> None:
        row, dtype = self.writer.new_name("o"), self.writer.name_of(dtype_of(x.dtype), "dtype")
        shape = ", ".join([f"{self.outer.ref(self.sequences[0])}.shape[0]", *map(str, x.shape)])
        self._line(f"{stack} = empty(({shape},), dtype={dtype}, device=device)")
        self.rows.append((row, f"{stack}.unbind(0)"))
        self.frame.targets[x.key] = row

    def _head(self) -> None:
        names, sources = zip(*self.rows)
        if self.reverse:
            sources = tuple(f"reversed({source})" for source in sources)
        rows = f"zip({', '.join(sources)})"
        self._line(f"for {self.t}, ({', '.join(names)},) in enumerate({rows}):")

    def _end_of_step(self, states: list[str]) -> None:
        for x in self.body.collected:
            if x.key in self.lists:
                self._line(f"{self.lists.pop(x.key)}.append({self.frame.ref(x)})", 1)
        news = [self.frame.ref(x) for x in self.body.new_states]
        if states:
            self._line(f"{', '.join(states)} = {', '.join(news)}", 1)
        elif not self.frame.steps:
            self._line("pass", 1)

    def _stack(self, x: Tensor, stacks: dict[Any, str]) -> str:
        name = stacks[x.key]
        if x.key in self.frame.targets:
            return name
        stacked = self.writer.new_name("x")
        rows = f"{name}[::-1]" if self.reverse else name
        join, shape = self.writer.name_of(_joined, "stacked"), tuple(n or 0 for n in x.shape)
        dtype = self.writer.name_of(dtype_of(x.dtype), "dtype")
        self._line(f"{stacked} = {join}({rows}, {shape!r}, {dtype}, device)")
        return stacked


def _joined(
    rows: list[torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Rows as one tensor, which has none where the loop has made no step."""
    if rows:
        return torch.stack(rows)
    return torch.empty((0, *shape), dtype=dtype, device=device)
