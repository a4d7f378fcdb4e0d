"""What a backend promises, and the records that plugins hand to the core.

`BACKEND_API` is the version of this contract. A minor step adds only what has a default, so a
backend written for (1, 0) goes on working with a core that speaks (1, 5), not the reverse; a major
step may break.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Protocol

if TYPE_CHECKING:
    from keras_core.graph.program import Program
    from keras_core.graph.template import Binding
    from keras_core.graph.tensor import Spec, Variable
    from keras_core.ranks import World

BACKEND_API = (1, 5)

Compiled = Callable[[Sequence[Any], Any], "list[Any]"]
Inlined = Callable[[Sequence[Any]], "list[Any]"]


class Draws(NamedTuple):
    """What the random numbers of one run of a pure function depend on; all may be traced.

    Attributes:
        seed: of the run, an int in [0, 2**32).
        step: number of the call, an int.
        streams: the streams of nodes whose parameter `stream` is below 0: -1 stands for the first.
    """

    seed: Any
    step: Any
    streams: Sequence[Any] = ()


# (values that are replaced, values that are read, inputs, draws) -> (outputs, new values).
Pure = Callable[
    [Sequence[Any], Sequence[Any], Sequence[Any], Draws], "tuple[Sequence[Any], Sequence[Any]]"
]


class Batches(Protocol):
    """An engine's data set as batches of arrays; each iteration is an epoch."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


class Template(Protocol):
    """What a backend compiled for all programs of one structure."""

    def bound(self, binding: Binding) -> Compiled:
        """Makes the callable for one of them.

        Args:
            binding: its variables and random streams, by the stand-ins of the template's program.

        Returns:
            What `compile` (or `compile_loop`) would give for that program, to the last bit.
        """
        ...


