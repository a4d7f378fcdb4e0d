"""The base of all layers: a function of tensors that owns weights and remembers its calls."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Callable, Protocol, TypeVar, cast, overload

from keras_core import backend as K
from keras_core.attempt import take_calls
from keras_core.engine.assembling import assembling
from keras_core.engine.connections import Connections
from keras_core.engine.input_spec import InputSpec, check_inputs, check_tensors, shape_tuple
from keras_core.engine.native_calls import is_native_call, run_natively
from keras_core.engine.node import Node
from keras_core.engine.weight_owner import WeightOwner, building
from keras_core.graph import Tensor, layer_scope
from keras_core.graph.spec import Shape, checked_dtype
from keras_core.legacy.table import attribute_today
from keras_core.saving.safety import copying
from keras_core.utils.generic_utils import (
    config_with,
    did_you_mean,
    has_arg,
    is_all_none,
    named_parameters,
    to_list,
    unpack_singleton,
    whole_config,
)
from keras_core.utils.layer_utils import describe, represent

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["InputSpec", "Layer", "Node", "disable_tracking"]

_KEYWORDS = (
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "dtype",
    "name",
    "trainable",
    "weights",
    "input_dtype",
)

# What `__init__` of Layer and Network sets, by which its absence is known.
_RECORDS = (
    *("name", "trainable", "dtype", "inputs", "outputs", "optimizer", "stateful", "input_spec"),
    *("supports_masking", "_built", "_trainable_weights", "_non_trainable_weights"),
    *("_inbound_nodes", "_losses", "_updates"),
)

Method = TypeVar("Method", bound=Callable[..., Any])
Outputs = TypeVar("Outputs", covariant=True)


class _Computes(Protocol[Outputs]):
    """A layer whose `call` returns `Outputs`, which are then those of a call of the layer."""

    @property
    def call(self) -> Callable[..., Outputs]: ...


def open_signature(method: Callable[..., Any]) -> Callable[..., Any]:
    """Tells type checkers that a subclass may take other arguments in this method."""
    return method


def disable_tracking(func: Method) -> Method:
    """Decorates a method so that layers it assigns as attributes aren't tracked as inner layers.

    Args:
        func: a method of a layer, usually `__init__` of a wrapper that presents the weights of the
            wrapped layer itself.
    """

    @functools.wraps(func)
    def untracked(self: Layer, *args: Any, **kwargs: Any) -> Any:
        outer = self.__dict__.get("_tracks", True)
        object.__setattr__(self, "_tracks", False)
        try:
            return func(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_tracks", outer)

    return cast(Method, untracked)


_WITH_MASK = (
    "Set `self.supports_masking = True` to pass it on, or override compute_mask to return None."
)
_WITHOUT_MASK = (
    "Put a layer before it that uses the mask up, such as an LSTM; drop the mask by Lambda(lambda "
    "x: x, mask=lambda x, mask: None); or leave out Masking and mask_zero=True."
)


class Layer(WeightOwner, Connections):
    """The base class of layers.

    A subclass stores its configuration in `__init__`, makes its weights in `build` with
    `add_weight`, states its formula in `call`, and gives its configuration back in `get_config`.

    Args:
        **kwargs: `name` (str, unique in a model), `trainable` (bool), `dtype` (str), `weights`
            (list of arrays, the initial weights); on the first layer of a Sequential also
            `input_shape` (tuple without the batch axis) or `batch_input_shape` (tuple with it) and
            `batch_size`.

    Attributes:
        name: str.
        trainable: bool, whether training changes its weights.
        dtype: str, the dtype of its weights.
        input_spec: InputSpec or list of them, what a call requires of its inputs.
        supports_masking: bool, whether the layer passes a mask on.
        stateful: bool, whether it carries state from batch to batch.

    Raises:
        TypeError: for an unknown keyword.

    Example:
        >>> class Scale(layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight("factor", (input_shape[-1],), initializer="ones")
        ...         super().build(input_shape)
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> K.eval(Scale()(K.constant([[1.0, 3.0]]))).tolist()
        [[1.0, 3.0]]
    """

    name: str
    dtype: Any
    input_spec: Any
    supports_masking: bool
    batch_input_shape: Shape

    def __init__(self, **kwargs: Any) -> None:
        self._refuse_unknown(kwargs)
        self.input_spec = None
        self.supports_masking = False
        self.stateful = False
        self._init_records()
        self.name = kwargs.get("name") or self._automatic_name()
        self._set_trainable(kwargs.get("trainable", True))
        self._set_input_shape(kwargs)
        self.dtype = checked_dtype(kwargs.get("dtype") or kwargs.get("input_dtype") or K.floatx())
        self._initial_weights = kwargs.get("weights")

    def _refuse_unknown(self, kwargs: dict[str, Any]) -> None:
        unknown = [name for name in kwargs if name not in _KEYWORDS]
        if unknown:
            own = _parameters(type(self))
            raise TypeError(
                f"{type(self).__name__} got unknown keyword(s) {unknown}."
                f"{did_you_mean(unknown[0], {*_KEYWORDS, *own})} It takes {own}, and as every "
                f"layer {list(_KEYWORDS)}."
            )

    def _init_records(self) -> None:
        # Into the dict, so that these lists are not watched for layers; and layers may have been
        # set as attributes before.
        self.__dict__.update(
            _layers=self.__dict__.get("_layers", []),
            _metrics=self.__dict__.get("_metrics", []),
            _trainable_weights=[],
            _non_trainable_weights=[],
            _losses=[],
            _updates=[],
            _per_input_losses={},
            _per_input_updates={},
            _update_owners={},
            _inbound_nodes=[],
            _outbound_nodes=[],
            _initial_weights=None,
            _built=False,
        )

    def _automatic_name(self) -> str:
        prefix = _to_snake_case(type(self).__name__)
        return f"{prefix}_{K.get_uid(prefix)}"

    def _set_trainable(self, trainable: Any) -> None:
        if isinstance(trainable, (str, list, tuple, dict)):
            raise TypeError(
                f"Layer {describe(self)}: trainable is {trainable!r}; write True or False."
            )
        self.trainable = trainable

    def _set_input_shape(self, kwargs: dict[str, Any]) -> None:
        who = type(self).__name__
        if "batch_input_shape" in kwargs:
            shape = kwargs["batch_input_shape"]
            self.batch_input_shape = shape_tuple(who, "batch_input_shape", shape)
        elif "input_shape" in kwargs:
            shape = shape_tuple(who, "input_shape", kwargs["input_shape"])
            (size,) = shape_tuple(who, "batch_size", (kwargs.get("batch_size"),))
            self.batch_input_shape = (size, *shape)

    # Counts all changes of `trainable`, so that models need not look at each step for one.
    _freezings = 0

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "trainable":
            Layer._freezings += 1
        if isinstance(value, (Layer, list, tuple, dict)) and self.__dict__.get("_tracks", True):
            self._watch(name, value)
        super().__setattr__(name, value)

    def _watch(self, name: str, value: Any) -> None:
        if isinstance(value, Layer):
            self._track(value)
        elif name != "_layers" and _may_hold_layers(value):
            self.__dict__.setdefault("_containers", {})[name] = value

    if not TYPE_CHECKING:  # a checker shall know which attributes there are

        def __getattr__(self, name: str) -> Any:
            if name in _RECORDS and "_inbound_nodes" not in self.__dict__:
                raise RuntimeError(
                    f"{type(self).__name__} has no {name!r} yet: its __init__ does not call "
                    "super().__init__(**kwargs). Call it there, best in the first line."
                )
            today = None if hasattr(type(self), name) else attribute_today(type(self), name)
            if today is not None:
                raise AttributeError(
                    f"{type(self).__name__!r} object has no attribute {name!r}, which is a name of "
                    f"Keras 1. Write {today}."
                )
            return super().__getattribute__(name)  # raises what made Python come here

    def _track(self, layer: Layer) -> None:
        records = self.__dict__.setdefault("_metrics" if is_metric(layer) else "_layers", [])
        if not any(layer is known for known in records):
            records.append(layer)

    def __repr__(self) -> str:
        return represent(self)

    @property
    def _layers(self) -> list[Layer]:
        """The layers inside: attributes, and what the lists and dicts among these hold by now."""
        for container in self.__dict__.get("_containers", {}).values():
            for layer in _layers_within(container):
                self._track(layer)
        return self.__dict__["_layers"]

    @_layers.setter
    def _layers(self, layers: list[Layer]) -> None:
        self.__dict__["_layers"] = layers

    @property
    def built(self) -> bool:
        """Whether the layer has its weights."""
        return self._built

    @built.setter
    def built(self, value: bool) -> None:
        self._built = value

    # What a subclass overrides

    def build(self, input_shape: Any) -> None:
        """Makes the weights; called once, before the first call.

        Args:
            input_shape: tuple with the batch axis, or a list of tuples for several inputs.

        Example:
            >>> layer = layers.Dense(4)
            >>> layer.build((None, 3))
            >>> [w.shape for w in layer.get_weights()]
            [(3, 4), (4,)]
        """
        self.built = True

    @open_signature
    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """The layer's formula.

        Args:
            inputs: a tensor, or a list of tensors.
            **kwargs: further arguments of a subclass; `mask` is filled in when it is among them.

        Returns:
            A tensor, or a list of tensors.

        Example:
            >>> class Twice(layers.Layer):
            ...     def call(self, inputs):
            ...         return 2.0 * inputs
            >>> K.eval(Twice()(K.constant([[1.0, 3.0]]))).tolist()  # calls it
            [[2.0, 6.0]]
        """
        return inputs

    @open_signature
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the output.

        Args:
            inputs: a tensor, or a list of tensors.
            mask: the mask of each input, or None.

        Returns:
            None, a mask, or a list with a mask or None an output.

        Raises:
            TypeError: if there is a mask and the layer does not support masking.

        Example:
            >>> layer = layers.Embedding(10, 4, mask_zero=True)
            >>> words = K.constant([[5, 3, 0, 0]], dtype="int32")
            >>> K.eval(layer.compute_mask(words, None)).tolist()
            [[True, True, False, False]]
        """
        if self.supports_masking:
            return mask
        if not is_all_none(mask):
            own = type(self).__module__.startswith("keras_core.")
            raise TypeError(
                f"Layer {describe(self)} does not support masking, but its input has a mask. "
                + (_WITHOUT_MASK if own else _WITH_MASK)
            )
        return None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for a given shape of the input.

        Args:
            input_shape: tuple with the batch axis, or a list of tuples for several inputs.

        Returns:
            A tuple, or a list of tuples for several outputs.

        Example:
            >>> layers.Conv2D(8, 3).compute_output_shape((None, 28, 28, 1))
            (None, 26, 26, 8)
        """
        if getattr(self.call, "__func__", None) is Layer.call:
            return input_shape
        several = isinstance(input_shape, list)
        shapes = input_shape if several else [input_shape]
        inputs = unpack_singleton([K.placeholder(shape=shape) for shape in shapes])
        outputs = self._stand_in(input_shape).call(inputs)
        return unpack_singleton([K.int_shape(x) for x in to_list(outputs, allow_tuple=True)])

    def _stand_in(self, input_shape: Any) -> Layer:
        """A built copy to be called on trial, so that no weight or record of this layer changes."""
        try:
            with copying():
                copy = type(self).from_config(whole_config(self))
        except TypeError as error:
            raise NotImplementedError(
                f"Layer {describe(self)} cannot tell its output shape for an input of shape "
                f"{input_shape}. Define compute_output_shape, or a get_config with all arguments."
            ) from error
        copy.build(input_shape)
        return copy

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make the layer anew, without its weights.

        Returns:
            A dict of plain values.

        Example:
            >>> config = layers.Dense(4, activation="relu").get_config()
            >>> config["units"], config["activation"]
            (4, 'relu')
        """
        config = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "batch_input_shape"):
            config["batch_input_shape"] = self.batch_input_shape
        if hasattr(self, "dtype"):
            config["dtype"] = self.dtype
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a layer of a configuration.

        Args:
            config: dict, what `get_config` gave.

        Example:
            >>> layer = layers.Dense(4, activation="relu")
            >>> layers.Dense.from_config(layer.get_config()).units
            4
        """
        try:
            return cls(**config)
        except TypeError:
            _require_arguments(cls, config)
            raise

    # A call

    def assert_input_compatibility(self, inputs: Any) -> None:
        """Checks tensors against `input_spec`.

        Args:
            inputs: a tensor, or a list of tensors.

        Raises:
            ValueError: if an input is no tensor, or its rank, sizes or dtype differ.

        Example:
            >>> layer = layers.Conv2D(8, 3)
            >>> layer.assert_input_compatibility(layers.Input((28, 28, 3)))
            >>> layer.assert_input_compatibility(layers.Input((28, 3)))
            Traceback (most recent call last):
                ...
            ValueError: ...
        """
        check_inputs(self, inputs)

    @overload
    def __call__(
        self: _Computes[Outputs], inputs: Tensor | Sequence[Tensor], **kwargs: Any
    ) -> Outputs: ...

    @overload
    def __call__(self, inputs: Any, **kwargs: Any) -> Any: ...

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """Applies the layer to tensors, builds it first when that is still to be done.

        Args:
            inputs: a tensor, or a list of tensors; also tensors of the backend's engine, on which
                the layer is then computed, by the engine and with its gradients.
            **kwargs: further arguments of `call`.

        Returns:
            A tensor, or a list of tensors.

        Raises:
            ValueError: if an input is no tensor or does not meet `input_spec`.
        """
        input_list = to_list(inputs, allow_tuple=True)
        if is_native_call(input_list):
            return run_natively(self, input_list, kwargs)
        take_calls(1, lambda: f"Layer {self.name}")
        with assembling, K.name_scope(self.name):
            self._build_for(inputs)
            self.assert_input_compatibility(inputs)
            masks = to_list(_collect_previous_mask(input_list))
            outputs, output_masks = self._compute(inputs, masks, kwargs)
            outputs = [_fresh(x) for x in outputs]
            self._pass_on_phase(input_list, outputs)
            self._add_inbound_node(
                input_list,
                outputs,
                masks,
                output_masks,
                [K.int_shape(x) for x in input_list],
                [K.int_shape(x) for x in outputs],
                kwargs,
            )
        return unpack_singleton(outputs)

    def _pass_on_phase(self, inputs: Iterable[Tensor], outputs: Iterable[Tensor]) -> None:
        """Marks outputs of a layer that says it uses the learning phase, or whose inputs do."""
        says_so = getattr(self, "uses_learning_phase", False)
        if says_so or any(x._uses_learning_phase for x in inputs):
            for output in outputs:
                output._uses_learning_phase = True

    def _build_for(self, inputs: Any) -> None:
        check_tensors(self, inputs)
        if self.built:
            return
        self.assert_input_compatibility(inputs)
        with building(), layer_scope(self.name):
            self.build(_collect_input_shape(inputs))
        self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)

    def _compute(
        self, inputs: Any, masks: list[Any], arguments: dict[str, Any]
    ) -> tuple[list[Tensor], list[Any]]:
        """One call without a node: outputs and their masks, losses and updates filed.

        Args:
            inputs: a tensor, or a list of them.
            masks: list, a mask or None an input.
            arguments: dict, keyword arguments of `call`.

        Returns:
            Two lists of equal length, the outputs and their masks.
        """
        inner = self._filed_counts()
        mask = unpack_singleton(masks)
        with layer_scope(self.name):
            value = self.call(inputs, **self._with_mask(arguments, mask))
            outputs = self._checked_outputs(value)
            self._refine_shapes(inputs, outputs)
            output_mask = self.compute_mask(inputs, mask)
            self._add_activity_losses(inputs, outputs)
        self._adopt_from_sublayers(inner, inputs)
        if isinstance(output_mask, (list, tuple)):
            return outputs, list(output_mask)
        return outputs, [output_mask] * len(outputs)

    def _with_mask(self, arguments: dict[str, Any], mask: Any) -> dict[str, Any]:
        if is_all_none(mask) or arguments.get("mask") is not None:
            return arguments
        return {**arguments, "mask": mask} if has_arg(self.call, "mask") else arguments

    def _checked_outputs(self, value: Any) -> list[Tensor]:
        outputs = to_list(value, allow_tuple=True)
        if not outputs or not all(map(K.is_tensor, outputs)):
            hint = " Does it end with a return statement?" if value is None else ""
            raise ValueError(
                f"Layer {describe(self)}: call returned {value!r}, but a tensor, or a list of "
                f"tensors, was expected.{hint} Numbers and arrays become tensors by K.constant."
            )
        return list(outputs)

    def _refine_shapes(self, inputs: Any, outputs: list[Tensor]) -> None:
        """Adds sizes that only the layer's own shape rule knows."""
        if getattr(self.compute_output_shape, "__func__", None) is Layer.compute_output_shape:
            return
        shapes = [K.int_shape(x) for x in to_list(inputs, allow_tuple=True)]
        declared = self.compute_output_shape(unpack_singleton(shapes))
        for output, shape in zip(outputs, as_shapes(declared)):
            if _agree(output.shape, shape) and None in output.shape:
                output.set_shape(shape)

    def _add_activity_losses(self, inputs: Any, outputs: list[Tensor]) -> None:
        regularizer = getattr(self, "activity_regularizer", None)
        if regularizer is not None:
            with K.name_scope("activity_regularizer"):
                self.add_loss([regularizer(x) for x in outputs], inputs=inputs)

    def _add_inbound_node(
        self,
        input_tensors: list[Tensor],
        output_tensors: list[Tensor],
        input_masks: list[Any],
        output_masks: list[Any],
        input_shapes: list[Shape],
        output_shapes: list[Shape],
        arguments: dict[str, Any] | None = None,
    ) -> None:
        histories = [getattr(x, "_keras_history", (None, None, None)) for x in input_tensors]
        layers, node_indices, tensor_indices = zip(*histories) if histories else ((), (), ())
        for index, (tensor, mask) in enumerate(zip(output_tensors, output_masks)):
            tensor._keras_history = (self, len(self._inbound_nodes), index)
            tensor._keras_mask = mask
        Node(
            self,
            list(layers),
            list(node_indices),
            list(tensor_indices),
            list(input_tensors),
            list(output_tensors),
            list(input_masks),
            list(output_masks),
            input_shapes,
            output_shapes,
            arguments,
        )


