"""Spec: what is known of a tensor before it is computed; Size: the name of an unknown size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

import numpy as np

from keras_core import errors

if TYPE_CHECKING:
    from typing_extensions import TypeIs

FLOATS = ("float16", "float32", "float64")
DTYPES = FLOATS + (
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128"),
)


class Size(NamedTuple):
    """A size that is known at run time alone. Equal names are equal sizes in each run.

    Attributes:
        uid: of the node or placeholder with which the size first came up.
        output: which of the node's outputs it was.
        axis: which axis of it; None for the number that an integer scalar holds.
    """

    uid: int
    output: int
    axis: int | None

    def __repr__(self) -> str:
        return f"?{self.uid}.{self.output}.{'value' if self.axis is None else self.axis}"


Dim = Optional[int]
Shape = tuple[Dim, ...]
NamedDim = Union[int, Size, None]
Sizes = tuple[NamedDim, ...]


class Spec:
    """Sizes and dtype of a tensor; immutable.

    Args:
        sizes: for each axis an int, a Size, or None where nobody has named the size.
        dtype: name of the dtype.
        held: what is known of the value: a number, bool or Size for a scalar, a tuple of ints and
            Sizes for a vector; None where nothing is.

    Attributes:
        shape: the sizes with None for what is not known before run time.
    """

    __slots__ = ("sizes", "dtype", "held", "shape")

    def __init__(self, sizes: Iterable[NamedDim], dtype: str, held: Any = None) -> None:
        self.sizes: Sizes = tuple(sizes)
        self.dtype: str = dtype
        self.held: Any = held
        # A list is made faster than a generator runs, and there are as many specs as nodes.
        self.shape: Shape = tuple([None if type(n) is Size else n for n in self.sizes])  # type: ignore[misc]

    @property
    def ndim(self) -> int:
        return len(self.sizes)

    def named(self, uid: int, index: int = 0) -> Spec:
        """The same with a name for each size, and for the number of an integer scalar."""
        unnamed_value = not self.sizes and self.held is None and self.dtype in INTEGERS
        if None not in self.sizes and not unnamed_value:
            return self
        sizes = (Size(uid, index, i) if n is None else n for i, n in enumerate(self.sizes))
        return Spec(sizes, self.dtype, Size(uid, index, None) if unnamed_value else self.held)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        return self.sizes == other.sizes and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.sizes, self.dtype))

    def __repr__(self) -> str:
        return f"Spec({self.sizes!r}, {self.dtype!r})"


_NAME_OF_DTYPE = re.compile(r"[<>=|]?[A-Za-z?]\w{0,20}", re.ASCII)
INTEGERS = tuple(dtype for dtype in DTYPES if dtype.startswith(("int", "uint")))


def checked_dtype(dtype: Any) -> str:
    """The canonical name of a dtype.

    Raises:
        TypeError: `dtype` is no numeric dtype that a tensor can have.
    """
    try:
        name = np.dtype(dtype).name if _may_be_dtype(dtype) else None
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise TypeError(
            f"{errors.shown(dtype)} is not a tensor dtype; use one of {', '.join(DTYPES)}."
        )
    return name


def _may_be_dtype(dtype: Any) -> bool:
    """Whether it is no list of fields; NumPy compiles some of the texts that say one."""
    if isinstance(dtype, str):
        return _NAME_OF_DTYPE.fullmatch(dtype) is not None
    return not isinstance(dtype, (bytes, list, tuple, dict))


def is_known(size: NamedDim) -> TypeIs[int]:
    """Whether the size is a number."""
    return size is not None and type(size) is not Size


def are_known(shape: Shape) -> TypeIs[tuple[int, ...]]:
    """Whether all sizes are numbers."""
    return None not in shape


def has_sizes(given: Sequence[Dim], wanted: Sequence[Dim]) -> bool:
    """Whether a shape has as many axes as another one, and the sizes that the other one knows."""
    # A list is made faster than a generator runs, and each call of a function asks.
    others = [a for a, b in zip(given, wanted) if b is not None and a != b]
    return not others and len(given) == len(wanted)


def agreed(a: NamedDim, b: NamedDim) -> NamedDim:
    """The size of an axis along which two tensors must be alike: a number if one side knows it."""
    return a if is_known(a) or not is_known(b) else b


def shown(sizes: Sizes) -> Shape:
    """Sizes as people are told them: None for those that are not known."""
    return tuple(n if is_known(n) else None for n in sizes)


def clash(a: NamedDim, b: NamedDim) -> bool:
    """Whether the sizes are known to differ."""
    return is_known(a) and is_known(b) and a != b