class Backend:
    """Runs programs and holds the values of variables.

    A backend derives from this class and gives `name`, `lowerings` and `compile`; what else is here
    has a default that suits an engine whose arrays are NumPy's.

    Attributes:
        name: the backend's name, which is also its entry point's.
        lowerings: read-only mapping from a primitive's name to what runs it on this engine. What a
            lowering looks like is the backend's own affair. Without one of `all_reduce`, which is
            there since (1, 5), the backend works in one process alone.
        donates: whether a run gives the storage of the variables that it updates away, so that the
            new values can take its memory. Then nobody reads or sets them until the run has ended.
            Since (1, 4).
        compiles_sizes: whether a run with sizes that none had before is dear, as where they are
            compiled for. Then the last batch of `predict` is filled up where samples do not depend
            on each other. Since (1, 4).
        survives_fork: whether the engine runs in a process that was forked from one in which it
            had run. Where not, programs are refused there, instead of waiting for threads that are
            missing. Since (1, 5).
        template: a method, where a second model of one architecture needs no compiling:
            `template(program, loop)` takes a program with stand-ins for variables and for random
            streams (`keras_core.graph.template`) and makes a Template, or None where it has none;
            for a `loop`, None where `compile_loop` gives None. None in place of the method: each
            program is compiled by itself. Since (1, 3).
        functional: a method, where programs can be pure functions that the engine may trace:
            `functional(program)`, of an optimised program, gives a function of the present values
            of the updated variables (in the order of the updates), of those that are read alone (in
            the order of `program.variables`), of the inputs and of a Draws. It returns the outputs
            and the new values, and changes nothing. `model.stateless` is made of it. None in place
            of the method: the engine has no such functions. Since (1, 4).
    """

    name: str = ""
    lowerings: Mapping[str, Any] = MappingProxyType({})
    donates: bool = False
    compiles_sizes: bool = False
    survives_fork: bool = True
    template: Callable[[Program, bool], Template | None] | None = None
    functional: Callable[[Program], Pure] | None = None

    def compile(self, program: Program) -> Compiled:
        """Turns a program into a callable.

        Args:
            program: inputs, ordered nodes, outputs and updates, for one learning phase. Backends
                that can compile it as a whole heed its `jit_compile`.

        Returns:
            A function of the input arrays, in the program's order, and the pair (seed, step) from
            which random nodes derive their streams. It returns the outputs, as anything that NumPy
            makes arrays of (by `__array__`, asked for when somebody reads them; since (1, 4)), and
            applies the program's updates to the variables' storage, all at once after all reads.

        Raises:
            NotImplementedError: a primitive has neither a lowering nor a decomposition.
        """
        raise NotImplementedError(f"The backend {self.name!r} has no compile().")

    def compile_loop(self, program: Program) -> Compiled | None:
        """Turns a program into a callable that runs it several times in one call.

        Returns:
            None where that is no faster than so many calls of what `compile` returns, which is the
            default. Else a function of the inputs of all runs, stacked along a further first axis,
            and of the pair (seed, step) of the first run; the step counts on from there. It returns
            the outputs of all runs, stacked, and applies the updates of each run before the next.
        """
        return None

    def to_storage(self, value: Any) -> Any:
        """Makes a variable's storage out of a NumPy array, which stays the caller's own."""
        return value.copy()

    def to_numpy(self, storage: Any) -> Any:
        """Returns a variable's storage as a NumPy array that the caller may change."""
        return storage.copy()

    def hold(self, variable: Variable, value: Any) -> Any:
        """Makes a variable's storage when the variable comes into this backend's hands.

        That happens once more whenever it is given a value or another backend has held it. Engines
        whose programs refer to the storage itself write into the one that they made before.

        Args:
            variable: what is to be held.
            value: its present value, a NumPy array, which stays the caller's own.
        """
        return self.to_storage(value)

    def spec_of(self, value: Any) -> Spec | None:
        """Tells a tensor of the engine's own by its static shape and dtype, None for all else.

        Layers can be called on what this knows; `inline` then computes.

        Raises:
            ValueError: it is a tensor of the engine of unknown rank.
        """
        return None

    def inline(self, program: Program, phase: int) -> Inlined:
        """Makes a function of the engine's own tensors, for its tracing and differentiation.

        Args:
            program: inputs, outputs and updates, not optimised yet, so that all can be derived.
            phase: the learning phase to run it for, 0 or 1.

        Returns:
            A function of the inputs, in the program's order, that returns the outputs as tensors of
            the engine's own, and does the updates where and when the engine runs it.
        """
        raise NotImplementedError(f"The backend {self.name!r} has no tensors of its own.")

    def batches_of(self, data: Any) -> Batches | None:
        """Takes a data set of the engine's own for fit, evaluate and predict; None for all else.

        Returns:
            What iterates over an epoch of batches in the form that a generator would yield them,
            arrays for tensors, and whose `len` is their number, or a ValueError if there is no end.
        """
        return None

    def step_of(self, optimizer: Any, variables: Sequence[Variable]) -> Callable[..., Any] | None:
        """Takes an optimizer of the engine's own for some variables; None for all else.

        Since (1, 2).

        Returns:
            A function of the engine's own tensors, the present values and then the gradients, that
            does one step and returns the new values; a program calls it in a native node.
        """
        return None

    def gradient_of(
        self, function: Callable[..., Any], arity: int, results: int
    ) -> Callable[..., Any] | None:
        """The engine's own derivative of a function of its arrays; None where it has none.

        Since (1, 4).

        Args:
            function: what a native node calls.
            arity: the number of its inputs.
            results: the number of arrays that it returns.

        Returns:
            A function of the cotangents of the results and of the inputs, in this order, that
            returns a cotangent for each input, zeros for those that are no floats. Where it can be
            derived itself, its attribute `gradient` is the function that does so.
        """
        return None

    def devices(self) -> tuple[str, ...]:
        """Returns the names of the devices that programs can run on, the default one first."""
        return ("cpu",)

    def on(self, device: str) -> Backend:
        """Returns the backend that runs programs on one of its devices, the same one each time.

        Since (1, 4). Variables go from one to the other as between backends. `on_another` makes all
        but the first device's, which is the backend that plugins make.

        Args:
            device: one of the names that `devices` gives.

        Raises:
            ValueError: there is no such device.
        """
        names = self.devices()
        table = self.__dict__.setdefault("_by_device", {names[0]: self})
        if device not in table:
            made = self.on_another(device) if device in names else None
            if made is None:
                raise ValueError(
                    f"The backend {self.name!r} has no device {device!r} here; it has "
                    f"{', '.join(map(repr, names))}."
                )
            made.lowerings = self.lowerings  # with the kernels that plugins have added
            made.__dict__["_by_device"] = table
            table.setdefault(device, made)
        return table[device]

    def on_another(self, device: str) -> Backend | None:
        """Makes a backend for a device other than the first one, once for each; `on` calls it.

        Since (1, 4). None where the engine chooses devices by itself.
        """
        return None

    def world(self) -> World | None:
        """Returns the processes that the engine's own launcher started, as this one sees them.

        Since (1, 5). `keras_core.distribute.init` asks where no launcher of MPI is at work. None
        where this process is alone.
        """
        return None

    def forget(self) -> None:
        """Lets go of what the engine keeps of programs for later; `K.clear_session` calls it.

        Since (1, 4).
        """

    def add_lowerings(self, lowerings: Mapping[str, Any]) -> None:
        """Takes kernels that another plugin has for this backend, in place of its own."""
        self.lowerings = MappingProxyType({**self.lowerings, **lowerings})


