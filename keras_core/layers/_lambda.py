"""A layer made of a function."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import foreign
from keras_core.engine.base_layer import Layer
from keras_core.errors import shown
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim
from keras_core.layers._known_functions import (
    matching,
    named,
    plain,
    plain_dump,
    remember,
    restored,
)
from keras_core.saving.safety import functions_at_hand, in_safe_mode
from keras_core.utils.generic_utils import (
    deserialize_keras_object,
    func_dump,
    func_load,
    get_custom_objects,
    has_arg,
)

if TYPE_CHECKING:
    from typing_extensions import Self


class Lambda(Layer):
    """Applies a function of tensors: `function(inputs, **arguments)`.

    A named function is saved by its name; an anonymous one, and one with a closure, as bytecode.
    Loading finds it among the custom objects, the functions of the main program, and those that
    layers were given, by its name or by comparing bytecode, which only the same version of Python
    does. Bytecode of a file is run only if asked for.

    Args:
        function: the function; its first argument is the input, a tensor or a list of tensors. If
            it takes `mask`, it is given the input's mask.
        output_shape: the shape of the output without the batch axis, as a tuple, or as a function
            of the input shape with the batch axis; None finds it from the function.
        mask: the mask of the output, or a function of the inputs and their mask that returns it.
        arguments: further keyword arguments of the function, a dictionary.

    Input shape: any. Output shape: what the function gives.

    Example:
        >>> layer = layers.Lambda(lambda x: x ** 2)
        >>> K.eval(layer(K.constant([[1.0, 3.0]]))).tolist()
        [[1.0, 9.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Sequence[Dim] | Callable[..., Any] | None = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        foreign.refuse(function, TypeError)
        if not callable(function):
            raise TypeError(
                f"Lambda layer {self.name!r} needs a function, but got {function!r}. "
                "Write for instance Lambda(lambda x: x ** 2)."
            )
        self.function = function
        remember(function)
        if not isinstance(arguments, (Mapping, type(None))):
            raise TypeError(
                f"Lambda layer {self.name!r}: `arguments` must be a dictionary of further "
                f"arguments of the function, but got {arguments!r}."
            )
        self.arguments: Mapping[str, Any] | dict[str, Any] = arguments or {}
        self.mask = mask
        self.supports_masking: bool = mask is not None
        self._output_shape = self._read_shape(output_shape)
        remember(output_shape)

    def _read_shape(self, output_shape: Any) -> Any:
        if output_shape is None or callable(output_shape):
            return output_shape
        if not isinstance(output_shape, (tuple, list)):
            raise TypeError(
                f"Lambda layer {self.name!r}: `output_shape` must be a tuple, a list or a "
                f"function, but got {output_shape!r}."
            )
        return tuple(output_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if not callable(self._output_shape):
            first = input_shape[0] if isinstance(input_shape, list) else input_shape
            return (first[0], *self._output_shape)
        shape = self._output_shape(input_shape)
        if not isinstance(shape, (tuple, list)):
            raise ValueError(
                f"Lambda layer {self.name!r}: the function given as `output_shape` must return a "
                f"tuple, but returned {shape!r}."
            )
        return shape if isinstance(shape, list) else tuple(shape)

    def _stand_in(self, input_shape: Any) -> Layer:
        return self  # no weights: a trial call leaves no trace

    def _refine_shapes(self, inputs: Any, outputs: list[Tensor]) -> None:
        if self._output_shape is not None:
            super()._refine_shapes(inputs, outputs)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        arguments = dict(self.arguments)
        if has_arg(self.function, "mask"):
            arguments["mask"] = mask
        self._check_takes(inputs, arguments)
        return self.function(inputs, **arguments)

    def _check_takes(self, inputs: Any, others: Mapping[str, Any]) -> None:
        """Names the layer where its function takes other arguments."""
        try:
            inspect.signature(self.function).bind(inputs, **others)
        except ValueError:
            return  # written in C, it does not tell
        except TypeError as error:
            raise TypeError(
                f"Lambda layer {self.name!r} calls its function with the input, and the entries of "
                f"`arguments` by name, {list(others)}, but the function does not take these: "
                f"{error}."
            ) from None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        function, function_type = _to_config(self.function)
        output_shape, output_shape_type = _to_config(self._output_shape)
        return {
            **super().get_config(),
            "function": function,
            "function_type": function_type,
            "output_shape": output_shape,
            "output_shape_type": output_shape_type,
            "arguments": {name: _plain_argument(v) for name, v in self.arguments.items()},
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        config = {"function_type": "function", "output_shape_type": "raw", **config}
        for option in ("function", "output_shape"):
            kind = config.pop(f"{option}_type")
            config[option] = _from_config(config.get(option), kind, custom_objects or {})
        arguments = config.get("arguments") or {}
        config["arguments"] = {name: _read_argument(v) for name, v in arguments.items()}
        return cls(**config)


def _to_config(value: Any) -> tuple[Any, str]:
    """Returns a function, or a plain value, as data, and what kind of data it is."""
    if not callable(value):
        return value, "raw"
    kept = functions_at_hand()
    if kept is not None:
        kept.append(value)
        return len(kept) - 1, "at hand"
    if inspect.isfunction(value) and (value.__name__ == "<lambda>" or value.__closure__):
        return plain_dump(func_dump(value)), "lambda"
    return value.__name__, "function"


def _from_config(value: Any, kind: str, custom_objects: Mapping[str, Any]) -> Any:
    """Undo `_to_config`; bytecode is read only where the loading allows it."""
    if kind == "raw":
        return value
    if kind == "function":
        known = None if value in {**get_custom_objects(), **custom_objects} else named(value)
        return known or deserialize_keras_object(
            value, custom_objects=custom_objects, printable_module_name="function in Lambda layer"
        )
    kept = functions_at_hand()
    if kind == "at hand" and kept is not None:
        return kept[value]
    if kind == "lambda":
        return _load_code(value, custom_objects)
    raise ValueError(f"Lambda: unknown kind of function {shown(kind)} in the configuration.")


def _load_code(dumped: Any, custom_objects: Mapping[str, Any]) -> Callable[..., Any]:
    """Returns the function of this program that does the same as bytecode; or one made of the
    bytecode, with names in place of those of its module."""
    known = matching(dumped, {**get_custom_objects(), **custom_objects})
    if known is not None:
        return known
    if in_safe_mode():
        raise ValueError(
            "The file holds a Lambda layer made of bytecode, which could do anything when it "
            "runs, and no function of this program is the same, so it was not loaded. Define the "
            "function in the main program before loading, or pass it as custom_objects. If you "
            "trust the file, load it with safe_mode=False, or inside of "
            "keras_core.saving.safety.safe_mode_scope(False)."
        )
    code, defaults, closure = dumped
    dumped = code, defaults and restored(list(defaults)), closure and restored(list(closure))
    names = {"__builtins__": builtins, "K": K, "np": np, **custom_objects}
    return func_load(dumped, globs=names)


def _read_argument(value: Any) -> Any:
    """Returns an argument, turning what JSON made of an array into the array again."""
    return restored(value) if _is_array(value) else value


def _is_array(value):
    return isinstance(value, dict) and value.get("type") == "ndarray"


def _plain_argument(value):
    return plain(value) if isinstance(value, (np.ndarray, np.generic)) else value
