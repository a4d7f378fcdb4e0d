"""Weights of CuDNNLSTM and CuDNNGRU as those of LSTM and GRU, and back.

CuDNN keeps each gate's kernels transposed, with the kernel's numbers in another order, and one bias
for the input and one for the state, which LSTM adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_GATES = {"LSTM": 4, "CuDNNLSTM": 4, "GRU": 3, "CuDNNGRU": 3}


def convert_gates(layer: Any, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Converts kernel, recurrent kernel and bias to the form of the layer.

    Args:
        layer: LSTM, GRU, CuDNNLSTM or CuDNNGRU; any other layer's arrays come back unchanged.
        arrays: list of arrays.

    Returns:
        A list of arrays.

    Raises:
        ValueError: for a GRU without reset_after, which CuDNN has no form of.
    """
    kind = type(layer).__name__
    if kind not in _GATES or len(arrays) != 3:
        return arrays
    family = "LSTM" if kind.endswith("LSTM") else "GRU"
    written_by = _writer(family, arrays, _GATES[kind])
    wanted = _gru_form(layer) if kind == "GRU" else kind
    if written_by == wanted:
        return arrays
    if "GRU" in (written_by, wanted):
        raise ValueError(
            f"Layer {layer.name}: weights of {written_by} cannot be used in {wanted}; "
            "CuDNNGRU corresponds to GRU(reset_after=True)."
        )
    return _converted(arrays, _GATES[kind], to_cudnn=wanted.startswith("CuDNN"))


def _gru_form(layer):
    return "GRU(reset_after=True)" if layer.reset_after else "GRU"


def _writer(family, arrays, gates):
    """Tells from the bias, which differs in shape, what kind of layer wrote the arrays."""
    units = arrays[1].shape[0]
    shape = arrays[2].shape
    if shape == (2 * gates * units,):
        return f"CuDNN{family}"
    if family == "GRU" and shape == (2, gates * units):
        return "GRU(reset_after=True)"
    return family


def _converted(arrays, gates, to_cudnn):
    kernel, recurrent, bias = arrays
    order = "C" if to_cudnn else "F"
    return [
        _each_gate(kernel, gates, lambda k: k.T.reshape(k.shape, order=order)),
        _each_gate(recurrent, gates, np.transpose),
        _bias(bias, gates, to_cudnn),
    ]


def _each_gate(kernel, gates, change):
    return np.hstack([change(part) for part in np.hsplit(kernel, gates)])


def _bias(bias, gates, to_cudnn):
    if gates == 3:
        return bias.reshape(-1) if to_cudnn else bias.reshape(2, -1)
    return np.tile(0.5 * bias, 2) if to_cudnn else bias.reshape(2, -1).sum(axis=0)
