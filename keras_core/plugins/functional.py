"""Backends of engines that trace pure functions, and may give the memory of old values to new ones.

Here is what is alike for all of them: where the values of variables go into a program and come out
of it, templates, calls within the engine's own code, and what becomes of storage that was given
away. `FunctionalBackend` says what an engine adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from keras_core.graph import Program, Variable
from keras_core.graph.hands import held_still
from keras_core.graph.passes import optimize
from keras_core.graph.randomness import RandomState, current_run
from keras_core.graph.template import Binding
from keras_core.plugins.contract import Backend, Draws, Inlined, Pure
from keras_core.plugins.divided import NeedsValues, in_parts
from keras_core.plugins.programs import variables_read


class FunctionalBackend(Backend):
    """A backend that runs programs as pure functions. Storage is an array of the engine's.

    A subclass gives `name`, `lowerings`, `functional`, `to_storage` and `to_numpy`. Engines that
    compile override `jit`, those with loops of their own `loop`, and those that give memory away
    set `donates` and override `copied` and `is_gone`.

    Attributes:
        copies_inputs: whether a run gets copies of what is fed, since the engine may read its
            arguments, or share their memory, when the run has returned and the caller writes to
            them. False is safe where neither ever happens.
    """

    copies_inputs = True

    def functional(self, program: Program) -> Pure:
        """Makes a program a pure function of the engine's arrays; see `Backend`.

        Args:
            program: optimised; its streams may be numbers below 0, whose streams a Draws has.

        Raises:
            NotImplementedError: a primitive has neither a lowering nor a decomposition.
        """
        raise NotImplementedError(f"The backend {self.name!r} has no functional().")

    def jit(self, pure: Pure, program: Program) -> Pure:
        """Compiles a pure function, whose first argument may be given away where `donates`.

        Where its result raises NeedsValues, the program is divided: the node runs by itself, with a
        `jit_compile` of False, and what is before and after it is compiled.

        Args:
            pure: what `functional` or `loop` gave.
            program: what it was made of.
        """
        return pure

    def loop(self, pure: Pure, program: Program) -> Pure | None:
        """Makes a pure function one of the inputs of many runs, stacked along a further first axis.

        The step of its Draws is that of the first run, and its outputs are stacked likewise.

        Returns:
            None where that is no faster than so many calls.
        """
        return None

    def copied(self, array: Any) -> Any:
        """A copy of an array, which nobody gives away."""
        return array

    def is_gone(self, storage: Any) -> bool:
        """Whether storage was given away, and with it the value."""
        return False

    def assign(self, variable: Variable, value: Any) -> None:
        """Gives a variable a value that was computed within the engine's own code.

        Args:
            variable: what is updated.
            value: an array, or what stands for one while the engine traces.

        Raises:
            RuntimeError: it only stands for one.
        """
        try:
            number = self.to_numpy(value)
        except Exception as error:
            raise RuntimeError(
                f"The variable {variable.name!r} would be updated while the engine traces, when "
                "there is no number to keep. Call the model with training=False there, or take the "
                "new values as results: model.stateless_step gives them."
            ) from error
        variable.set_value(number)

    def compile(self, program: Program) -> Any:
        return self.template(program, False).bound(Binding())

    def compile_loop(self, program: Program) -> Any:
        template = self.template(program, True)
        return template and template.bound(Binding())

    def template(self, program: Program, loop: bool) -> Any:
        pure = self.functional(program)
        if not loop:
            return _Template(self, program, self.jit(pure, program), loop)
        many = self.loop(pure, program)
        return many and _Template(self, program, self.jit(many, program), loop)

    def inline(self, program: Program, phase: int) -> Inlined:
        return _Inlined(self, optimize(program, phase))


class _Template:
    """A compiled pure function, for all programs of its structure."""

    def __init__(self, backend: FunctionalBackend, program: Program, run: Pure, loop: bool) -> None:
        self.backend, self.run, self.loop = backend, run, loop
        self.updated = [update.variable for update in program.updates]
        self.read = variables_read(program)

    def bound(self, binding: Binding) -> _Bound:
        return _Bound(self, binding)


class _Bound:
    """Runs a program: takes the values of its variables, and puts the new ones in their place."""

    def __init__(self, template: _Template, binding: Binding) -> None:
        self._template = template
        self._backend = template.backend
        self._binding = binding
        self._updated = [*map(binding.variable, template.updated)]
        self._read = [*map(binding.variable, template.read)]

    def __call__(self, arrays: Sequence[Any], state: RandomState) -> list[Any]:
        backend = self._backend
        # Asked only where it has to: each call costs more than many a small program's node.
        updated, read = (
            [x.storage if x.owner is backend else x.held_by(backend) for x in variables]
            for variables in (self._updated, self._read)
        )
        try:
            draws = Draws(*state, self._binding.streams)
            fed = [array.copy() for array in arrays] if backend.copies_inputs else arrays
            outputs, values = self._template.run(updated, read, fed, draws)
        except NeedsValues as error:
            template = self._template
            template.run = in_parts(backend, error, template.read, template.loop)
            return self(arrays, state)
        except Exception as error:
            self._refuse_gone(error)
            self._fail_by_its_own_names(arrays, state)
            raise
        involved = (*read, *outputs, *values)
        if backend.donates and len({id(x) for x in involved}) < len(involved):
            outputs, values = _apart(backend, read, outputs, values)
        for variable, value in zip(self._updated, values):
            variable.storage = value
        return list(outputs)

    def _refuse_gone(self, error: Exception) -> None:
        """Tells which values are lost, where some are."""
        gone = [v for v in (*self._updated, *self._read) if self._backend.is_gone(v.storage)]
        if gone:
            raise RuntimeError(
                f"The values of {', '.join(repr(v.name) for v in gone)} are lost: the run that was "
                "to replace them failed, and their memory had been given away. Give them values "
                "anew, by load_weights or set_weights, before you go on."
            ) from error

    def _fail_by_its_own_names(self, arrays: Sequence[Any], state: RandomState) -> None:
        """Fails once more, naming the layers of this program and not of the one that came first."""
        if self._binding.program is not None:
            own = self._backend.template(self._binding.program(), self._template.loop)
            own.bound(replace(self._binding, program=None))(arrays, state)


def _apart(
    backend: FunctionalBackend, read: Sequence[Any], outputs: Sequence[Any], values: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Results of which none is another one or a value that was read: each may be given away."""
    taken = set(map(id, read))
    apart = []
    for array in (*values, *outputs):
        own = backend.copied(array) if id(array) in taken else array
        taken.add(id(own))
        apart.append(own)
    return apart[len(values) :], apart[: len(values)]


class _Inlined:
    """A program within the engine's own code, with the present values of its variables."""

    def __init__(self, backend: FunctionalBackend, program: Program) -> None:
        self._backend = backend
        self._pure = backend.functional(program)
        self._updated = [update.variable for update in program.updates]
        self._read = variables_read(program)
        self._calls = count()

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        # Copies: a trace keeps them, and steps of training may give the variables' own away.
        with held_still((*self._updated, *self._read)):
            updated, read = ([*map(self._value, part)] for part in (self._updated, self._read))
        draws = Draws(current_run().seed, next(self._calls))
        outputs, values = self._pure(updated, read, arrays, draws)
        for variable, value in zip(self._updated, values):
            self._backend.assign(variable, value)
        return list(outputs)

    def _value(self, variable: Variable) -> Any:
        return self._backend.copied(variable.held_by(self._backend))
