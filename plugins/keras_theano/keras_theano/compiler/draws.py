"""Random numbers: drawn by NumPy before a call, and fed to Theano like inputs.

A draw depends on (seed, step, stream) alone, as on the NumPy backend, whose numbers these are. A
draw in a loop is made for all steps at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from keras_core.graph import Node
from keras_core.plugins.authoring import RandomState, generator
from keras_theano.compiler.extents import Extents

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class HostDraw:
    """The lowering of a random primitive: `draw(rng, sizes, dtype)` gives an array of the dtype."""

    draw: Callable[[np.random.Generator, Sizes, str], np.ndarray]


@dataclass(frozen=True)
class Draw:
    """One array to draw at each call.

    Attributes:
        how: what draws it.
        stream: the node's stream, or what stands for it.
        sizes: the array's shape, the steps of the loops around it first.
        dtype: its dtype.
        backward: the axes that belong to loops from the last step to the first.
    """

    how: HostDraw
    stream: int
    sizes: Sizes
    dtype: str
    backward: tuple[int, ...]

    def __call__(self, state: RandomState, stream: int) -> np.ndarray:
        rng = generator(state, stream)
        return np.flip(self.how.draw(rng, self.sizes, self.dtype), self.backward)


def draws_of(nodes: Sequence[Node], extents: Extents, lowerings: Mapping[str, Any]) -> list[Draw]:
    """What must be drawn for nodes, in their order, bodies of loops included."""
    return list(_draws(nodes, extents, lowerings, (), ()))


def _draws(
    nodes: Sequence[Node],
    extents: Extents,
    lowerings: Mapping[str, Any],
    steps: Sizes,
    backward: tuple[int, ...],
) -> Iterator[Draw]:
    for node in nodes:
        if is_drawn(node, extents):
            spec, sizes = node.specs[0], extents.shape(node.outputs()[0])
            how = lowerings[node.primitive.name]
            yield Draw(how, node.params["stream"], (*steps, *sizes), spec.dtype, backward)
        elif node in extents.inner and is_loop(node, extents):
            count = extents.shape(node.inputs[0])[0]
            turned = (*backward, len(steps)) if node.params["reverse"] else backward
            inner = extents.inner[node]
            yield from _draws(inner_nodes(node), inner, lowerings, (*steps, count), turned)


def inner_nodes(node: Node) -> Sequence[Node]:
    return node.params["body"].nodes


def is_drawn(node: Node, extents: Extents) -> bool:
    """Whether the node is a random one whose size is known before the call."""
    return node.primitive.random and node not in extents.inner and extents.are_known(node)


def is_loop(node: Node, extents: Extents) -> bool:
    """Whether a scan can run as a loop: there are steps, and what they draw can be drawn before."""
    body, inner = node.params["body"], extents.inner[node]
    return not extents.are_empty(node) and (
        extents.shape(node.inputs[0])[0] is not None
        and all(
            is_loop(n, inner) if n in inner.inner else is_drawn(n, inner)
            for n in body.nodes
            if n.primitive.random
        )
    )
