"""Templates: programs with stand-ins for what differs between models of one architecture.

A backend compiles a template once and binds it to the variables and random streams of one program
after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, NoReturn

from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.scan.body import Body
from keras_core.graph.tensor import FirstValue, Tensor, Update, Variable


class StandIn(Variable):
    """A variable without a value, for the variable at one place of a signature.

    Args:
        variable: one that it may stand for.
        number: its place.
    """

    def __init__(self, variable: Variable, number: int) -> None:
        super().__init__(FirstValue(variable.shape, variable.dtype, _no_value), variable.dtype)
        self.number = number


def _no_value() -> NoReturn:
    raise ValueError("A stand-in for a variable has no value.")


def stream_at(place: int) -> int:
    """What stands for the random stream at a place of a signature; no stream is below 0."""
    return -1 - place


@dataclass(frozen=True)
class Binding:
    """What takes the places of a template's stand-ins.

    Attributes:
        variables: the variables, in the order of the signature.
        streams: the random streams, likewise.
        program: makes the template that the bound program would have had itself, whose nodes know
            the layers and the lines that built them; for errors.
    """

    variables: Sequence[Variable] = ()
    streams: Sequence[int] = ()
    program: Callable[[], Program] | None = field(default=None, compare=False)

    def variable(self, variable: Variable) -> Variable:
        """The variable that a stand-in stands for; all others stand for themselves."""
        return self.variables[variable.number] if type(variable) is StandIn else variable

    def stream(self, stream: int) -> int:
        """The stream that a number below 0 stands for; all others stand for themselves."""
        return self.streams[-1 - stream] if stream < 0 else stream

    def params(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A node's parameters with the streams that are bound."""
        places = {stream_at(place): stream for place, stream in enumerate(self.streams)}
        return _Copy({}, places).params(params)


def template_of(program: Program, variables: Sequence[Variable], streams: Sequence[int]) -> Program:
    """The program with stand-ins for variables and streams, which keeps nothing of a model alive.

    Args:
        program: a program that was optimized.
        variables: those of the signature of the program that it was made of.
        streams: likewise.
    """
    stand_ins = {v: StandIn(v, number) for number, v in enumerate(variables)}
    copy = _Copy(stand_ins, {stream: stream_at(place) for place, stream in enumerate(streams)})
    inputs = copy.leaves(program.inputs)
    results = copy(program.nodes, program.results)
    count = len(program.outputs)
    updates = [
        Update(stand_ins[update.variable], value)
        for update, value in zip(program.updates, results[count:])
    ]
    return Program(inputs, results[:count], updates, program.jit_compile)  # type: ignore[arg-type]


# What leaves are made of. Layers write further attributes on theirs, by which they would be kept.
_OWN = frozenset({"spec", "shape", "dtype", "node", "index", "_name", "uid", "value"})


def _bare(leaf: Tensor) -> Tensor:
    """A copy of a placeholder or constant that nobody has written on."""
    copy = object.__new__(type(leaf))
    copy.__dict__.update((name, value) for name, value in vars(leaf).items() if name in _OWN)
    return copy


class _Copy:
    """Copies nodes with other variables of equal specs and other streams.

    All sizes keep their names, so that no shape rule runs again.
    """

    def __init__(self, variables: Mapping[Any, Tensor], streams: Mapping[int, int]) -> None:
        self._new: dict[Any, Tensor] = dict(variables)
        self._streams = streams

    def __call__(self, nodes: Sequence[Node], results: Sequence[Tensor]) -> list[Tensor]:
        for node in nodes:
            copy = node.alike([self._of(x) for x in node.inputs], self.params(node.params))
            self._new.update(((node, i), y) for i, y in enumerate(copy.outputs()))
        return [self._of(x) for x in results]

    def leaves(self, leaves: Sequence[Tensor]) -> list[Tensor]:
        return [self._of(x) for x in leaves]

    def _of(self, tensor: Tensor) -> Tensor:
        found = self._new.get(tensor.key)
        if found is None:
            found = self._new[tensor.key] = _bare(tensor)
        return found

    def params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._param(name, value) for name, value in params.items()}

    def _param(self, name: str, value: Any) -> Any:
        if name == "stream":
            return self._streams.get(value, value)
        return self._body(value) if type(value) is Body else value

    def _body(self, body: Body) -> Body:
        sequences, states, invariants = body.split(self.leaves(body.inputs))
        results = self(body.nodes, body.results)
        count = len(body.new_states)
        parts = (sequences, states, invariants, results[:count], results[count:])
        return Body(*map(tuple, parts))
