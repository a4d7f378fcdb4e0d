"""Program: what a backend is asked to run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Callable

from keras_core.graph import order
from keras_core.graph.listing import listing
from keras_core.graph.primitive import Node
from keras_core.graph.rewrite import Rewriter, Rule
from keras_core.graph.tensor import Constant, Placeholder, Tensor, Update, Variable


class Program:
    """Inputs, outputs and updates of one compiled function, for one learning phase.

    All updates happen at once, after everything has been read. `print(program)` gives a listing.

    Args:
        inputs: placeholders, in the order of the values of a call.
        outputs: tensors to return.
        updates: new values of variables.
        jit_compile: True or False where somebody says whether a backend that can compile the
            program as a whole does so; None leaves it to the backend.
    """

    def __init__(
        self,
        inputs: Sequence[Placeholder],
        outputs: Sequence[Tensor],
        updates: Sequence[Update] = (),
        jit_compile: bool | None = None,
    ) -> None:
        self.jit_compile = jit_compile
        self.inputs: tuple[Placeholder, ...] = tuple(inputs)
        self.outputs: tuple[Tensor, ...] = tuple(outputs)
        self.updates: tuple[Update, ...] = tuple(Update(*update) for update in updates)

    @property
    def results(self) -> tuple[Tensor, ...]:
        """Outputs, then the values of the updates: everything that must be computed."""
        return (*self.outputs, *(update.value for update in self.updates))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that the results need, each after its inputs."""
        return tuple(order.topological(self.results))

    @cached_property
    def leaves(self) -> tuple[Tensor, ...]:
        return tuple(order.leaves(self.results))

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Variables that are read or written, each once."""
        read = [leaf for leaf in self.leaves if isinstance(leaf, Variable)]
        return tuple(dict.fromkeys([*read, *(update.variable for update in self.updates)]))

    @cached_property
    def constants(self) -> tuple[Constant, ...]:
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Constant))

    @cached_property
    def has_scans(self) -> bool:
        return any(node.primitive.loop for node in self.nodes)

    @cached_property
    def is_random(self) -> bool:
        """Whether the random state is needed; a loop counts as a node that draws."""
        return any(node.primitive.random for node in self.nodes)

    def rewritten(
        self,
        rule: Rule | None = None,
        replacements: Sequence[tuple[Tensor, Tensor]] = (),
        inside: Callable[[], Rule] | None = None,
        again: bool = False,
    ) -> Program:
        """The program with leaves replaced and a rule applied to each node, as `Rewriter` does."""
        replaced = dict(replacements)
        results = Rewriter(replaced, rule, inside, again)(self.results)
        if not replaced and all(a.key == b.key for a, b in zip(results, self.results)):
            return self
        inputs = [replaced.get(x, x) for x in self.inputs]
        return self._with(inputs, results)

    def _with(self, inputs: Sequence[Tensor], results: list[Tensor]) -> Program:
        count = len(self.outputs)
        updates = [Update(u.variable, v) for u, v in zip(self.updates, results[count:])]
        return Program(inputs, results[:count], updates, self.jit_compile)  # type: ignore[arg-type]

    def validate(self) -> None:
        """Refuses what a user may get wrong; passes keep a valid program valid.

        Raises:
            ValueError: an output depends on a placeholder that is not among the inputs, or a
                variable is updated twice.
        """
        self._refuse_unfed()
        self._refuse_double_updates()

    def _refuse_unfed(self) -> None:
        fed = set(self.inputs)
        for leaf in self.leaves:
            if isinstance(leaf, Placeholder) and leaf not in fed:
                reader, instead = self._reader_of(leaf)
                raise ValueError(
                    f"{reader} on {leaf!r}, which is not among the inputs "
                    f"{[x.name for x in self.inputs]}; add it to the inputs of the "
                    f"function{instead}."
                )

    def _reader_of(self, leaf: Tensor) -> tuple[str, str]:
        """Who depends on a leaf, and what else can be done, as an error says it."""
        if leaf in set(order.leaves(self.outputs)):
            fed = "" if self.inputs else ", K.function([x], [result]), and feed it; or use predict"
            return "The outputs depend", fed
        update = next(u for u in self.updates if leaf in set(order.leaves([u.value])))
        return (
            f"The update of {update.variable.name!r} depends",
            ", or take the updates that belong to its inputs: model.get_updates_for(inputs)",
        )

    def _refuse_double_updates(self) -> None:
        seen = set()
        for variable, _ in self.updates:
            if variable in seen:
                raise ValueError(f"Variable {variable.name!r} is updated twice in one function.")
            seen.add(variable)

    def __str__(self) -> str:
        return listing(self)
