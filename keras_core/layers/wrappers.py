"""Layers that apply another layer in a way of their own."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keras_core import backend as K
from keras_core import foreign, slots
from keras_core.engine.base_layer import InputSpec, Layer, open_signature
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Dim, Shape
from keras_core.layers._options import Tensors, Training
from keras_core.saving.safety import copying
from keras_core.utils.generic_utils import CustomObjectScope, has_arg, to_list, whole_config
from keras_core.utils.layer_utils import describe

if TYPE_CHECKING:
    from typing_extensions import Self

    from keras_core.layers.recurrent import RNN


__all__ = ["Bidirectional", "TimeDistributed", "Wrapper"]


class Wrapper(Layer):
    """The base of layers that hold another one and show its weights as their own.

    Args:
        layer: the layer to wrap.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            foreign.refuse(layer, AttributeError)
            name = layer.__name__ if inspect.isclass(layer) else "LSTM"
            raise AttributeError(
                f"{type(self).__name__} wraps a layer, but got {layer!r}. "
                f"Write for instance {type(self).__name__}({name}(32))."
            )
        kwargs.setdefault("trainable", layer.trainable)
        super().__init__(**kwargs)
        self._hold(layer)
        self.trainable = self._trainable

    def _hold(self, layer: Layer) -> None:
        self.layer = layer

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights of what is wrapped."""
        return self._trainable and all(layer.trainable for layer in self._layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value
        for layer in self._layers:
            layer.trainable = value

    @property
    def activity_regularizer(self) -> Any:
        """The regularizer of the wrapped layer's output, or None."""
        return getattr(self.layer, "activity_regularizer", None)

    @property
    def losses(self) -> list[Any]:
        """The losses of what is wrapped.

        A penalty on the output is not among them, as in Keras 2, but with those of a call:
        `get_losses_for(inputs)`. A model takes it from there.
        """
        return [loss for layer in self._layers for loss in layer.losses]

    def get_losses_for(self, inputs: Any = None) -> list[Any]:
        """The losses that depend on these inputs; by default those that depend on none."""
        return super().get_losses_for(inputs)

    def get_updates_for(self, inputs: Any = None) -> list[Any]:
        """The updates that depend on these inputs; by default those that depend on none."""
        return super().get_updates_for(inputs)

    @open_signature
    def build(self, input_shape: Shape | None = None) -> None:
        self.built = True

    def get_config(self) -> dict[str, Any]:
        wrapped = {"class_name": type(self.layer).__name__, "config": whole_config(self.layer)}
        return {**super().get_config(), "layer": wrapped}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        layer = slots.family("layers").deserialize(config["layer"], custom_objects)
        return cls(layer, **{name: v for name, v in config.items() if name != "layer"})


def _build(layer: Layer, input_shape: Shape) -> None:
    """Build a wrapped layer, which is not called itself and so would not build on its own."""
    if layer.built:
        return
    layer.build(input_shape)
    layer.built = True
    if layer._initial_weights is not None:
        layer.set_weights(layer._initial_weights)


