"""Loops that are the LSTM or GRU of ONNX.

A loop is one if its step is what the cell of that name makes: both are built and simplified by the
same functions, so their steps have equal signatures, and what stands where is known.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from keras_core import backend as K
from keras_core.export.onnx.tracing import Site
from keras_core.graph.passes import optimize
from keras_core.graph.primitive import made_by
from keras_core.graph.primitives import add, broadcast_to, dot, slice
from keras_core.graph.program import Program
from keras_core.graph.scan.body import Body
from keras_core.graph.tensor import Constant, Tensor
from keras_core.layers import GRUCell, LSTMCell
from keras_core.utils.generic_utils import to_list

# Functions by Keras's name: ONNX's name, its alpha and beta, and a primitive that shows them.
_ACTIVATIONS: dict[str, tuple[str, tuple[float, ...], str]] = {
    "tanh": ("Tanh", (), "tanh"),
    "relu": ("Relu", (), "relu"),
    "linear": ("Affine", (1.0, 0.0), "dot"),
    "sigmoid": ("Sigmoid", (), "sigmoid"),
    "hard_sigmoid": ("HardSigmoid", (0.2, 0.5), "clip"),
}
_OF_STATES = ("tanh", "relu", "linear")
_OF_GATES = ("sigmoid", "hard_sigmoid")


class Form(NamedTuple):
    """A cell that ONNX has.

    Attributes:
        is_lstm: else it is a GRU.
        activation, recurrent_activation: Keras's names.
        reset_after: of a GRU.
        has_bias: whether the step adds a bias, which only a GRU that resets after its product does.
        dropout: 0, or in which implementation it drops states; in the test phase its masks are
            ones, which stand in the step nevertheless.
    """

    is_lstm: bool
    activation: str
    recurrent_activation: str
    reset_after: bool = False
    has_bias: bool = False
    dropout: int = 0

    def cell(self, units: int) -> Any:
        options: dict[str, Any] = {
            "activation": self.activation,
            "recurrent_activation": self.recurrent_activation,
            "kernel_initializer": "zeros",
            "recurrent_initializer": "zeros",
            "recurrent_dropout": 0.5 if self.dropout else 0.0,
            "implementation": self.dropout or 2,
            "name": "form",
        }
        if self.is_lstm:
            return LSTMCell(units, use_bias=False, **options)
        return GRUCell(units, reset_after=self.reset_after, use_bias=self.has_bias, **options)

    def shows_in(self, primitives: set[str]) -> bool:
        """Whether a step may be this one's, by the names of what it computes."""
        functions = self.activation, self.recurrent_activation
        return all(_ACTIVATIONS[name][2] in primitives for name in functions)


_KINDS = ((True, False, False), (False, False, False), (False, True, False), (False, True, True))
FORMS = tuple(
    Form(is_lstm, activation, gate, reset_after, has_bias, dropout)
    for dropout in (0, 1, 2)
    for is_lstm, reset_after, has_bias in _KINDS
    for activation in _OF_STATES
    for gate in _OF_GATES
)


def form_of(body: Body) -> Form | None:
    """The cell whose step the body is, if ONNX has it."""
    first = body.states[0] if body.states else None
    if first is None or first.ndim != 2 or first.shape[1] is None or first.dtype != "float32":
        return None
    if any(x.key != body.new_states[0].key for x in body.collected):
        return None
    signature, names = body.collecting(()).signature, {n.primitive.name for n in body.nodes}
    alike = [form for form in FORMS if form.is_lstm == (len(body.states) == 2)]
    shown = [form for form in alike if form.shows_in(names)]
    return next((f for f in shown if signature == _signature(f, *first.shape)), None)


@cache
def _signature(form: Form, batch: int | None, units: int) -> Hashable:
    """That of the step which the cell makes; NumPy's generator, which dropout asks, is put back."""
    drawn = np.random.get_state()
    try:
        return _step_of(form.cell(units), batch, units).collecting(()).signature
    finally:
        np.random.set_state(drawn)


def _step_of(cell: Any, batch: int | None, units: int) -> Body:
    x = K.placeholder((batch, None, 2))
    states = [K.placeholder((batch, units)) for _ in to_list(cell.state_size, allow_tuple=True)]
    cell.build((batch, 2))
    with cell.masks_held(x[:, 0], states):
        _, _, finals = K.rnn(cell.call, x, states)
    program = optimize(Program([x, *states], finals))
    (body,) = [node.params["body"] for node in program.nodes if node.primitive.loop]
    return body


def lower_recurrent(site: Site, names: Sequence[str]) -> list[str] | None:
    """The results of the loop by one operation; None where ONNX has none for it."""
    body: Body = site.params["body"]
    form = form_of(body)
    recurrent = None if form is None else _recurrent(site, body)
    if form is None or recurrent is None:
        return None
    sequences, states, _ = body.split(names)
    x, kernel, bias = _projected(site, sequences)
    weights = _weights(site, form, kernel, bias, recurrent)
    initial = [site.add("Unsqueeze", state, site.writer.integers([0])) for state in states]
    outputs = site.writer.add_several(
        "LSTM" if form.is_lstm else "GRU",
        1 + len(states),
        *(x, *weights, "", *initial),
        **_options(site, form, body),
    )
    axes = (1, *(0 for _ in states))  # of the directions, of which there is one
    every, *finals = (
        site.add("Squeeze", y, site.writer.integers([axis])) for y, axis in zip(outputs, axes)
    )
    return [*finals, *(every for _ in body.collected)]


