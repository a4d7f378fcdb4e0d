"""Turns integers into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.families import ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.layers._options import (
    Function,
    add_part,
    check_positive,
    checked_flag,
    options_config,
    set_options,
)
from keras_core.utils.generic_utils import to_list

__all__ = ["Embedding"]


_OPTIONS = (
    "embeddings_initializer",
    "embeddings_regularizer",
    "activity_regularizer",
    "embeddings_constraint",
)


class Embedding(Layer):
    """Looks up a learned vector for each integer: `embeddings[inputs]`.

    Args:
        input_dim: size of the vocabulary; the inputs lie in [0, input_dim).
        output_dim: length of the vectors.
        embeddings_initializer: initializer of the table `(input_dim, output_dim)`.
        embeddings_regularizer: regularizer of the table, or None.
        activity_regularizer: regularizer of the output, or None.
        embeddings_constraint: constraint of the table, or None.
        mask_zero: whether 0 stands for padding, to be masked in the layers that follow; the
            vocabulary then starts at 1, and `input_dim` counts the 0 too.
        input_length: number of steps, where it is fixed (needed before a Flatten); a tuple for an
            input of several such axes.

    Input shape: `(batch, steps)`, integers (others are cast to int32).
    Output shape: `(batch, steps, output_dim)`.

    Raises:
        ValueError: if a size is not a positive integer, or `input_length` contradicts the input.

    Example:
        >>> model = models.Sequential([layers.Embedding(1000, 64, input_length=10)])
        >>> model.predict(np.zeros((32, 10))).shape  # a vector for each of the words' numbers
        (32, 10, 64)
    """

    embeddings_initializer: Function
    embeddings_regularizer: Function | None
    embeddings_constraint: Function | None
    embeddings: Variable

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: InitializerLike = "uniform",
        embeddings_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        embeddings_constraint: ConstraintLike = None,
        mask_zero: bool = False,
        input_length: int | Sequence[int | None] | None = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            several = isinstance(input_length, (list, tuple))
            kwargs["input_shape"] = input_length if several else (input_length or None,)
        super().__init__(**kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        check_positive(self, "input_dim", "output_dim")
        set_options(self, _OPTIONS, locals())
        self.mask_zero: bool = checked_flag(self, "mask_zero", mask_zero)
        self.supports_masking = mask_zero
        self.input_length = input_length

    def _set_input_shape(self, kwargs: dict[str, Any]) -> None:
        """Several lengths are one entry in what Keras 2 wrote, and stay so."""
        shape = kwargs.get("batch_input_shape") or ()
        if any(isinstance(size, (list, tuple)) for size in shape):
            self.batch_input_shape: Shape = tuple(shape)
        else:
            super()._set_input_shape(kwargs)

    def build(self, input_shape: Shape) -> None:
        # Keras 2.0 wrote the dtype of the inputs, int32, as that of the layer.
        of_floats = self.dtype if str(self.dtype).startswith("float") else K.floatx()
        add_part(self, "embeddings", (self.input_dim, self.output_dim), dtype=of_floats)
        self.built = True

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        return K.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.input_length is None:
            return (*input_shape, self.output_dim)
        wanted = to_list(self.input_length, allow_tuple=True)
        seen = tuple(input_shape[1:])
        if len(wanted) != len(seen) or any(
            None not in pair and pair[0] != pair[1] for pair in zip(wanted, seen)
        ):
            raise ValueError(
                f"Embedding layer {self.name!r}: `input_length` is {self.input_length!r}, but the "
                f"input has shape {tuple(input_shape)}. Leave `input_length` out, or make it "
                f"{seen if len(seen) != 1 else seen[0]!r}."
            )
        known = tuple(w if s is None else s for w, s in zip(wanted, seen))
        return (input_shape[0], *known, self.output_dim)

    def call(self, inputs: Tensor) -> Tensor:
        if K.dtype(inputs) != "int32":
            inputs = K.cast(inputs, "int32")
        return K.gather(self.embeddings, inputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **options_config(self, _OPTIONS),
            "mask_zero": self.mask_zero,
            "input_length": self.input_length,
        }
