"""Regularizers: functions of a weight, or of a layer's output, that add to the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from keras_core import backend as K
from keras_core import missing, namespaces
from keras_core.families import Family, Names, RegularizerLike

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "L1L2",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "serialize",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())


class Regularizer:
    """Base of regularizers, which adds nothing.

    Example:
        >>> class Sparse(regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return 0.5 * K.sum(K.sqrt(K.abs(x)))
        >>> K.eval(Sparse()(K.constant([4.0, 9.0]))).tolist()
        2.5
    """

    def __call__(self, x: Any) -> Any:
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


class L1L2(Regularizer):
    """l1 sum(|x|) + l2 sum(x**2).

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Example:
        >>> K.eval(regularizers.L1L2(l1=0.5, l2=0.25)(K.constant([2.0, -4.0]))).tolist()  # 3 + 5
        8.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1: float = float(K.cast_to_floatx(l1))
        self.l2: float = float(K.cast_to_floatx(l2))

    def __call__(self, x: Any) -> Any:
        regularization: Any = 0.0
        if self.l1:
            regularization = self.l1 * K.sum(K.abs(x))
        if self.l2:
            squares = self.l2 * K.sum(K.square(x))
            regularization = squares + regularization if self.l1 else squares
        return regularization

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


def l1(l: float = 0.01) -> L1L2:  # noqa: E741
    """A regularizer l sum(|x|).

    Example:
        >>> K.eval(regularizers.l1(0.5)(K.constant([2.0, -4.0]))).tolist()
        3.0
        >>> layer = layers.Dense(1, kernel_regularizer=regularizers.l1(0.5))
    """
    return L1L2(l1=l)


def l2(l: float = 0.01) -> L1L2:  # noqa: E741
    """A regularizer l sum(x**2).

    Example:
        >>> K.eval(regularizers.l2(0.5)(K.constant([2.0, -4.0]))).tolist()
        10.0
        >>> layer = layers.Dense(1, kernel_regularizer=regularizers.l2(0.5))
    """
    return L1L2(l2=l)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """A regularizer l1 sum(|x|) + l2 sum(x**2).

    Example:
        >>> K.eval(regularizers.l1_l2(l1=0.5, l2=0.25)(K.constant([2.0, -4.0]))).tolist()  # 3 + 5
        8.0
    """
    return L1L2(l1=l1, l2=l2)


FAMILY = Family("regularizer", Names(globals(), __all__, factories=(l1, l2, l1_l2)))


def serialize(regularizer: Any) -> Any:
    """The name or configuration of a regularizer.

    Example:
        >>> regularizers.serialize(regularizers.l1(0.5))
        {'class_name': 'L1L2', 'config': {'l1': 0.5, 'l2': 0.0}}
    """
    return FAMILY.serialize(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that a name or a configuration stands for.

    Args:
        config: name, or dictionary with `class_name` and `config`.
        custom_objects: regularizers of one's own, by name.

    Returns:
        A function of a weight.

    Example:
        >>> data = regularizers.serialize(regularizers.l1(0.5))
        >>> K.eval(regularizers.deserialize(data)(K.constant([2.0, -4.0]))).tolist()
        3.0
    """
    return FAMILY.deserialize(config, custom_objects)


def get(identifier: RegularizerLike) -> Callable[..., Any] | None:
    """The regularizer that a name, configuration, class or function stands for; None for None.

    Raises:
        ValueError: unknown name, something else altogether, or a function that makes one.

    Example:
        >>> type(regularizers.get("l2")).__name__
        'L1L2'
        >>> regularizers.get({"class_name": "L1L2", "config": {"l1": 0.5}}).l1
        0.5
    """
    factory = next((f for f in (l1, l2, l1_l2) if identifier is f), None)
    if factory is not None:
        name = factory.__name__
        raise ValueError(f"{name} is a function that makes a regularizer; call it: {name}(0.01).")
    return None if identifier is None else FAMILY.get(identifier)
