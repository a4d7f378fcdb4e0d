"""Function: tensors compiled into a callable by the backend in use, once a learning phase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import count, islice
from threading import Lock
from typing import Any, Callable

import numpy as np

from keras_core import config, ranks
from keras_core.graph import randomness
from keras_core.graph.compiling import Compiled, Wanted, compiled
from keras_core.graph.hands import Hold, run_holding
from keras_core.graph.passes import optimize
from keras_core.graph.program import Program
from keras_core.graph.rewrite import substitute
from keras_core.graph.spec import Size, has_sizes
from keras_core.graph.tensor import Placeholder, Tensor, Update, Variable, as_tensor
from keras_core.slots import current_backend
from keras_core.unbroken import Unbroken

Counted = tuple[randomness.Run, Iterator[int]]


class Function:
    """A callable from a list of arrays to a list of arrays.

    Args:
        inputs: tensors whose values are fed; `K.learning_phase()` may stand among them, and what
            is fed for it picks the compiled variant. Phase 0 where it is absent.
        outputs: tensors to compute.
        updates: update or (variable, tensor) pairs, done after everything has been read. Several
            of one variable are done one after the other.
        name: for messages.
        jit_compile: whether a backend that can compile programs as a whole does so; None: as the
            settings say.

    Raises:
        ValueError: an output depends on a placeholder that is not among the inputs.
        TypeError: an input or output is no tensor.
    """

    def __init__(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Tensor],
        updates: Sequence[Any] = (),
        name: str | None = None,
        jit_compile: bool | None = None,
    ) -> None:
        self.name: str = name or "function"
        self.jit_compile = jit_compile
        self.arity: int = len(inputs)
        self._phase_at = [i for i, x in enumerate(inputs) if _is_phase(x)]
        fed = [x for x in inputs if not _is_phase(x)]
        self._refuse_others(fed, "input")
        self._refuse_others(outputs, "output")
        self._alike = _equal_sizes(fed)
        closed = _closed(fed, outputs, in_sequence(updates))
        self.inputs: tuple[Placeholder, ...] = closed[0]
        self.outputs: tuple[Tensor, ...] = closed[1]
        self.updates: tuple[Update, ...] = closed[2]
        self._entrances = [(x, np.dtype(x.dtype)) for x in self.inputs]
        self._uses_phase = any(x._uses_learning_phase for x in self._results())
        self._compiled: dict[tuple[Any, int], Compiled] = {}
        self._compiling = Lock()
        self._loops: dict[tuple[Any, int], Any] = {}
        self._counted: Counted = (randomness.current_run(), count())
        self.draws_apart = False
        Program(self.inputs, self.outputs, self.updates).validate()

    def __call__(self, values: Sequence[Any]) -> list[np.ndarray]:
        """Computes the outputs and does the updates.

        Args:
            values: array-likes, one an input.

        Raises:
            ValueError: their number or one's shape is wrong.
        """
        return fetched(self.run(values))

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Does so, and returns the outputs as the backend has them, to be fetched when read."""
        phase = 0
        if self._phase_at or len(values) != self.arity:
            values, phase = self._split(values)
        arrays = [self._checked(x, dtype, v) for (x, dtype), v in zip(self._entrances, values)]
        if self._alike:
            self._check_alike(arrays)
        backend = current_backend()
        run, hold = self.compiled_for(backend, phase)
        if not hold.written:
            return run_holding(hold, run, arrays, self._random_state())
        with Unbroken():
            return run_holding(hold, run, arrays, self._random_state())

    def loop(self, phase: int = 0) -> Callable[[Sequence[Any]], list[np.ndarray]] | None:
        """What does many calls in one; None where the backend sees no gain in that.

        Args:
            phase: the learning phase.

        Returns:
            A function of the values of all calls but for the phase, array-likes `(calls, ...)`. It
            returns the outputs of all calls, `(calls, ...)`.
        """
        backend = current_backend()
        key = (backend, phase if self._uses_phase else 0)
        with self._compiling:
            if key not in self._loops:
                run, hold = compiled(Wanted(backend, self._program(), phase, loop=True))
                self._loops[key] = run and partial(self._run_loop, run, hold)
            return self._loops[key]

    def _run_loop(self, run: Any, hold: Hold, values: Sequence[Any]) -> list[np.ndarray]:
        arrays = [np.asarray(value, dtype) for (_, dtype), value in zip(self._entrances, values)]
        for (x, dtype), array in zip(self._entrances, arrays):
            self._checked(x, dtype, array[0])
        with Unbroken():
            return fetched(run_holding(hold, run, arrays, self._random_state(len(arrays[0]))))

    def compiled_for(self, backend: Any, phase: int) -> Compiled:
        """The backend's callable and the variables it works on, compiled at the first need."""
        key = (backend, phase if self._uses_phase else 0)
        return self._compiled.get(key) or self._compile(backend, phase, key)

    def _compile(self, backend: Any, phase: int, key: tuple[Any, int]) -> Compiled:
        """Does so, unless another thread has meanwhile."""
        with self._compiling:
            if key not in self._compiled:
                self._compiled[key] = compiled(Wanted(backend, self._program(), phase))
            return self._compiled[key]

    def program(self, phase: int = 0) -> Program:
        """What the backend is asked to compile for a learning phase."""
        return optimize(self._program(), phase)

    def _program(self) -> Program:
        jit = config.get_option("jit_compile") if self.jit_compile is None else self.jit_compile
        return Program(self.inputs, self.outputs, self.updates, jit)

    def _results(self) -> list[Tensor]:
        return [*self.outputs, *(update.value for update in self.updates)]

    def _split(self, values: Sequence[Any]) -> tuple[Sequence[Any], int]:
        """Values without those of the learning phase, and the phase."""
        if len(values) != self.arity:
            names = [x.name for x in self.inputs]
            raise ValueError(
                f"{self.name} takes {self.arity} values (for {names}); {len(values)} were given."
            )
        phase = int(bool(values[self._phase_at[0]]))
        return [v for i, v in enumerate(values) if i not in self._phase_at], phase

    def _checked(self, placeholder: Placeholder, dtype: np.dtype, value: Any) -> np.ndarray:
        array = value if type(value) is np.ndarray else np.asarray(value)
        # NumPy's own dtypes are mostly one object each, and comparing them takes a while.
        if array.dtype is not dtype and array.dtype != dtype:
            array = array.astype(dtype)
        if not has_sizes(array.shape, placeholder.shape):
            raise ValueError(
                f"{self.name}: input {placeholder.name!r} has shape {placeholder.shape}; "
                f"a value of shape {array.shape} was given."
            )
        return array

    def _check_alike(self, arrays: Sequence[np.ndarray]) -> None:
        for places in self._alike:
            sizes = {arrays[i].shape[axis] for i, axis in places}
            if len(sizes) > 1:
                names = [self.inputs[i].name for i, _ in places]
                raise ValueError(
                    f"{self.name}: the inputs {names} were built with one size on the axes "
                    f"{[axis for _, axis in places]}, but values of sizes {sorted(sizes)} were "
                    "given; feed as many rows for each."
                )

    @property
    def calls(self) -> int:
        """How often it was called in the present run, on which random numbers depend."""
        if self._counted[0] is not randomness.current_run():
            return 0
        run, steps = self._counted
        number = next(steps)
        self._counted = (run, count(number))
        return number

    @calls.setter
    def calls(self, number: int) -> None:
        self._counted = (randomness.current_run(), count(number))

    def _random_state(self, calls: int = 1) -> randomness.RandomState:
        """The seed, and the step of the first of some calls."""
        if self._counted[0] is not randomness.current_run():
            self._count_anew()
        run, steps = self._counted
        # One call of `list` takes all steps in a row, whatever other threads do.
        step = next(steps) if calls == 1 else list(islice(steps, calls))[0]
        return run.seed, self._apart(step) if self.draws_apart else step

    def _apart(self, step: int) -> int:
        """A step's number for draws, another one on each rank."""
        world = ranks.current()
        return step * world.size + world.rank

    def _count_anew(self) -> None:
        """Does so for the present run, unless another thread has meanwhile."""
        with self._compiling:
            run = randomness.current_run()
            if self._counted[0] is not run:
                self._counted = (run, count())

    def _refuse_others(self, tensors: Sequence[Any], role: str) -> None:
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(f"{self.name}: {role} {tensor!r} is no tensor of keras_core.")