def _require_arguments(cls: type, config: dict[str, Any]) -> None:
    parameters = inspect.signature(cls).parameters
    needed = [x for x in named_parameters(cls) if parameters[x].default is inspect.Parameter.empty]
    lacking = [name for name in needed if name not in config]
    if lacking:
        raise TypeError(
            f"{cls.__name__} cannot be made without {lacking}, which its configuration does not "
            "have. Let get_config of the class give what __init__ takes: return "
            f"{config_with(lacking)}."
        )


def _parameters(cls: type) -> list[str]:
    """The names that the constructors of a class and its bases take, in their order."""
    made = [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]
    return list(dict.fromkeys(name for init in made for name in named_parameters(init)))


def _collect_previous_mask(input_tensors: Any) -> Any:
    """The mask of each tensor, None where it has none; a list for several tensors."""
    tensors = to_list(input_tensors, allow_tuple=True)
    return unpack_singleton([getattr(x, "_keras_mask", None) for x in tensors])


def _collect_input_shape(input_tensors: Any) -> Any:
    """The shape of a tensor, or the list of the shapes of several."""
    return unpack_singleton([K.int_shape(x) for x in to_list(input_tensors, allow_tuple=True)])


def _to_snake_case(name: str) -> str:
    """Turns a class name into the stem of automatic layer names, `BatchNormalization` into
    `batch_normalization`; a leading underscore becomes `private_`."""
    words = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    words = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
    return "private" + words if words.startswith("_") else words


