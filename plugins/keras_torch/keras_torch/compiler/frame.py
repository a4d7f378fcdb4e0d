"""Frame: the steps of a function, or of a loop's body, as lines.

A step writes over what it reads last, where its kernel can. Memory is followed by its *bases*: the
results that may share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from keras_core.graph import Constant, Node, Tensor
from keras_torch.compiler.loops import Loop
from keras_torch.compiler.steps import OUT, Step, Steps
from keras_torch.compiler.writer import Writer

Bases = frozenset[Any]


class Frame:
    """What is to be written at one level.

    Args:
        writer: the function's.
        nodes: each after its inputs.
        results: what is to be there at the end.
        indent: how deep its lines stand.
        times: names of the counters of the loops around.

    Attributes:
        refs: the name of each tensor that is there, by its key.
        targets: names of tensors into which results are to be written, by key of the result.
    """

    def __init__(
        self,
        writer: Writer,
        nodes: Sequence[Node],
        results: Sequence[Tensor],
        indent: int,
        times: Sequence[str] = (),
    ) -> None:
        self.writer, self.results, self.indent, self.times = writer, results, indent, times
        self.steps = Steps(writer, nodes, results, times).made()
        self.refs: dict[Any, str] = {}
        self.targets: dict[Any, str] = {}
        self._specs = {(node, i): spec for node in nodes for i, spec in enumerate(node.specs)}
        self._frozen: set[Any] = set()
        self._made: set[Any] = set()
        self.bases: dict[Any, Bases] = {}
        self._loops = {step.node: Loop(self, step.node) for step in self.steps if step.is_loop}
        self._follow()
        self._users: dict[str, set[Any]] = {}

    def within(self, nodes: Sequence[Node], results: Sequence[Tensor], time: str) -> Frame:
        """A frame for the body of a loop, whose steps `time` counts."""
        return Frame(self.writer, nodes, results, self.indent + 1, (*self.times, time))

    # What shares memory, and what is read when

    def _follow(self) -> None:
        """Finds the bases of all results."""
        for step in self.steps:
            for index, key in enumerate(step.results):
                self.bases[key] = frozenset(self._bases(step, index))
                if step.shared or (step.is_loop and self._loops[step.node].is_buffered):
                    self._frozen |= self.bases[key]

    def _bases(self, step: Step, index: int) -> Iterable[Any]:
        """Those of one result; a view that turns out to be a copy counts as a view."""
        own = step.results[0 if step.is_loop else index]
        if step.is_loop:
            for x in self._loops[step.node].passed_on(index):
                yield from self.bases_of(x.key)
        for key in step.views:
            yield from self.bases_of(key)
        if step.shared or not step.views:
            self._made.add(own)
            yield own

    def bases_of(self, key: Any) -> Bases:
        """The results, or leaves, whose memory a tensor may share."""
        return self.bases.get(key) or frozenset((key,))

    def find_last(self) -> None:
        """Notes for each base and for each tensor the last step that reads it."""
        self._last: dict[Any, int] = {}
        self._last_of_key: dict[Any, int] = {}
        for number, step in enumerate(self.steps):
            for key in step.reads:
                self._last_of_key[key] = number
                self._last.update((base, number) for base in self.bases_of(key))
        self._kept = {base for x in self.results for base in self.bases_of(x.key)}
        self._result_keys = {x.key for x in self.results}

    def last_reader(self, base: Any) -> int:
        """The last step that reads what may share a base's memory; -1 where none does."""
        return self._last.get(base, -1)

    def is_made(self, key: Any) -> bool:
        """Whether a tensor was made here, not handed in, and is no view of what was."""
        return self.bases_of(key) <= self._made

    def is_own(self, key: Any) -> bool:
        """Whether a tensor was made here and shares memory with nothing that was not."""
        bases = self.bases_of(key)
        return bases <= self._made and not bases & self._frozen

    # Writing

    def ref(self, x: Tensor) -> str:
        """The name of a tensor."""
        return self.writer.constant(x) if isinstance(x, Constant) else self.refs[x.key]

    def bind(self, key: Any, name: str) -> None:
        self.refs[key] = name

    def write(self) -> None:
        """Writes all steps."""
        self.find_last()
        for number, step in enumerate(self.steps):
            if step.is_loop:
                self._write_loop(step)
            else:
                self._write_step(step, number)
            self._drop(step, number)

    def _write_loop(self, step: Step) -> None:
        names = self._loops[step.node].write()
        for key, name in zip(step.results, names):
            self._settle(key, name)

    def _write_step(self, step: Step, number: int) -> None:
        key = step.results[0]
        place = self.targets.get(key) or self._place(step, number)
        if place is not None:
            self._line(step.into.replace(OUT, place), step)
            self._settle(key, place)
            return
        text = self.writer.unmarked(step.text, self.refs.__getitem__)
        if text.isidentifier() and len(step.results) == 1:
            self._settle(key, text)
            return
        names = [self._new_name(key) for key in step.results]
        starred = "," if step.node.primitive.several and len(names) == 1 else ""
        self._line(f"{', '.join(names)}{starred} = {step.text}", step)

    def _line(self, text: str, step: Step) -> None:
        text = self.writer.unmarked(text, self.refs.__getitem__)
        self.writer.line(text, self.indent, step.node)

    def _new_name(self, key: Any) -> str:
        if key not in self._last_of_key and key not in self._result_keys:
            return "_"
        name = self.writer.new_name("x")
        self._settle(key, name)
        return name

    def _settle(self, key: Any, name: str) -> None:
        self.refs[key] = name
        self._users.setdefault(name, set()).add(key)

    def _place(self, step: Step, number: int) -> str | None:
        """The name of an operand over which the step may write."""
        if self.writer.pure or not step.into:
            return None
        for key in step.inplace:
            if self._is_free(key, step, number):
                return self.refs[key]
        return None

    def _is_free(self, key: Any, step: Step, number: int) -> bool:
        """Whether a step is the last one that needs an operand's memory, which fits its result."""
        bases = self.bases_of(key)
        if key not in self._specs or not self.is_own(key) or bases & self._kept:
            return False
        if self._specs[key] != step.node.specs[0] or None in step.node.specs[0].shape:
            return False
        others = (self.bases_of(other) for other in step.reads if other != key)
        is_last = all(self._last[base] == number for base in bases)
        return is_last and not any(bases & other for other in others)

    def _drop(self, step: Step, number: int) -> None:
        """Lets go of tensors that nobody reads any more."""
        gone = []
        for key in step.reads:
            name = self.refs.get(key)
            if key in self._result_keys or self._last_of_key[key] != number or name is None:
                continue
            users = self._users.get(name, set())
            if key in users:
                users.discard(key)
                if not users and name.startswith("x_"):
                    gone.append(name)
        if gone and not self.times:
            self.writer.line(f"del {', '.join(sorted(gone))}", self.indent)
