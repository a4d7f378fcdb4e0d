"""The hook: kernels for the NumPy backend. Numba is imported when the first of them is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_core.plugins import hookimpl

NAMES = ("conv", "conv_input_grad", "conv_kernel_grad", "max_pool", "max_pool_grad")


@hookimpl
def keras_core_lowerings(backend: Any) -> Mapping[str, Any]:
    if backend.name != "numpy":
        return {}
    return {name: _lowering(name, backend.lowerings[name]) for name in NAMES}


def _lowering(name: str, usual: Any) -> Any:
    """Ours where it serves the node, else the backend's own."""

    def lower(node: Any) -> Any:
        from keras_numba.lowering import LOWERINGS

        return LOWERINGS[name](node) or usual(node)

    return lower
