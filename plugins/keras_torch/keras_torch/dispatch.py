"""PyTorch's functions on tensors of keras_core: each use becomes a node of the graph.

PyTorch asks arguments that have `__torch_function__` what to do with them. Symbolic tensors answer
that a `native` node runs the function later, whose gradient is autograd's. What shapes come out is
asked of PyTorch, on tensors without values, for two choices of the sizes that are not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, Callable

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils import _pytree as pytree

from keras_core.graph import Spec, Tensor
from keras_core.graph import primitives as p
from keras_core.plugins.authoring import is_known
from keras_torch.dtypes import dtype_of, name_of
from keras_torch.interop import Gradient

# Sizes in place of unknown ones, which nothing else is likely to have.
_CHOICES = ((7, 11, 13, 17, 19, 23, 29, 31), (37, 41, 43, 47, 53, 59, 61, 67))


def install() -> None:
    """Has symbolic tensors answer PyTorch's functions."""
    Tensor.__torch_function__ = classmethod(_answer)  # type: ignore[attr-defined]


def _answer(
    cls: Any, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
) -> Any:
    return symbolic(function, args, kwargs or {})


def symbolic(function: Callable[..., Any], args: Sequence[Any], kwargs: Any) -> Any:
    """Builds a node for `function(*args, **kwargs)`.

    Args:
        function: a function of PyTorch's tensors.
        args: positional arguments, tensors of keras_core anywhere among them.
        kwargs: keyword arguments, likewise.

    Returns:
        What the function returns, with tensors of keras_core in place of PyTorch's.

    Raises:
        TypeError: the shapes of its results depend on values.
    """
    call = Call(function, args, kwargs)
    leaves, structure, specs = call.results_seen()
    gradient = Gradient(call, len(call.tensors), len(specs))
    tensors = iter(
        p.native(*call.tensors, fn=call, backend="torch", specs=specs, gradient=gradient)
    )
    made = [next(tensors) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
    return pytree.tree_unflatten(made, structure)


class Call:
    """A call of a function, whose tensors of keras_core are filled in later.

    Args:
        function: the function.
        args: its positional arguments.
        kwargs: its keyword arguments.
    """

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Any) -> None:
        self.function = function
        self._leaves, self._structure = pytree.tree_flatten((tuple(args), dict(kwargs)))
        self._places = [i for i, leaf in enumerate(self._leaves) if isinstance(leaf, Tensor)]
        self.tensors = [self._leaves[i] for i in self._places]

    def __repr__(self) -> str:
        return f"the PyTorch function {getattr(self.function, '__name__', self.function)!r}"

    def __call__(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        leaves, _ = pytree.tree_flatten(self._applied(tensors))
        return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]

    def _applied(self, tensors: Sequence[torch.Tensor]) -> Any:
        leaves = [_on(tensors[0].device, leaf) for leaf in self._leaves]
        for place, tensor in zip(self._places, tensors):
            leaves[place] = tensor
        args, kwargs = pytree.tree_unflatten(leaves, self._structure)
        return self.function(*args, **kwargs)

    def results_seen(self) -> tuple[list[Any], Any, tuple[Spec, ...]]:
        """The leaves and the structure of the result, and specs of the tensors among them."""
        unknown = dict.fromkeys(n for x in self.tensors for n in x.sizes if not is_known(n))
        choices = [dict(zip(unknown, cycle(numbers))) for numbers in _CHOICES]
        first, second = map(self._tried, choices)
        named = {(choices[0][size], choices[1][size]): size for size in unknown}
        leaves, structure = pytree.tree_flatten(first)
        pairs = zip(leaves, pytree.tree_flatten(second)[0])
        specs = [_spec(a, b, named) for a, b in pairs if isinstance(a, torch.Tensor)]
        return leaves, structure, tuple(specs)

    def _tried(self, sizes: Mapping[Any, int]) -> Any:
        """The result for tensors without values."""
        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
            return self._applied(
                [
                    torch.empty([sizes.get(n, n) for n in x.sizes], dtype=dtype_of(x.dtype))
                    for x in self.tensors
                ]
            )


def _on(device: torch.device, leaf: Any) -> Any:
    """A tensor of the user's, where those of the program are; anything else as it is."""
    if isinstance(leaf, torch.Tensor) and leaf.device != device:
        return leaf.to(device)
    return leaf


def _spec(first: torch.Tensor, second: torch.Tensor, named: Mapping[Any, Any]) -> Spec:
    """Sizes that are alike are known, and those that an input has too bear its name."""
    pairs = zip(first.shape, second.shape)
    return Spec([a if a == b else named.get((a, b)) for a, b in pairs], name_of(first.dtype))
