"""What `keras-core primitives` says of each primitive, and the page of all of them."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_core.graph.spec import DTYPES, FLOATS, INTEGERS, Spec

if TYPE_CHECKING:
    from keras_core.graph.primitive import Primitive
    from keras_core.testing.case import Case

Facts = list[tuple[str, list[str]]]

# What a parameter means wherever it occurs; under `primitive.parameter`, in that one alone.
PARAMETERS = {
    "axes": "distinct axes, counted from the front",
    "axis": "an axis, counted from the front",
    "backend": "the name of the backend whose arrays fn takes",
    "batch": "pairs of axes that both have and the result keeps: (axes of a), (axes of b)",
    "body": "one step of the loop, a graph of its own",
    "contract": "pairs of axes that are summed over: (axes of a), (axes of b)",
    "data_format": "'channels_last' or 'channels_first'",
    "depth": "the size of the new axis",
    "dilation": "how far places of the window lie apart, one number a spatial axis",
    "dtype": "the dtype of the result",
    "ensure_shape.shape": "the promised sizes, None for any",
    "epsilon": "a small number that keeps a divisor from 0",
    "exclusive": "whether each element is left out of its own total",
    "fn": "a function of arrays",
    "gradient": "a function of cotangents and inputs that gives a cotangent an input, or None",
    "groups": "into how many groups channels and filters fall, each on its own",
    "high": "the upper limit",
    "index": "(start, stop, step) for each axis",
    "k": "how many",
    "keepdims": "whether reduced axes stay, with size 1",
    "kernel_size": "the size of the window, one number a spatial axis",
    "low": "the lower limit",
    "message": "what is printed before the value",
    "padding": "(before, after) for each spatial axis, or 'same': as much as makes the result "
    "ceil(size / stride) long, the odd element after",
    "perm": "the axis of x for each axis of the result",
    "repeats": "how many times",
    "reps": "how many times, one number an axis",
    "reverse": "whether to run from the end",
    "shape": "the sizes of the result; each None stands for the next trailing size",
    "size": "the size of the window, one number a spatial axis",
    "sizes": "the sizes of the result, all known",
    "specs": "the shape and dtype of each result",
    "stream": "tells the draws of one node from those of others",
    "strides": "how far the window moves, one number a spatial axis",
    "value": "what the added elements are",
    "widths": "(before, after) for each axis, none below 0",
}

# Inputs that are scalars, which the shape rules take in any dtype.
_SCALARS = ("dims", "starts")
# What the kit has no case to try for.
_RESULTS = {"learning_phase": "bool", "native": "as specs say", "scan": "as the body's"}
_STREAMS = [
    "Draws depend on (seed, step, stream) alone; which numbers come is the backend's affair.",
    "A stream of 2**40 or more belongs to an explicit seed, which ignores the run's seed.",
]
_TRAILING = (
    "Trailing inputs are scalars, one for each None of shape, in order; as many as None entries."
)
_HEAD = """# Primitives

What a backend is asked to compute. `keras-core primitives --markdown` writes this page, and
`keras-core primitives NAME` says the same of one. Tensors are positional, parameters are keywords.
Dtypes are those that the shape rule lets through. How a backend lowers a primitive is told in
[Writing a backend](writing-a-backend.md).

A node's `primitive`, which is `keras_core.graph.PRIMITIVES[NAME]`, has public attributes that a
backend may ask:

