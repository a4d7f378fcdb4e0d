"""Compiling: programs become callables, once for all models of one architecture.

Where a backend makes templates, what it compiled for one program serves every further one of the
same signature. Templates are kept for whoever comes next, those used last, up to a bound.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

from keras_core import config
from keras_core.graph.hands import Hold, at_work
from keras_core.graph.passes import optimize
from keras_core.graph.program import Program
from keras_core.graph.signature import Signature, signature_of
from keras_core.graph.template import Binding, template_of

# A model has three programs, to train, evaluate and predict; nodes are what memory goes to.
MOST_TEMPLATES = 64
MOST_NODES = 100_000


class Compiled(NamedTuple):
    """A backend's callable, None where it has no loop, and the variables that it works on."""

    run: Any
    hold: Hold


@dataclass(frozen=True)
class Wanted:
    """What is to be compiled.

    Attributes:
        backend: the backend.
        program: a program as it was built.
        phase: the learning phase.
        loop: whether many calls are to be done in one.
    """

    backend: Any
    program: Program
    phase: int
    loop: bool = False

    def optimized(self) -> Program:
        """The program that the backend sees."""
        return optimize(self.program, self.phase)

    def template(self, signature: Signature) -> Program:
        """That program with stand-ins."""
        return template_of(self.optimized(), signature.variables, signature.streams)

    def key(self, signature: Signature) -> Hashable:
        """What the template depends on. Lowerings are another mapping when kernels are added."""
        options = tuple(config.get_option(name) for name in config.OPTIONS)
        lowerings = id(self.backend.lowerings)
        return self.backend, lowerings, self.phase, options, signature.digest


class Kept:
    """A program with stand-ins, and what the backend made of it.

    Args:
        backend: the backend.
        program: the program, which has gone through all passes.
    """

    def __init__(self, backend: Any, program: Program) -> None:
        self.program = program
        self.nodes = len(program.nodes)
        self._backend = backend
        self._lowerings = backend.lowerings  # whose identity is part of the key
        self._made: dict[bool, Any] = {}
        self._making = Lock()

    def template(self, loop: bool) -> Any:
        """The backend's template, made at the first need; None where it has nothing for this."""
        with self._making:
            if loop not in self._made:
                self._made[loop] = self._backend.template(self.program, loop)
            return self._made[loop]

    def hold(self, binding: Binding) -> Hold:
        """The variables of a bound program."""
        written = frozenset(binding.variable(update.variable) for update in self.program.updates)
        return Hold(self._backend, [*map(binding.variable, self.program.variables)], written)


class Templates:
    """The templates that were used last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._turn = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Kept | None:
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keeps one, and lets go of those that nobody has used for longest."""
        with self._turn:
            self._kept[key] = kept
            while len(self._kept) > MOST_TEMPLATES or self._nodes() > MOST_NODES:
                self._kept.popitem(last=False)

    def _nodes(self) -> int:
        return sum(kept.nodes for kept in self._kept.values())

    def clear(self) -> None:
        with self._turn:
            self._kept.clear()


templates = Templates()


def compiled(wanted: Wanted) -> Compiled:
    """What the backend runs, by a template where it makes such."""
    at_work(wanted.backend)
    signature = signature_of(wanted.program) if _makes_templates(wanted.backend) else None
    return _compiled_alone(wanted) if signature is None else _compiled_once(wanted, signature)


def _makes_templates(backend: Any) -> bool:
    return getattr(backend, "template", None) is not None


def _compiled_alone(wanted: Wanted) -> Compiled:
    backend, program = wanted.backend, wanted.optimized()
    run = backend.compile_loop(program) if wanted.loop else backend.compile(program)
    written = frozenset(update.variable for update in program.updates)
    return Compiled(run, Hold(backend, program.variables, written))


def _compiled_once(wanted: Wanted, signature: Signature) -> Compiled:
    key = wanted.key(signature)
    kept = templates.get(key)
    if kept is None:
        kept = Kept(wanted.backend, wanted.template(signature))
        templates.put(key, kept)
    template = kept.template(wanted.loop)
    if template is None and not wanted.loop:
        return _compiled_alone(wanted)
    binding = _binding(wanted, signature)
    return Compiled(template and template.bound(binding), kept.hold(binding))


def _binding(wanted: Wanted, signature: Signature) -> Binding:
    """The variables and streams; what was made of the program on the way is not kept with it."""
    given = wanted.program
    fresh = Program(given.inputs, given.outputs, given.updates, given.jit_compile)
    program = partial(replace(wanted, program=fresh).template, signature)
    return Binding(signature.variables, signature.streams, program)
