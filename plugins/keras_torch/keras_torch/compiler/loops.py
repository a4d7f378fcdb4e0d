"""Writes scans as Python loops over the steps of their bodies.

Rows of sequences are taken apart once, in front of the loop, which is far cheaper than to index at
each step. What is collected is written right into the rows of one tensor, where its kernel can.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        self.outer, self.node, self.writer = outer, node, outer.writer
        self.body: Body = node.params["body"]
        self.reverse: bool = node.params["reverse"]
        self.sequences, self.initial, self.invariants = self.body.split(node.inputs)
        self.t = self.writer.new_name("t")
        self.frame = outer.within(self.body.nodes, self.body.results, self.t)
        self.rows: list[tuple[str, str]] = []
        self.lists: dict[Any, Tensor] = {}
        self.into = {
            key
            for step in self.frame.steps
            for key in step.results
            if step.into and not self.writer.pure
        }
        self.stacks: dict[Any, str] = {}

    @property
    def is_buffered(self) -> bool:
        """Whether what is collected has memory that is kept for the next call: large tensors that
        are new to a process take longer to be written the first time."""
        steps = self.sequences[0].shape[0]
        return self.writer.keeps_buffers and not self.outer.times and bool(steps)

    def passed_on(self, index: int) -> Sequence[Tensor]:
        """The inputs whose memory a result may share."""
        if index >= len(self.body.states):
            return ()
        if not self.frame.is_made(self.body.new_states[index].key):
            return self.node.inputs
        return () if self.sequences[0].shape[0] else (self.initial[index],)

    def write(self) -> list[str]:
        """Writes the loop; returns the names of its results."""
        self._bind_inputs()
        news = self.body.new_states
        states = [self._start(*all) for all in zip(self.body.states, news, self.initial)]
        self._collect()
        self._head()
        self.frame.write()
        self._end_of_step(states)
        return [*states, *(self._stack(x) for x in self.body.collected)]

    def _line(self, text: str, inner: int = 0) -> None:
        self.writer.line(text, self.outer.indent + inner, self.node)

    def _bind_inputs(self) -> None:
        for inside, x in zip(self.body.sequences, self.sequences):
            name = self.writer.new_name("r")
            self.rows.append((name, f"{self.outer.ref(x)}.unbind(0)"))
            self.frame.bind(inside.key, name)
        for inside, x in zip(self.body.invariants, self.invariants):
            self.frame.bind(inside.key, self.outer.ref(x))

    def _start(self, state: Tensor, new: Tensor, initial: Tensor) -> str:
        name = self.writer.new_name("s")
        self.frame.bind(state.key, name)
        if self._is_tracked(state, new):
            self._track(state, new, self.outer.ref(initial), name)
        else:
            self._line(f"{name} = {self.outer.ref(initial)}")
        return name

    def _is_tracked(self, state: Tensor, new: Tensor) -> bool:
        """Whether the states before all steps are asked for, and a step can write the next one."""
        collected = {x.key for x in self.body.collected}
        is_free = state.key not in self.stacks and new.key not in self.frame.targets
        can = new.key in self.into and state.spec == new.spec and None not in new.shape
        return state.key in collected and is_free and can

    def _track(self, state: Tensor, new: Tensor, initial: str, name: str) -> None:
        """Keeps the state in rows of one tensor; each step reads one row and writes the next."""
        track, rows, row = (self.writer.new_name(hint) for hint in "qwo")
        self._new_rows(track, new, " + 1")
        turned = "[::-1]" if self.reverse else ""
        self._line(f"{rows} = {track}.unbind(0){turned}")
        self._line(f"{name} = {rows}[0].copy_({initial})")
        self.rows.append((row, f"{rows}[:0:-1]" if self.reverse else f"{rows}[1:]"))
        self.frame.targets[new.key] = row
        front, back = f"{track}[:-1]", f"{track}[1:]"
        before, after = (back, front) if self.reverse else (front, back)
        self.stacks[state.key] = before
        self.stacks.setdefault(new.key, after)

    def _collect(self) -> None:
        """Finds the tensors, or lists, that get the rows of what is collected."""
        for x in self.body.collected:
            if x.key in self.stacks:
                continue
            self.stacks[x.key] = self.writer.new_name("q")
            if x.key in self.into and None not in x.shape:
                self._collect_in_place(x, self.stacks[x.key])
            else:
                self.lists[x.key] = x
                self._line(f"{self.stacks[x.key]} = []")

    def _collect_in_place(self, x: Tensor, stack: str) -> None:
        row = self.writer.new_name("o")
        self._new_rows(stack, x)
        self.rows.append((row, f"{stack}.unbind(0)"))
        self.frame.targets[x.key] = row

    def _new_rows(self, name: str, x: Tensor, more: str = "") -> None:
        """A tensor with a row for each step."""
        if self.is_buffered:
            steps: Any = self.sequences[0].shape[0]
            shape: Any = (steps + bool(more), *x.shape)
            self.writer.buffers[name] = shape, dtype_of(x.dtype)
            return
        dtype = self.writer.name_of(dtype_of(x.dtype), "dtype")
        steps = f"{self.outer.ref(self.sequences[0])}.shape[0]{more}"
        shape = ", ".join([steps, *map(str, x.shape)])
        self._line(f"{name} = empty(({shape},), dtype={dtype}, device=device)")

    def _head(self) -> None:
        names, sources = zip(*self.rows)
        if self.reverse:
            sources = tuple(f"reversed({source})" for source in sources)
        rows = f"zip({', '.join(sources)})"
        self._line(f"for {self.t}, ({', '.join(names)},) in enumerate({rows}):")

    def _end_of_step(self, states: list[str]) -> None:
        for x in self.lists.values():
            self._line(f"{self.stacks[x.key]}.append({self.frame.ref(x)})", 1)
        news = [self.frame.ref(x) for x in self.body.new_states]
        if states:
            self._line(f"{', '.join(states)} = {', '.join(news)}", 1)
        elif not self.frame.steps:
            self._line("pass", 1)

    def _stack(self, x: Tensor) -> str:
        name = self.stacks[x.key]
        if x.key not in self.lists:
            return name if name.isidentifier() else self._named(name)
        rows = f"{name}[::-1]" if self.reverse else name
        join, shape = self.writer.name_of(_joined, "stacked"), tuple(n or 0 for n in x.shape)
        dtype = self.writer.name_of(dtype_of(x.dtype), "dtype")
        return self._named(f"{join}({rows}, {shape!r}, {dtype}, device)")

    def _named(self, text: str) -> str:
        name = self.writer.new_name("x")
        self._line(f"{name} = {text}")
        return name


def _joined(
    rows: list[torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Rows as one tensor, which has none where the loop has made no step."""
    if rows:
        return torch.stack(rows)
    return torch.empty((0, *shape), dtype=dtype, device=device)