class TimeDistributed(Wrapper):
    """Applies a layer to every step, with the same weights.

    The steps of all samples are joined into one batch for the layer, and parted again after it.

    Args:
        layer: a layer of one input and one output.

    Input shape: `(batch, steps, ...)`. Output shape: `(batch, steps, *output of the layer)`.

    Raises:
        AttributeError: if `layer` is no layer.

    Example:
        >>> frames = layers.Input((10, 28, 28, 3))
        >>> layers.TimeDistributed(layers.Conv2D(8, 3))(frames).shape
        (None, 10, 26, 26, 8)
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=3)

    def build(self, input_shape: Shape) -> None:
        self.input_spec: InputSpec = InputSpec(
            ndim=len(input_shape), axes=dict(enumerate(input_shape[2:], start=2))
        )
        self._check_step(_joined_shape(input_shape))
        _build(self.layer, _joined_shape(input_shape))
        super().build()

    def _check_step(self, shape: Shape) -> None:
        spec = self.layer.input_spec
        wanted = isinstance(spec, InputSpec) and spec.complaint(shape, spec.dtype or "")
        if wanted:
            raise ValueError(
                f"TimeDistributed layer {self.name!r} gives {describe(self.layer)} steps of shape "
                f"{shape}, but that expects {wanted}. The input of TimeDistributed has one axis "
                "more, that of the steps: (batch, steps, ...)."
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        output = self.layer.compute_output_shape(_joined_shape(input_shape))
        return (*input_shape[:2], *output[1:])

    def call(self, inputs: Tensor, training: Training = None, mask: Tensor | None = None) -> Tensor:
        arguments = {"training": training, "mask": _inner_mask(mask)}
        output = _call(self.layer, _join_steps(inputs), arguments)
        return _part_steps(output, inputs)

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        inner = self.layer.compute_mask(_join_steps(inputs), _inner_mask(mask))
        if inner is not None:
            return _part_steps(inner, inputs)
        if mask is None or K.ndim(mask) == 2:
            return mask
        return K.any(mask, axis=list(range(2, K.ndim(mask))))


def _call(layer: Layer, inputs: Tensor, arguments: dict[str, Any]) -> Tensor:
    """Call a layer with those of the arguments that are given and that it takes."""
    taken = {
        name: v for name, v in arguments.items() if v is not None and has_arg(layer.call, name)
    }
    return layer.call(inputs, **taken)


def _joined_shape(shape: Shape) -> Shape:
    batch, steps, *rest = shape
    return (None if batch is None or steps is None else batch * steps, *rest)


def _sizes_from(x: Tensor, first_axis: int) -> list[Any]:
    """Returns the sizes of `x` from an axis on: ints, and tensors where they are unknown."""
    shape = K.int_shape(x)
    axes = range(first_axis, len(shape))
    return [K.shape(x)[axis] if shape[axis] is None else shape[axis] for axis in axes]


def _join_steps(x: Tensor) -> Tensor:
    """Joins the batch with the steps, once a tensor: a model applied to it files no loss twice."""
    kept = vars(x)
    if "_joined_steps" not in kept:
        kept["_joined_steps"] = K.reshape(x, (-1, *_sizes_from(x, 2)))
    return kept["_joined_steps"]


def _part_steps(x: Tensor, like: Tensor) -> Tensor:
    """Undo `_join_steps`, with the batch and the steps of `like`."""
    batch: Dim
    steps: Dim | Tensor
    batch, steps = K.int_shape(like)[:2]
    batch = -1 if batch is None else batch
    if steps is None:
        steps = K.shape(like)[1] if batch == -1 else -1
    return K.reshape(x, (batch, steps, *_sizes_from(x, 1)))


def _inner_mask(mask: Tensor | None) -> Tensor | None:
    """Returns the mask for the wrapped layer; one of steps only says nothing about its insides."""
    return None if mask is None or K.ndim(mask) == 2 else _join_steps(mask)


_MERGES = {
    "sum": lambda forward, backward: forward + backward,
    "mul": lambda forward, backward: forward * backward,
    "ave": lambda forward, backward: (forward + backward) / 2,
    "concat": lambda forward, backward: K.concatenate([forward, backward]),
    None: lambda forward, backward: [forward, backward],
}


class Bidirectional(Wrapper):
    """Runs a recurrent layer forward and a twin of it backward, and merges what they give.

    (Schuster and Paliwal, "Bidirectional recurrent neural networks", 1997.)

    Args:
        layer: a recurrent layer. It serves as the pattern for `forward_layer` and
            `backward_layer`, which are made from its configuration.
        merge_mode: "concat", "sum", "mul", "ave", or None to return both outputs.
        weights: initial weights, those of the forward layer first, or None.

    Input shape: `(batch, steps, features)`; also a list of it, the initial states of the forward
    layer, those of the backward layer, and constants.
    Output shape: that of the layer, with the last axis doubled by "concat"; with
    `return_state=True` a list of the output, the forward and the backward states.

    Raises:
        ValueError: if `layer` is not recurrent, `merge_mode` is something else, or the initial
            states are odd in number.

    Example:
        >>> words = layers.Input((20, 8))
        >>> layers.Bidirectional(layers.LSTM(16))(words).shape
        (None, 32)
        >>> layers.Bidirectional(layers.LSTM(16), merge_mode="sum")(words).shape
        (None, 16)
    """

    forward_layer: Any
    backward_layer: Any

    def __init__(
        self,
        layer: RNN,
        merge_mode: str | None = "concat",
        weights: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if merge_mode not in _MERGES:
            raise ValueError(
                f"Bidirectional: `merge_mode` must be one of {list(_MERGES)}, but got "
                f"{merge_mode!r}."
            )
        if isinstance(layer, Layer) and not hasattr(layer, "go_backwards"):
            raise ValueError(
                f"Bidirectional runs a recurrent layer in both directions, but {describe(layer)} "
                "is none. Write for instance Bidirectional(LSTM(32)); a layer for each step is "
                "made by TimeDistributed."
            )
        super().__init__(layer, **kwargs)
        self.merge_mode = merge_mode
        self.stateful: bool = layer.stateful
        self.return_sequences: bool = layer.return_sequences
        self.return_state: bool = layer.return_state
        self.input_spec = layer.input_spec
        self._num_constants = 0
        if weights:
            half = len(weights) // 2
            self.forward_layer._initial_weights = weights[:half]
            self.backward_layer._initial_weights = weights[half:]

    def _hold(self, layer: Any) -> None:
        self.__dict__["layer"] = layer  # a pattern only: its own weights never come to be
        self.forward_layer = _twin(layer, "forward_", layer.go_backwards)
        self.backward_layer = _twin(layer, "backward_", not layer.go_backwards)

    def build(self, input_shape: Any) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            with K.name_scope(layer.name):
                _build(layer, input_shape)
        super().build()

    def __call__(
        self,
        inputs: Any,
        initial_state: Tensors | None = None,
        constants: Tensors | None = None,
        **kwargs: Any,
    ) -> Tensor | Any:
        if isinstance(inputs, (list, tuple)):
            inputs, initial_state, constants = self._part(inputs)
        states = to_list(initial_state, allow_tuple=True) if initial_state is not None else []
        constants = to_list(constants, allow_tuple=True) if constants is not None else []
        self._check_states(states)
        self._set_num_constants(len(constants) or self._num_constants)
        if not states and not constants:
            return super().__call__(inputs, **kwargs)
        if _all_keras_tensors([*states, *constants]):
            return self._call_on_list([inputs, *states, *constants], kwargs)
        given = {"initial_state": states or None, "constants": constants or None}
        return super().__call__(inputs, **given, **kwargs)

    def _check_states(self, states: Sequence[Tensor]) -> None:
        if len(states) % 2:
            raise ValueError(
                f"Bidirectional layer {self.name!r}: `initial_state` must hold the states of the "
                f"forward layer, then those of the backward layer, but got {len(states)} tensors."
            )

    def _set_num_constants(self, count: int) -> None:
        for layer in (self, self.forward_layer, self.backward_layer):
            layer._num_constants = count

    def _call_on_list(self, inputs: list[Tensor], kwargs: Any) -> Tensor | Any:
        """Call with states and constants as inputs, so that a model knows it depends on them."""
        own_spec = self.input_spec
        extra = [InputSpec(shape=K.int_shape(tensor)) for tensor in inputs[1:]]
        self.input_spec = [*to_list(own_spec), *extra]
        try:
            return super().__call__(inputs, **kwargs)
        finally:
            self.input_spec: Any = own_spec

    def _part(self, inputs: Sequence[Tensor]) -> tuple[Tensor, Any, Any]:
        """Split a list of all inputs into the sequence, the initial states and the constants."""
        sequence, *extra = inputs
        first_constant = len(extra) - self._num_constants
        return sequence, extra[:first_constant] or None, extra[first_constant:] or None

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Training = None,
        initial_state: Sequence[Tensor] | None = None,
        constants: Sequence[Tensor] | None = None,
    ) -> Tensor | Any:
        if isinstance(inputs, (list, tuple)):
            inputs, initial_state, constants = self._part(inputs)
        states = initial_state or []
        half = len(states) // 2
        shared = {
            "mask": to_list(mask)[0],
            "training": training,
            "constants": constants,
        }
        forward, *forward_states = _run(self.forward_layer, inputs, states[:half], shared)
        backward, *backward_states = _run(self.backward_layer, inputs, states[half:], shared)
        if self.return_sequences:
            backward = K.reverse(backward, 1)
        merged = _MERGES[self.merge_mode](forward, backward)
        if not self.return_state:
            return merged
        return [*to_list(merged), *forward_states, *backward_states]

    def compute_mask(self, inputs: Any, mask: Any) -> Any:
        passed_on = to_list(mask)[0] if self.return_sequences else None
        output_mask = passed_on if self.merge_mode is not None else [passed_on] * 2
        if not self.return_state:
            return output_mask
        return [*to_list(output_mask), *[None] * (2 * len(self.forward_layer.states))]

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = self.forward_layer.compute_output_shape(input_shape)
        output, *states = shapes if self.return_state else [shapes]
        if self.merge_mode == "concat":
            output = (*output[:-1], output[-1] * 2)
        outputs = [output, output] if self.merge_mode is None else [output]
        if len(outputs) == 1 and not self.return_state:
            return tuple(output)
        return [tuple(shape) for shape in (*outputs, *states, *states)]

    def reset_states(self) -> None:
        """Sets the states of both layers back to zero."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    @property
    def constraints(self) -> dict[Variable, Any]:
        """The constraints of the weights, by variable."""
        return {w: w.constraint for w in self.weights if w.constraint is not None}

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        if self._num_constants:
            config["num_constants"] = self._num_constants
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        rest = {name: v for name, v in config.items() if name != "num_constants"}
        layer = super().from_config(rest, custom_objects=custom_objects)
        layer._set_num_constants(config.get("num_constants") or 0)
        return layer


