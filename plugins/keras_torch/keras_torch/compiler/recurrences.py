"""Finds LSTMs among the nodes of a program: loops whose step is an LSTM's, with their gradients.

What a step computes is told in words, in which the order of summands and factors is one, and
compared with the words of an LSTM's step. The loop, its gradient and the sums over all steps that
follow are then single calls. Masks, dropout of states and other activations make another step,
which stays a loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from keras_core.graph import PRIMITIVES, Node, Tensor
from keras_core.plugins.authoring import Body, made_by
from keras_torch import lstm
from keras_torch.kernel import Kernel, places

Users = Mapping[Any, Sequence[Node]]

# The words of a step


def _sorted(name: str, *parts: str) -> str:
    return f"{name}({', '.join(sorted(parts))})"


def _add(*parts: str) -> str:
    return _sorted("add", *parts)


def _multiply(*parts: str) -> str:
    return _sorted("multiply", *parts)


def _told(x: Tensor, names: Mapping[Any, str], known: dict[Any, str]) -> str:
    """What a tensor of a body is, in words.

    Args:
        x: the tensor.
        names: of the inputs of the body, by key.
        known: what was told before, to which more is added.
    """
    if x.key in names:
        return names[x.key]
    if x.key not in known:
        known[x.key] = _told_node(x.node, names, known) if x.node else "another tensor"
    return known[x.key]


def _told_node(node: Node, names: Mapping[Any, str], known: dict[Any, str]) -> str:
    name, params = node.primitive.name, node.params
    parts = [_told(x, names, known) for x in node.inputs]
    if name in ("add", "multiply"):
        return _sorted(name, *parts)
    if name == "slice":
        return f"{_part(node)}({parts[0]})"
    options = ", ".join(f"{key}={value}" for key, value in sorted(params.items()))
    return f"{name}[{options}]({', '.join(parts)})"


def _part(node: Node) -> str:
    """Which fourth of the columns of a matrix a slice is."""
    shape, index = node.inputs[0].shape, node.params["index"]
    width = shape[1] if len(shape) == len(index) == 2 else None
    if width is None or slice(*index[0]) != slice(None, None, 1):
        return f"slice[{index}]"
    columns = range(*slice(*index[1]).indices(width))
    parts = [range(k * width // 4, (k + 1) * width // 4) for k in range(4)]
    return f"part {parts.index(columns)}" if columns in parts else f"slice[{index}]"


def _dot(a: str, b: str, axis: int) -> str:
    return f"dot[batch=((), ()), contract=((1,), ({axis},))]({a}, {b})"


_Z = _add(_dot("h", "u", 0), "x")
_I, _F, _O = (f"sigmoid[](part {k}({_Z}))" for k in (0, 1, 3))
_G = f"tanh[](part 2({_Z}))"
_NEW_C = _add(_multiply(_F, "c"), _multiply(_I, _G))
_T = f"tanh[]({_NEW_C})"
_NEW_H = _multiply(_O, _T)

# What a gradient reads of each step, by names that its own words have.
_READ = {_I: "i", _F: "f", _G: "g", _O: "o", _T: "t", "c": "c"}


def _gradient_words(dh: str) -> tuple[str, str, str]:
    """The gradients by the states before a step, and by the sums of its gates."""
    dc = _add("dc", f"tanh_grad[](t, {_multiply(dh, 'o')})")
    inputs = (
        f"sigmoid_grad[](i, {_multiply(dc, 'g')})",
        f"sigmoid_grad[](f, {_multiply(dc, 'c')})",
        f"tanh_grad[](g, {_multiply(dc, 'i')})",
        f"sigmoid_grad[](o, {_multiply(dh, 't')})",
    )
    dz = f"concat[axis=1]({', '.join(inputs)})"
    return _dot(dz, "u", 1), _multiply(dc, "f"), dz


_GRADIENTS = {_gradient_words("dh"): False, _gradient_words(_add("dh", "y")): True}


def _words(body: Body, sequences: Sequence[str], states: Sequence[str]) -> list[str]:
    """What a body's results are in words."""
    names = {x.key: name for x, name in zip(body.inputs, (*sequences, *states, "u"))}
    known: dict[Any, str] = {}
    return [_told(x, names, known) for x in body.results]


# Where they stand


class Made(NamedTuple):
    """A tensor that a loop gives as a whole besides its results."""

    key: Any


