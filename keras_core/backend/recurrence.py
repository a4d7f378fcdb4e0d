"""`rnn`: a step function run over the time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

from keras_core.attempt import take_calls
from keras_core.backend.control import with_rank
from keras_core.backend.convert import cast_to, tensor
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Tensor

StepFunction = Callable[[Tensor, list[Tensor]], tuple[Tensor, Sequence[Tensor]]]


def rnn(
    step_function: StepFunction,
    inputs: Any,
    initial_states: Sequence[Any],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Runs a step function over the time axis.

    Args:
        step_function: takes a step's input `(batch, ...)` and the list of states, followed by the
            constants; gives the step's output and the list of new states, each shaped as its state.
        inputs: tensor `(batch, steps, ...)`.
        initial_states: tensors `(batch, ...)`.
        go_backwards: True to go from the last step to the first; outputs then stand in that order.
        mask: bool tensor `(batch, steps)` or `(batch, steps, 1)`. Where it is false the states
            stay, and the output is that of the step before (0 at the beginning).
        constants: further tensors for each step.
        unroll: True to build each step by itself, which needs a known number of steps.
        input_length: of no effect; the number of steps is known from `inputs`.

    Returns:
        The last output `(batch, ...)`, all outputs `(batch, steps, ...)`, and the last states.

    Raises:
        ValueError: `inputs` has no time axis, there is a mask but no state, or `unroll` without a
            known number of steps.

    Example:
        >>> def step(x, states):
        ...     total = states[0] + x
        ...     return total, [total]
        >>> x = K.constant([[[1.0], [2.0], [3.0]]])
        >>> last, outputs, states = K.rnn(step, x, [K.zeros((1, 1))])
        >>> K.eval(outputs).tolist()
        [[[1.0], [3.0], [6.0]]]
    """
    x = tensor(inputs)
    if x.ndim < 2:
        raise ValueError(
            f"K.rnn needs inputs (batch, steps, ...), not a tensor of shape {x.shape}."
        )
    states = [tensor(state) for state in initial_states]
    masks = _masks(mask, states)
    sequences = [_time_first(t) for t in [x, *masks]]
    if go_backwards:
        sequences = [p.reverse(t, axes=(0,)) for t in sequences]
    step = _Step(step_function, list(constants or ()))
    run = _masked if masks else _plain
    result = run(step, sequences, states, _unrolled if unroll else _looped)
    return result.last, _time_first(result.outputs), result.states


class _Step(NamedTuple):
    """The user's step function and what it is given besides input and states."""

    function: StepFunction
    constants: list[Any]

    def __call__(self, x: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        output, new_states = self.function(x, [*states, *self.constants])
        if len(new_states) < len(states):
            raise ValueError(
                f"K.rnn: the step function was given {len(states)} states and returned "
                f"{len(new_states)}; it must return as many."
            )
        return output, list(new_states)


class _Result(NamedTuple):
    last: Tensor
    outputs: Tensor
    states: list[Tensor]


def _time_first(x: Tensor) -> Tensor:
    """Exchanges the axes of batch and time."""
    return p.transpose(x, perm=(1, 0, *range(2, x.ndim)))


def _masks(mask: Any, states: Sequence[Tensor]) -> list[Tensor]:
    """No mask, or one `(batch, steps)`."""
    if mask is None:
        return []
    if not states:
        raise ValueError("K.rnn: a mask needs initial_states: what to keep where it is false.")
    mask = cast_to(tensor(mask), "bool")
    return [p.squeeze(mask, 2) if mask.ndim == 3 else mask]


def _plain(step: _Step, sequences: Sequence[Tensor], states: list[Tensor], loop: Any) -> _Result:
    place: list[int] = []

    def body(parts: list[Tensor], now: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        output, after = step(parts[0], now)
        place[:] = [i for i, state in enumerate(after) if state.key == output.key]
        return [output], after

    finals, (outputs,) = loop(body, sequences, states)
    # Where the last output is also a state, a backend need not keep all outputs for it.
    return _Result(finals[place[0]] if place else _last(outputs), outputs, finals)


def _masked(step: _Step, sequences: Sequence[Tensor], states: list[Tensor], loop: Any) -> _Result:
    before = _zero_output(step, sequences[0], states)

    def body(parts: list[Tensor], now: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        *kept, previous = now
        output, after = step(parts[0], kept)
        output = _choose(parts[1], output, previous)
        return [output], [*(_choose(parts[1], a, b) for a, b in zip(after, kept)), output]

    finals, (outputs,) = loop(body, sequences, [*states, before])
    return _Result(finals[-1], outputs, finals[:-1])


def _choose(mask: Tensor, new: Tensor, old: Tensor) -> Tensor:
    return p.where(with_rank(mask, new.ndim), new, old)


def _zero_output(step: _Step, x: Tensor, states: list[Tensor]) -> Tensor:
    """Zeros of the shape of an output, for which a step is built that is not run."""
    output, _ = step(_at(x, 0), states)
    unknown = [axis for axis, size in enumerate(output.shape) if size is None]
    if unknown == [0]:
        zero, batch = p.scalar(0, output.dtype), p.as_size(p.size_of(x, 1))
        return p.broadcast_to(zero, batch, shape=output.shape)
    return p.zeros_like(output)


def _looped(body: Any, sequences: Sequence[Tensor], states: Sequence[Tensor]) -> Any:
    return scan(body, sequences, states)


def _unrolled(body: Any, sequences: Sequence[Tensor], states: Sequence[Tensor]) -> Any:
    steps = sequences[0].shape[0]
    if not steps:
        raise ValueError(
            f"K.rnn: unroll=True needs a known number of steps of at least 1, not {steps}; give "
            "the inputs a fixed number of steps, or leave unroll out."
        )
    take_calls(steps, lambda: "A loop that is written out")
    now, outputs = list(states), []
    for i in range(steps):
        (output,), now = body([_at(x, i) for x in sequences], now)
        outputs.append(output)
    return now, (p.stack(*outputs, axis=0),)


def _at(x: Tensor, i: int) -> Tensor:
    whole = (None, None, 1)
    part = p.slice(x, index=((i, i + 1, 1), *[whole] * (x.ndim - 1)))
    return p.squeeze(part, 0)


def _last(x: Tensor) -> Tensor:
    whole = (None, None, 1)
    return p.squeeze(p.slice(x, index=((-1, None, 1), *[whole] * (x.ndim - 1))), 0)