- `name`, and `family`, the heading below;
- `reference`, its plain NumPy meaning: a function of arrays and of the parameters, or None;
- `decomposition`, a function of tensors that makes it of simpler primitives, or None;
- `random`, whether it draws: `reference` then takes a generator first, a loop's (seed, step);
- `loop`, whether it has a body; `pure`, whether it does nothing but compute;
- `elementwise`, whether elements stay apart; `several`, whether there is a tuple of results.
"""


def _families(found: list[Primitive]) -> dict[str, list[Primitive]]:
    families: dict[str, list[Primitive]] = {}
    for primitive in sorted(found, key=lambda one: (one.family, one.name)):
        families.setdefault(primitive.family, []).append(primitive)
    return families


def listed(found: list[Primitive]) -> Iterator[str]:
    for family, members in _families(found).items():
        yield family
        yield from (f"  {one.name:<24} {one.doc}" for one in members)


def told(primitive: Primitive) -> Iterator[str]:
    yield signature(primitive)
    yield from textwrap.wrap(primitive.doc, 96, initial_indent="    ", subsequent_indent="    ")
    for label, lines in facts(primitive):
        yield f"{label}:"
        for line in lines:
            yield from textwrap.wrap(line, 96, initial_indent="  - ", subsequent_indent="    ")


def page(found: list[Primitive]) -> str:
    """The page of these primitives in Markdown."""
    parts = [_HEAD]
    for family, members in _families(found).items():
        parts.append(f"## {family}\n")
        parts.extend(map(_section, members))
    return "\n".join(parts)


def _section(primitive: Primitive) -> str:
    told = (f"- **{label}:** {'; '.join(_joinable(lines))}" for label, lines in facts(primitive))
    lines = [f"### {primitive.name}", "", f"`{signature(primitive)}`", "", _plain(primitive.doc)]
    return "\n".join([*lines, "", *map(_plain, told), ""])


def _joinable(lines: list[str]) -> list[str]:
    return [line.rstrip(".") for line in lines]


def _plain(text: str) -> str:
    """`text` as Markdown shows it unchanged."""
    return text.replace(" * ", r" \* ").replace(" ** ", r" \*\* ").replace("<", "&lt;")


def facts(primitive: Primitive) -> Facts:
    """What is said of a primitive, under headings; what does not apply is left out."""
    told = [
        ("Inputs", [*_inputs(primitive)]),
        ("Parameters", [f"{name}: {meaning(primitive, name)}" for name in parameters(primitive)]),
        ("Results", [_results(primitive)]),
        ("Gradient", [_gradient(primitive)]),
        ("Lowering", [_lowering(primitive)]),
        ("Edges", [*primitive.edges, *_common_edges(primitive)]),
    ]
    return [(label, lines) for label, lines in told if lines]


def _split(primitive: Primitive) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """The tensors and the parameters of the shape rule, told apart by their annotations."""
    given = inspect.signature(primitive.shape).parameters.values()
    tensors = [one for one in given if one.annotation == "Spec"]
    return tensors, [one for one in given if one.annotation != "Spec"]


def parameters(primitive: Primitive) -> list[str]:
    """Names of the parameters."""
    return [one.name for one in _split(primitive)[1]]


def meaning(primitive: Primitive, name: str) -> str:
    """What a parameter means."""
    return PARAMETERS.get(f"{primitive.name}.{name}") or PARAMETERS[name]


def signature(primitive: Primitive) -> str:
    """How it is called: tensors, then parameters as keywords with their defaults."""
    tensors, given = _split(primitive)
    starred = any(one.kind is one.VAR_POSITIONAL for one in tensors)
    words = [f"*{t.name}" if t.kind is t.VAR_POSITIONAL else t.name for t in tensors]
    words += [] if starred or not given else ["*"]
    words += [g.name if g.default is g.empty else f"{g.name}={g.default!r}" for g in given]
    return f"{primitive.name}({', '.join(words)})"


class _Trial:
    """The dtypes of a primitive, by trying its shape rule on the kit's first case of it.

    Attributes:
        groups: inputs that share a dtype, with the dtypes that they may have.
        results: for each result, the dtypes that came out.
    """

    def __init__(self, primitive: Primitive) -> None:
        from keras_core.testing.cases import CASES

        self.primitive = primitive
        self.groups: dict[tuple[str, ...], list[str]] = {}
        self.results: list[set[str]] = []
        case = next((one for one in CASES if one.primitive == primitive.name), None)
        if case is not None:
            self._try(case)

    def _try(self, case: Case) -> None:
        names = self._names(len(case.inputs))
        for kind in dict.fromkeys(x.dtype for x in case.inputs[: len(names)]):
            members = [name for name, x in zip(names, case.inputs) if x.dtype == kind]
            accepted = [d for d in DTYPES if self._passes(case, kind, d, len(names))]
            self.groups[tuple(dict.fromkeys(members))] = accepted

    def _names(self, count: int) -> list[str]:
        """Names of the first inputs, all but those that tell sizes and places."""
        tensors = [one for one in _split(self.primitive)[0] if one.name not in _SCALARS]
        names = [one.name for one in tensors]
        starred = bool(tensors) and tensors[-1].kind is inspect.Parameter.VAR_POSITIONAL
        return names + [names[-1]] * (count - len(names)) if starred else names

    def _passes(self, case: Case, kind: str, dtype: str, count: int) -> bool:
        """Whether the inputs of dtype `kind` among the first ones may have this dtype instead."""
        of = [
            dtype if i < count and x.dtype == kind else x.dtype for i, x in enumerate(case.inputs)
        ]
        specs = [Spec(x.shape, one) for x, one in zip(case.inputs, of)]
        try:
            found = self.primitive.shape(*specs, **case.params)
        except (TypeError, ValueError):
            return False
        found = found if self.primitive.several else (found,)
        self.results = self.results or [set() for _ in found]
        for seen, spec in zip(self.results, found):
            seen.add(spec.dtype)
        return True


def _inputs(primitive: Primitive) -> Iterator[str]:
    for members, accepted in _Trial(primitive).groups.items():
        shared = " of one dtype" if len(members) > 1 or members == ("xs",) else ""
        yield f"{', '.join(members)}{shared}: {_kind(accepted)}"


def _kind(dtypes: list[str]) -> str:
    words = {tuple(DTYPES): "any dtype", tuple(FLOATS): "floats", tuple(INTEGERS): "integers"}
    return words.get(tuple(dtypes), ", ".join(dtypes))


def _results(primitive: Primitive) -> str:
    if "dtype" in parameters(primitive):
        return "of the given dtype"
    if primitive.name in _RESULTS:
        return _RESULTS[primitive.name]
    trial = _Trial(primitive)
    varied = next((names[0] for names, kinds in trial.groups.items() if len(kinds) > 1), "")
    return ", ".join(f"that of {varied}" if len(r) > 1 else min(r) for r in trial.results)


def _gradient(primitive: Primitive) -> str:
    if not primitive.differentiable:
        return "zero, by definition"
    return "a rule of its own" if primitive.vjp else "that of its decomposition"


def _lowering(primitive: Primitive) -> str:
    if primitive.phase:
        return "none: a constant stands in its place in all that a backend is given"
    if primitive.decomposition is None:
        return "needed"
    return "optional: without one it is taken apart into simpler primitives"


def _common_edges(primitive: Primitive) -> Iterator[str]:
    if primitive.dims:
        yield _TRAILING
    if primitive.random:
        yield from _STREAMS
    if any(one.name == "g" for one in _split(primitive)[0]):
        yield "g is the gradient by a result, what stands before it in formulas of derivatives."
    if primitive.elementwise and len(_split(primitive)[0]) > 1:
        yield "Inputs broadcast, axes matched from the last."