class Part(NamedTuple):
    """How a node of an LSTM is computed.

    Attributes:
        kernel: by what.
        inputs: of what.
        results: keys of what it gives.
        kept: what it reads besides, by way of an input.
    """

    kernel: Kernel
    inputs: Sequence[Any]
    results: list[Any]
    kept: Sequence[Tensor] = ()


@dataclass
class Lstm:
    """A loop that is an LSTM.

    Attributes:
        node: the loop.
        x: the inputs of all steps, shape `(steps, batch, features)`.
        kernel: what they are multiplied by.
        bias: what is added to their products, or nothing.
        words: what the results of its body are.
        gradient: its gradient, where that is asked for.
    """

    node: Node
    x: Tensor
    kernel: Tensor
    bias: list[Tensor]
    words: list[str]
    gradient: Gradient | None = None

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return (self.x, self.kernel, self.recurrent, *self.states, *self.bias)

    @property
    def recurrent(self) -> Tensor:
        return self.node.inputs[-1]

    @property
    def states(self) -> tuple[Tensor, ...]:
        return self.node.inputs[1:3]

    @property
    def reverse(self) -> bool:
        return self.node.params["reverse"]

    @property
    def units(self) -> int:
        return self.states[0].shape[1]  # type: ignore[return-value]

    def places_of(self, words: str) -> list[int]:
        """The numbers of the collected results that are this in words."""
        return [i for i, told in enumerate(self.words) if told == words and i >= 2]

    def made(self, what: Any) -> Made:
        return Made((what, self.node))

    @property
    def ys(self) -> Made:
        """The outputs of all steps, be they asked for or not."""
        found = self.places_of(_NEW_H)
        return Made((self.node, found[0])) if found else self.made("outputs")

    def parts(self) -> dict[Node, Part]:
        """How it and what belongs to it are computed, by node."""
        run = lstm.Forward(self.units, self.reverse, self.gradient is not None)
        results = [(self.node, 0), (self.node, 1), self.ys.key, self.made("saved").key]
        found = {self.node: Part(_call(run, self.inputs), self.inputs, results)}
        if self.gradient is not None:
            found.update(self._parts_of(self.gradient))
        return found

    def _parts_of(self, gradient: Gradient) -> dict[Node, Part]:
        node = gradient.node
        _, states, _ = node.params["body"].split(node.inputs)
        finals = self.node.outputs()[:2]
        inputs = (self.made("saved"), self.ys, *finals, *states, *gradient.of_outputs)
        kinds = ("x", "kernel", "recurrent", "bias")
        results = [(node, 0), (node, 1), *(self.made(kind).key for kind in kinds)]
        run = _call(lstm.Backward(self.units, self.reverse), inputs)
        found = {node: Part(run, inputs, results, self.inputs)}
        for user, (kind, is_turned) in gradient.users.items():
            kernel = Kernel("{0}.t()" if is_turned else "{0}", view=(0,))
            found[user] = Part(kernel, [self.made(kind)], [(user, 0)])
        return found


@dataclass
class Gradient:
    """The loop that is the gradient of an LSTM.

    Attributes:
        node: the loop.
        of_outputs: the cotangent of the outputs of all steps, or nothing.
        users: nodes that make the gradients of inputs and weights of what it collects: of which,
            and whether transposed.
    """

    node: Node
    of_outputs: list[Tensor]
    users: dict[Node, tuple[str, bool]] = field(default_factory=dict)


def _call(run: Any, inputs: Sequence[Any]) -> Kernel:
    return Kernel(f"{{run}}({places(len(inputs))})", {"run": run})


def lstms_in(nodes: Sequence[Node], results: Sequence[Tensor]) -> dict[Node, Part]:
    """How those of these nodes are computed that belong to LSTMs.

    Args:
        nodes: each after its inputs.
        results: what is to be there at the end.
    """
    loops = [found for node in nodes if node.primitive.loop and (found := _lstm_at(node))]
    if not loops:
        return {}
    users: dict[Any, list[Node]] = {x.key: [] for node in nodes for x in node.outputs()}
    for node in nodes:
        for x in node.inputs:
            if x.key in users and node not in users[x.key]:
                users[x.key].append(node)
    wanted = {x.key for x in results}
    parts: dict[Node, Part] = {}
    for found in loops:
        if _is_closed(found, users, wanted):
            parts.update(found.parts())
    return parts