@dataclass(frozen=True)
class Limitation:
    """Something that a backend cannot do.

    Limitations are strict: a conformance case that one of them covers, and that passes all the
    same, is a failure.

    Args:
        cases: pattern of the conformance cases' names, as in `fnmatch`: 'ctc_*'.
        reason: why, in a sentence for the table of what is covered.
    """

    cases: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """What keeps an engine from running here.

    Args:
        what: what is missing or does not fit, with names and versions, in a sentence without its
            full stop.
        remedy: the command that mends it.
    """

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}. To mend: {self.remedy}"


@dataclass(frozen=True)
class BackendInfo:
    """What is known of a backend without starting its engine.

    Args:
        name: the backend's name.
        engine: the engine's name, for people.
        engine_version: its version; empty where it is not known without importing the engine.
        api: the version of the contract that the backend was written for. Write the numbers, not
            `BACKEND_API`, which is the version of the core that happens to be installed.
        devices: kinds of device that the installed engine can have, such as ('cpu',).
        limitations: what the backend cannot do.
        problems: what keeps the engine from running, told without importing it. Since (1, 1).
    """

    name: str
    engine: str
    engine_version: str = ""
    api: tuple[int, int] = (1, 0)
    devices: tuple[str, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class ModelFormat:
    """A file format that models can be written to or read from.

    Args:
        name: the format's name.
        suffixes: file name endings with their dot: ('.h5', '.hdf5').
        description: one line.
        save: takes a model and a path, and writes the file; None where the format is only read. It
            may take `include_optimizer` by keyword.
        load: takes a path and returns a model; None where the format is only written. It may take
            `custom_objects`, `compile` and `safe_mode` by keyword, as `load_model` does.
        signature: the first bytes of each such file, by which it is told whatever its name is;
            empty where there are none. Since (1, 2).
        holds_weights: whether a file is a whole model, so that `model.save` writes it. Since
            (1, 2).
        is_folder: whether a model is a folder of files. Since (1, 2).
    """

    name: str
    suffixes: tuple[str, ...]
    description: str
    save: Callable[..., None] | None = None
    load: Callable[..., Any] | None = None
    signature: bytes = b""
    holds_weights: bool = True
    is_folder: bool = False


def speaks_this_api(api: tuple[int, int]) -> bool:
    """Tells whether a plugin written for this version of the contract works with this core."""
    return api[0] == BACKEND_API[0] and api[1] <= BACKEND_API[1]