def fetched(outputs: Sequence[Any]) -> list[np.ndarray]:
    """The outputs of a run as arrays that the caller may change; waits for an engine that is late.

    Args:
        outputs: arrays, or what has `__array__`.
    """
    return [x if type(x) is np.ndarray else np.array(x) for x in outputs]


def _equal_sizes(inputs: Sequence[Tensor]) -> list[list[tuple[int, int]]]:
    """Places (input, axis) whose sizes the graph takes for equal, so that they must be.

    Placeholders have sizes of their own, so these are places of results of nodes among the inputs.
    """
    places: dict[Size, list[tuple[int, int]]] = {}
    for i, x in enumerate(inputs):
        for axis, size in enumerate(x.sizes):
            if type(size) is Size:
                places.setdefault(size, []).append((i, axis))
    return [found for found in places.values() if len({i for i, _ in found}) > 1]


def in_sequence(updates: Iterable[Any]) -> list[Update]:
    """One update a variable: where there are several, each starts from the value of the one before.

    Args:
        updates: update or (variable, tensor) pairs; one that stands there twice is done once.
    """
    values: dict[Variable, Tensor] = {}
    pairs = ((variable, as_tensor(value, variable.dtype)) for variable, value in updates)
    for variable, value in dict.fromkeys(pairs):
        if variable in values:
            (value,) = substitute([value], {variable: values[variable]})
        values[variable] = value
    return [Update(*pair) for pair in values.items()]