def _twin(layer: Any, prefix: str, go_backwards: bool) -> Any:
    """Makes a layer like `layer` with a name and a direction of its own."""
    cell = getattr(layer, "cell", None)
    with copying(), CustomObjectScope(_named_parts(layer, cell, *getattr(cell, "cells", ()))):
        own = {"name": prefix + layer.name, "go_backwards": go_backwards}
        return type(layer).from_config({**layer.get_config(), **own})


def _named_parts(*owners: Any) -> dict[str, Any]:
    """Returns the classes and functions that the owners are made of, by the name in a config."""
    parts: dict[str, Any] = {}
    for owner in owners:
        for value in (owner, *getattr(owner, "__dict__", {}).values()):
            if inspect.isfunction(value):
                parts[value.__name__] = value
            elif hasattr(value, "get_config"):
                parts[type(value).__name__] = type(value)
    return {name: part for name, part in parts.items() if name.isidentifier()}


def _run(
    layer: Layer, inputs: Tensor, states: Sequence[Tensor], shared: dict[str, Any]
) -> list[Tensor]:
    arguments = {**shared, "initial_state": states or None}
    return to_list(_call(layer, inputs, arguments), allow_tuple=True)


def _all_keras_tensors(tensors: Iterable[Any]) -> bool:
    """Returns whether these are outputs of layers, refusing a mixture."""
    kinds = {K.is_keras_tensor(tensor) for tensor in tensors}
    if len(kinds) > 1:
        raise ValueError(
            "Bidirectional: `initial_state` and `constants` must all be outputs of layers, or none "
            "of them, but got a mixture. Make the others with Input(tensor=...)."
        )
    return kinds.pop()