def _recurrent(site: Site, body: Body) -> list[np.ndarray] | None:
    """The state's kernels, and its bias if there is one; None where the model computes them."""
    arrays = []
    for x in body.split(site.inputs)[2]:
        if not _is_all_ones(x):
            arrays.append(_known(site, x))
    return None if any(array is None for array in arrays) else arrays  # type: ignore[return-value]


def _is_all_ones(x: Tensor) -> bool:
    node = made_by(broadcast_to, x)
    filling = node.inputs[0] if node is not None else None
    return isinstance(filling, Constant) and bool(np.all(filling.value == 1))


def _options(site: Site, form: Form, body: Body) -> dict[str, Any]:
    named = [form.recurrent_activation, form.activation]
    functions = [_ACTIVATIONS[name] for name in (*named, *named[1:] * form.is_lstm)]
    options: dict[str, Any] = {
        "hidden_size": body.states[0].shape[1],
        "direction": "reverse" if site.params["reverse"] else "forward",
        "activations": [name for name, _, _ in functions],
    }
    numbers = [values for _, values, _ in functions if values]
    if numbers:
        options["activation_alpha"], options["activation_beta"] = map(list, zip(*numbers))
    return options if form.is_lstm else {**options, "linear_before_reset": int(form.reset_after)}


# The product in front of the loop


def _projected(site: Site, sequences: Sequence[str]) -> tuple[str, Any, Any]:
    """What goes through the input's kernel, the kernel and the bias.

    Where the sequences are not such a product, they themselves, with an identity.
    """
    total = _whole(site.inputs[: len(sequences)])
    found = None if total is None else _product(site, total)
    if found is not None:
        return found
    x = site.writer.concat(sequences, 2)
    width = sum(s.shape[2] or 0 for s in site.inputs[: len(sequences)])
    return x, np.eye(width, dtype="float32"), None


def _whole(parts: Sequence[Tensor]) -> Tensor | None:
    """The tensor whose last axis the parts divide, in order."""
    if len(parts) == 1:
        return parts[0]
    nodes = [made_by(slice, part) for part in parts]
    start, sources = 0, set()
    for node, part in zip(nodes, parts):
        stop = start + part.shape[2]  # type: ignore[operator]
        if node is None or not _is_part(node, start, stop):
            return None
        sources.add(node.inputs[0].key)
        start = stop
    return nodes[0].inputs[0] if len(sources) == 1 else None  # type: ignore[union-attr]


def _is_part(node: Any, start: int, stop: int) -> bool:
    whole = (None, None, 1)
    *others, last = node.params["index"]
    width = node.inputs[0].shape[2]
    given = range(width)[last[0] : last[1] : last[2]]
    return all(part == whole for part in others) and given == range(start, stop)


def _product(site: Site, total: Tensor) -> tuple[str, Any, Any] | None:
    """`total` as a product with a known kernel, and a known bias or none."""
    bias = None
    added = made_by(add, total)
    if added is not None:
        product, vector = added.inputs
        bias = _known(site, vector)
        if bias is None or bias.shape != total.shape[-1:]:
            return None
        total = product
    node = made_by(dot, total)
    if node is None or node.params["batch"] != ((), ()) or node.params["contract"] != ((2,), (0,)):
        return None
    kernel = _known(site, node.inputs[1])
    return None if kernel is None else (site.trace.name_of(node.inputs[0]), kernel, bias)


def _known(site: Site, x: Tensor) -> np.ndarray | None:
    name = site.trace.names.get(x.key)
    return getattr(x, "value", None) if name is None else site.writer.known(name)


# Weights in ONNX's order


def _weights(
    site: Site, form: Form, kernel: np.ndarray, bias: Any, recurrent: Sequence[np.ndarray]
) -> list[str]:
    """W, R and B."""
    kernels = [array for array in recurrent if array.ndim == 2]
    inner = next((array for array in recurrent if array.ndim == 1), None)
    rows = [np.zeros(kernel.shape[1], "float32") if row is None else row for row in (bias, inner)]
    w, r, *b = (_in_order(x, form) for x in (kernel.T, np.concatenate(kernels, 1).T, *rows))
    named, prefix = {"W": w, "R": r, "B": np.concatenate(b)}, site.writer.prefix
    return [site.writer.store.constant(x[None], prefix + name) for name, x in named.items()]


def _in_order(array: np.ndarray, form: Form) -> np.ndarray:
    """The blocks of gates: input, output, forget, candidate for Keras's i, f, c, o."""
    if not form.is_lstm:
        return np.ascontiguousarray(array)
    into, forget, candidate, out = np.split(array, 4)
    return np.concatenate([into, out, forget, candidate])
