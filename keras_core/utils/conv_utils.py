"""Arguments, kernels and lengths of convolutions, in plain Python and NumPy."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

PADDINGS = ("valid", "same", "causal")


def normalize_tuple(value: Any, n: int, name: str) -> tuple[int, ...]:
    """A tuple of `n` ints, from one int for all or from a sequence of them.

    Args:
        value: int, or sequence of `n` ints.
        n: length of the result.
        name: what messages call the argument.

    Returns:
        Tuple of `n` ints.

    Raises:
        ValueError: `value` is something else.
    """
    if isinstance(value, (int, np.integer)):
        return (int(value),) * n
    try:
        values = tuple(value)
        integers = tuple(int(v) for v in values)
    except (TypeError, ValueError):
        values = integers = ()
    if len(values) != n or integers != values:
        raise ValueError(f"{name} must be an int or a tuple of {n} ints; got {value!r}.")
    return integers


def normalize_sizes(value: Any, n: int, name: str) -> tuple[int, ...]:
    """The same for sizes and strides, which are at least 1.

    Raises:
        ValueError: `value` is something else.
    """
    sizes = normalize_tuple(value, n, name)
    if min(sizes) < 1:
        raise ValueError(f"{name} must be positive, at least 1 along each axis; got {value!r}.")
    return sizes


def normalize_padding(
    value: str, name: str = "padding", allowed: tuple[str, ...] = PADDINGS
) -> str:
    """The padding in lower case.

    Args:
        value: str.
        name: what messages call the argument.
        allowed: the paddings that there are.

    Raises:
        ValueError: `value` is none of them.
    """
    padding = value.lower() if isinstance(value, str) else value
    if padding not in allowed:
        raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}; got {value!r}.")
    return padding


def convert_kernel(kernel: np.ndarray) -> np.ndarray:
    """A convolution kernel flipped along its spatial axes: convolution to correlation, and back.

    Args:
        kernel: array `(*spatial, in, out)` of rank 3 to 5.

    Returns:
        Array of the same shape.

    Raises:
        ValueError: `kernel` is of another rank.
    """
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"A convolution kernel has 3 to 5 axes; got one of shape {kernel.shape}.")
    return np.flip(kernel, axis=tuple(range(kernel.ndim - 2))).copy()


@overload
def conv_output_length(
    input_length: int, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int: ...
@overload
def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None: ...
def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """Length of the output of a convolution along one axis.

    Args:
        input_length: int, or None where it is unknown.
        filter_size: size of the kernel.
        padding: `'same'`, `'valid'`, `'causal'` or `'full'`.
        stride: int.
        dilation: int.

    Returns:
        int, or None where the input's length is unknown.
    """
    if input_length is None:
        return None
    _check_padding(padding, (*PADDINGS, "full"))
    reach = (filter_size - 1) * dilation
    added = {"same": 0, "causal": 0, "valid": -reach, "full": reach}[padding]
    return (input_length + added + stride - 1) // stride


def conv_input_length(
    output_length: int | None, filter_size: int, padding: str, stride: int
) -> int | None:
    """Length of the input of a convolution along one axis, from that of its output.

    Args:
        output_length: int, or None where it is unknown.
        filter_size: size of the kernel.
        padding: `'same'`, `'valid'` or `'full'`.
        stride: int.

    Returns:
        int, or None where the output's length is unknown.
    """
    if output_length is None:
        return None
    _check_padding(padding, ("same", "valid", "full"))
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_length(
    dim_size: int | None,
    stride_size: int,
    kernel_size: int,
    padding: str,
    output_padding: int | None,
    dilation: int = 1,
) -> int | None:
    """Length of the output of a transposed convolution along one axis.

    Args:
        dim_size: length of the input, or None where it is unknown.
        stride_size: int.
        kernel_size: size of the kernel.
        padding: `'same'`, `'valid'` or `'full'`.
        output_padding: what to add to the shortest possible output; None for the usual length.
        dilation: int.

    Returns:
        int, or None where the input's length is unknown.
    """
    if dim_size is None:
        return None
    _check_padding(padding, ("same", "valid", "full"))
    kernel = kernel_size + (kernel_size - 1) * (dilation - 1)
    if output_padding is None:
        stretched = dim_size * stride_size
        if padding == "valid":
            return stretched + max(kernel - stride_size, 0)
        return stretched - (stride_size + kernel - 2) if padding == "full" else stretched
    pad = {"same": kernel // 2, "valid": 0, "full": kernel - 1}[padding]
    return (dim_size - 1) * stride_size + kernel - 2 * pad + output_padding


def _check_padding(padding: str, allowed: tuple[str, ...]) -> None:
    if padding not in allowed:
        raise ValueError(
            f"`padding` must be one of {', '.join(map(repr, allowed))}; got {padding!r}."
        )