def _is_phase(x: Any) -> bool:
    """The learning phase, symbolic or fixed to 0 or 1."""
    if isinstance(x, Tensor):
        return x.node is not None and x.node.primitive.phase
    return isinstance(x, (int, np.integer))


def _closed(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], pairs: Sequence[Update]
) -> tuple[tuple[Placeholder, ...], tuple[Tensor, ...], tuple[Update, ...]]:
    """The same with placeholders for inputs that are results of other tensors."""
    stand_ins = {
        x: Placeholder(x.shape, x.dtype, x.name) for x in inputs if not isinstance(x, Placeholder)
    }
    if not stand_ins:
        return tuple(inputs), tuple(outputs), tuple(pairs)  # type: ignore[arg-type]
    results = substitute([*outputs, *(pair.value for pair in pairs)], stand_ins)
    new_updates = [Update(p.variable, v) for p, v in zip(pairs, results[len(outputs) :])]
    fed = [stand_ins.get(x, x) for x in inputs]
    return tuple(fed), tuple(results[: len(outputs)]), tuple(new_updates)  # type: ignore[arg-type]


def _eval(tensor: Tensor, session: Any = None) -> np.ndarray:
    """The value of a tensor that depends on no input, as `K.eval` gives it.

    Args:
        tensor: the tensor.
        session: of no effect.

    Raises:
        ValueError: the value depends on an input; K.function computes it from values.
    """
    try:
        return Function([], [tensor])([])[0]
    except ValueError as error:
        raise ValueError(
            f"{tensor.name} has no value by itself ({error}). Give it one: "
            "K.function([inputs], [tensor])([arrays]), or model.predict(arrays)."
        ) from error


Tensor.eval = _eval  # type: ignore[attr-defined]
