"""Writes scans as Python loops over a compiled body.

A state that is collected lives in the rows of one array of steps + 1 rows, so that a step reads one
row and writes the next; other states alternate between two buffers. Collected results are computed
right into their rows. A matrix that each step would read transposed, at a price, is copied before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core.graph import Node, Tensor
from keras_core.plugins.authoring import Body

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame

# Steps from which on the copy of a matrix costs less than reading it transposed in each.
_MANY_STEPS = 8


def write_loop(outer: Frame, node: Node) -> None:
    """Writes one scan and binds its outputs in the outer frame."""
    _Loop(outer, node).write()


class _Loop:
    def __init__(self, outer: Frame, node: Node) -> None:
        self.outer, self.node = outer, node
        self.writer = outer.writer
        self.body: Body = node.params["body"]
        self.reverse: bool = node.params["reverse"]
        sequences, self.initial, self.invariants = self.body.split(node.inputs)
        self.sequences = sequences
        self.steps = sequences[0].shape[0]
        self.t = self.writer.new_name("t")
        self.frame = outer.within(self.body.nodes, self.body.results, self.steps)
        self.copies: list[tuple[str, Tensor]] = []
        self.before: list[str] = []
        self.swaps: list[str] = []
        self.tracks = self._tracks()

    def _tracks(self) -> dict[int, str]:
        """For each state that is collected, the name of its array of steps + 1 rows."""
        collected = {x.key for x in self.body.collected}
        tracks: dict[int, str] = {}
        claimed = set()
        for i, (state, new) in enumerate(zip(self.body.states, self.body.new_states)):
            wanted = state.key in collected or (new.key in collected and new.key not in claimed)
            if wanted and state.key not in claimed:
                claimed |= {state.key, new.key}
                tracks[i] = self._take((self.steps + 1, *state.shape), state.dtype)
        return tracks

    def _take(self, shape: Any, dtype: str) -> str:
        return self.outer.take(self.node, shape, dtype)

    def write(self) -> None:
        self._bind_inputs()
        copies = self._copy_steady()
        states = [self._start_state(i) for i in range(len(self.body.states))]
        stacks = self._collect()
        line, indent = self.writer.line, self.outer.indent
        span = f"range({self.steps} - 1, -1, -1)" if self.reverse else f"range({self.steps})"
        line(f"for {self.t} in {span}:", indent, self.node)
        for text in self.before or ["pass"]:
            line(text, indent + 1)
        self.frame.write()
        for target, tensor in self.copies:
            line(f"copyto({target}, {self.frame.ref(tensor)})", indent + 1)
        for text in self.swaps:
            line(text, indent + 1)
        self.frame.free_results()
        for name in copies:
            self.writer.memory.give_back(name)
        self._bind_outputs(states, stacks)

    def _bind_inputs(self) -> None:
        for inside, x in zip(self.body.sequences, self.sequences):
            name = self.writer.new_name("x")
            self.before.append(f"{name} = {_row(self.outer.ref(x), self.t, inside)}")
            self.frame.bind(inside, name)
        for inside, x in zip(self.body.invariants, self.invariants):
            self.frame.bind(inside, self.outer.ref(x))

    def _copy_steady(self) -> list[str]:
        """Copies what is better read from a copy in all steps; returns the names of the copies."""
        made: dict[Any, str] = {}
        invariants = {x.key for x in self.body.invariants}
        for node, kernel in self.frame.kernels.items():
            steady = kernel.steady
            if steady is None or self.steps < _MANY_STEPS:
                continue
            x = node.inputs[steady.input]
            if x.key not in invariants:
                continue
            if (x.key, steady) not in made:
                name = made[x.key, steady] = self.writer.memory.take(steady.shape, x.dtype)
                whole = steady.expression.format(self.frame.ref(x))
                self.writer.line(f"copyto({name}, {whole})", self.outer.indent, self.node)
            self.frame.copied[node] = made[x.key, steady]
        return [*made.values()]

    def _start_state(self, i: int) -> str:
        """Binds a state; returns the name that holds it after the loop."""
        state, new = self.body.states[i], self.body.new_states[i]
        name, following = self.writer.new_name("s"), self.writer.new_name("n")
        initial = self.outer.ref(self.initial[i])
        line, indent = self.writer.line, self.outer.indent
        if i in self.tracks:
            self._track_state(i, name, following, initial)
        else:
            spare = self.writer.new_name("m")
            line(f"{following} = {self._take(state.shape, state.dtype)}", indent)
            line(f"{spare} = {self._take(state.shape, state.dtype)}", indent)
            if not self.steps:
                # The final state is the initial one, but must not share its memory.
                line(f"copyto({spare}, {initial})", indent)
                initial = spare
            line(f"{name} = {initial}", indent)
            self.swaps.append(f"{name} = {following}; {following}, {spare} = {spare}, {following}")
        self.frame.bind(state, name)
        self._aim(new, following)
        return name

    def _track_state(self, i: int, name: str, following: str, initial: str) -> None:
        track, state = self.tracks[i], self.body.states[i]
        first, then = (self.steps, self.t) if self.reverse else (0, f"{self.t} + 1")
        line, indent = self.writer.line, self.outer.indent
        line(f"{name} = {_row(track, first, state)}", indent)
        line(f"copyto({name}, {initial})", indent)
        self.before.append(f"{following} = {_row(track, then, state)}")
        self.swaps.append(f"{name} = {following}")

    def _aim(self, tensor: Tensor, target: str) -> None:
        """Has the body compute `tensor` into `target`, or copies it there after the step."""
        made_here = tensor.node is not None and self.frame.takes_buffer(tensor.node)
        if made_here and tensor.key not in self.frame.targets:
            self.frame.targets[tensor.key] = target
        else:
            self.copies.append((target, tensor))

    def _collect(self) -> dict[Any, str]:
        """Names of the stacks, by key of the collected tensor."""
        stacks: dict[Any, str] = {}
        for i, track in self.tracks.items():
            front, back = f"{track}[:-1]", f"{track}[1:]"
            state, new = self.body.states[i], self.body.new_states[i]
            stacks.setdefault(state.key, back if self.reverse else front)
            stacks.setdefault(new.key, front if self.reverse else back)
        for x in self.body.collected:
            if x.key not in stacks:
                stack = stacks[x.key] = self._take((self.steps, *x.shape), x.dtype)
                row = self.writer.new_name("r")
                self.before.append(f"{row} = {_row(stack, self.t, x)}")
                self._aim(x, row)
        return stacks

    def _bind_outputs(self, states: list[str], stacks: dict[Any, str]) -> None:
        names = [*states, *(stacks[x.key] for x in self.body.collected)]
        for index, name in enumerate(names):
            bound = name
            if "[" in name:
                bound = self.writer.new_name("h")
                self.writer.line(f"{bound} = {name}", self.outer.indent)
            self.outer.refs[(self.node, index)] = bound


def _row(stack: str, index: Any, tensor: Tensor) -> str:
    """One step's part of a stack: a view also where it is a scalar, which `stack[i]` would copy."""
    return f"{stack}[{index}]" if tensor.ndim else f"{stack}[{index}, ...]"