def _lstm_at(node: Node) -> Lstm | None:
    """The LSTM that a loop is, whatever reads it."""
    body: Body = node.params["body"]
    counts = len(body.sequences), len(body.states), len(body.invariants)
    if counts != (1, 2, 1) or any(x.dtype != "float32" for x in body.results):
        return None
    words = _words(body, "x", "hc")
    product, bias = _projected(node.inputs[0])
    if words[:2] != [_NEW_H, _NEW_C] or product is None:
        return None
    x, kernel = product.inputs
    sizes = (*x.shape, *node.inputs[1].shape)
    return None if None in sizes or 0 in sizes else Lstm(node, x, kernel, bias, words)


def _projected(z: Tensor) -> tuple[Node | None, list[Tensor]]:
    """The product of inputs and kernel, and the bias, in what a loop is given."""
    total = made_by(PRIMITIVES["add"], z)
    pairs = [(total.inputs[k], total.inputs[1 - k]) for k in (0, 1)] if total else []
    for x, bias in [(z, None), *pairs]:
        product = made_by(PRIMITIVES["dot"], x)
        is_bias = bias is None or (bias.ndim == 1 and bias.shape == z.shape[-1:])
        if product and is_bias and _axes(product) == ((2,), (0,)):
            sides = [a.ndim for a in product.inputs]
            return (product, [] if bias is None else [bias]) if sides == [3, 2] else (None, [])
    return None, []


def _axes(node: Node) -> Any:
    """What a product without batch axes sums over."""
    return node.params["contract"] if not node.params["batch"][0] else None


def _is_closed(found: Lstm, users: Users, wanted: set[Any]) -> bool:
    """Whether all is there that is read; finds the gradient."""
    readers: dict[Node, None] = {}
    for place, words in enumerate(found.words):
        if place < 2 or words == _NEW_H:
            continue
        key = (found.node, place)
        if key in wanted:
            return False
        readers.update(dict.fromkeys(users[key]))
    loops = [node for node in readers if node.primitive.loop]
    if not readers:
        return True
    gradient = _gradient_at(found, loops[0]) if len(loops) == 1 else None
    if gradient is None or not _are_known(found, gradient, users, wanted):
        return False
    found.gradient = gradient
    return all(node is gradient.node or node in gradient.users for node in readers)


def _gradient_at(found: Lstm, node: Node) -> Gradient | None:
    """The gradient that a loop is, if it is one of this LSTM."""
    body: Body = node.params["body"]
    sequences, states, invariants = body.split(node.inputs)
    is_turned = node.params["reverse"] != found.reverse
    if not is_turned or len(states) != 2 or [x.key for x in invariants] != [found.recurrent.key]:
        return None
    names = [_name_of(x, found) for x in sequences]
    words = tuple(_words(body, names, ("dh", "dc")))
    has_outputs = _GRADIENTS.get(words)  # type: ignore[call-overload]
    if has_outputs is None or names.count("y") != has_outputs:
        return None
    return Gradient(node, [x for x, name in zip(sequences, names) if name == "y"])


def _name_of(x: Tensor, found: Lstm) -> str:
    """What a gradient calls a sequence: what it is of the LSTM, or the cotangent of its outputs."""
    if x.node is not found.node:
        return "y"
    return _READ.get(found.words[x.index], "another result")


def _are_known(found: Lstm, gradient: Gradient, users: Users, wanted: set[Any]) -> bool:
    """Whether what a gradient collects is read by what has a part in it alone; finds these."""
    dz = gradient.node.outputs()[2]
    if dz.key in wanted:
        return False
    kinds = {user: _kind(user, dz, found) for user in users[dz.key]}
    gradient.users = {user: kind for user, kind in kinds.items() if kind is not None}
    return None not in kinds.values()


def _kind(user: Node, dz: Tensor, found: Lstm) -> tuple[str, bool] | None:
    """Which gradient a node makes of that by the gates' sums, and whether transposed."""
    if user.primitive.name == "reduce_sum":
        is_bias = user.params["axes"] == (0, 1) and not user.params["keepdims"]
        return ("bias", False) if is_bias else None
    if user.primitive.name != "dot":
        return None
    first, second = user.inputs
    other = second if first.key == dz.key else first
    if _axes(user) == ((2,), (1,)) and first.key == dz.key and other.key == found.kernel.key:
        return "x", False
    if _axes(user) != ((0, 1), (0, 1)):
        return None
    if other.key == found.x.key:
        return "kernel", first.key == dz.key
    befores = [(found.node, place) for place in found.places_of("h")]
    return ("recurrent", first.key == dz.key) if other.key in befores else None