def _fresh(tensor: Tensor) -> Tensor:
    """The tensor itself, or another handle when it already is the output of some layer."""
    return K.identity(tensor) if hasattr(tensor, "_keras_history") else tensor


def _agree(seen: Shape, declared: Shape) -> bool:
    return len(seen) == len(declared) and all(
        a is None or b is None or a == b for a, b in zip(seen, declared)
    )


def as_shapes(shape: Any) -> list[Shape]:
    """A list of shape tuples, of one shape or of a list of them."""
    several = len(shape) > 0 and all(isinstance(s, (tuple, list)) for s in shape)
    return [tuple(s) for s in shape] if several else [tuple(shape)]


def _may_hold_layers(container: Any) -> bool:
    """Whether a list, tuple or dict has layers in it, or may be given some."""
    if not container:
        return not isinstance(container, tuple)
    items = container.values() if isinstance(container, dict) else container
    return any(isinstance(item, (Layer, list, tuple, dict)) for item in items)


def _layers_within(container: Any) -> list[Layer]:
    """The layers, but for metrics, in lists, tuples and dicts in one another."""
    found: list[Layer] = []
    seen: set[int] = set()
    waiting = [container]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Layer):
            found += [] if is_metric(item) else [item]
        elif isinstance(item, (list, tuple, dict)) and id(item) not in seen:
            seen.add(id(item))
            items = item.values() if isinstance(item, dict) else item
            waiting += reversed(list(items))
    return found


def is_metric(layer: Any) -> bool:
    """Whether a layer is a metric object."""
    return hasattr(layer, "update_state") and hasattr(layer, "result")
