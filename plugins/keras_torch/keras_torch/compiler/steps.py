"""Nodes as steps: each a text with marks for tensors, what it reads, and what it may write over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_core.graph import Constant, Node, Tensor
from keras_core.plugins.authoring import named
from keras_torch import lstm
from keras_torch.compiler.fusing import Places, fused, pooled_before, with_places
from keras_torch.compiler.recurrences import lstms_in
from keras_torch.compiler.sizes import size_text
from keras_torch.compiler.writer import Writer
from keras_torch.kernel import Kernel, Site

OUT = "\0out\0"

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass
class Step:
    """One node, or several in one.

    Attributes:
        node: the node, the last one of several.
        inputs: what it reads as tensors.
        results: keys of what it gives.
        text: the expression, with marks; empty for a loop.
        into: the same, written into what is marked by `OUT`; empty where that cannot be.
        reads: keys of all that it reads.
        inplace: those of them over which `into` may write.
        views: those of them whose memory the result may share.
        shared: whether elements of the result may share memory.
    """

    node: Node
    inputs: Sequence[Any]
    results: list[Any]
    text: str = ""
    into: str = ""
    reads: set[Any] = field(default_factory=set)
    inplace: list[Any] = field(default_factory=list)
    views: list[Any] = field(default_factory=list)
    shared: bool = False

    @property
    def is_loop(self) -> bool:
        return self.node.primitive.loop and not self.text


class Steps:
    """The steps of a function's or a loop's nodes, without those whose results nobody reads.

    Args:
        writer: for names.
        nodes: each after its inputs.
        results: what is to be there at the end.
        times: names of the counters of the loops around.
    """

    def __init__(
        self,
        writer: Writer,
        nodes: Sequence[Node],
        results: Sequence[Tensor],
        times: Sequence[str] = (),
    ) -> None:
        self._writer, self._nodes, self._times = writer, nodes, times
        self._uses = Counter(x.key for node in nodes for x in node.inputs)
        self._uses.update(x.key for x in results)
        self._wanted = {x.key for x in results}
        self._pooled = pooled_before(nodes)
        can_join = not writer.pure and lstm.is_served(writer.device)
        self._lstms = lstms_in(nodes, results) if can_join else {}
        # What they compute is not computed once more together with what reads it.
        self._uses.update(y.key for node in self._lstms for y in node.outputs())

    def made(self) -> list[Step]:
        """The steps, in the order of the nodes."""
        steps = []
        for node in reversed(self._nodes):
            results: list[Any] = [(node, index) for index in range(len(node.specs))]
            if node in self._lstms:
                results = self._lstms[node].results
            if node.primitive.pure and self._wanted.isdisjoint(results):
                continue
            step = self._step(node, results)
            self._wanted |= step.reads
            steps.append(step)
        return steps[::-1]

    def _step(self, node: Node, results: list[Any]) -> Step:
        if node in self._lstms:
            part = self._lstms[node]
            step = self._written(node, results, part.kernel, part.inputs)
            step.reads.update(x.key for x in part.kept if not isinstance(x, Constant))
            return step
        if node.primitive.loop:
            return Step(node, node.inputs, results, reads={x.key for x in node.inputs})
        if node in self._pooled:
            pool = self._pooled[node]
            if pool is node:
                results = [*results, Places(pool).key]
            return self._written(node, results, *with_places(node, pool))
        site = Site(node, self._writer.pure, self._writer.device.type)
        joined = fused(site, self._uses)
        if joined is not None:
            return self._written(node, results, *joined)
        try:
            kernel = self._writer.lowerings[node.primitive.name](site)
        except IndexError as error:
            raise named(error, node) from None
        return self._written(node, results, kernel, node.inputs)

    def _written(
        self, node: Node, results: list[Any], kernel: Kernel, inputs: Sequence[Any]
    ) -> Step:
        step = Step(node, inputs, results, shared=kernel.shared)
        step.text = self._filled(step, kernel.pattern, kernel)
        step.into = self._filled(step, kernel.into, kernel)
        step.inplace = [inputs[i].key for i in kernel.inplace]
        step.views = [inputs[i].key for i in kernel.view]
        return step

    def _filled(self, step: Step, text: str, kernel: Kernel) -> str:
        def put(place: Any) -> str:
            name = place.group(1)
            if name.isdigit():
                return self._read(step.inputs[int(name)], step)
            if name[0] == "s" and name[1:].isdigit():
                return size_text(step.inputs[int(name[1:])], lambda x: self._read(x, step))
            if name in kernel.names:
                return self._writer.name_of(kernel.names[name], name)
            return self._special(name, step)

        return _PLACE.sub(put, text)

    def _special(self, name: str, step: Step) -> str:
        """The place of a result, the device, or what a node's random numbers depend on."""
        if name == "out":
            return OUT
        if name != "rng":
            return name
        self._writer.draws = True
        stream = step.node.params["stream"]
        text = str(stream) if stream >= 0 else f"streams[{-1 - stream}]"
        counters = "".join(f", {t}" for t in self._times)
        return f"seed_for(seed, {text}), step, {text}{counters}"

    def _read(self, x: Tensor, step: Step) -> str:
        if isinstance(x, Constant):
            return self._writer.constant(x)
        step.reads.add(x.key)
        return self._writer.mark(x.key)
