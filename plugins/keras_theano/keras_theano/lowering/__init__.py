"""Lowerings by primitive; each family stands in the file that has its name in the core.

A lowering takes a node and Theano's expressions of its inputs, and gives that of its result, or a
list of them. Axes of size 1 are marked as broadcastable in the inputs; the translator marks them
in the results, and casts these to the node's dtype. A random primitive has a `HostDraw` instead.
`scan` is run by `compiler.loops`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_core.plugins.authoring import collect_lowerings
from keras_theano.lowering import (
    collective,
    comparison,
    control,
    convolution,
    elementwise,
    indexing,
    linalg,
    native,
    normalization,
    pooling,
    random,
    reduction,
    shape,
)

FAMILIES = (
    *(collective, comparison, control, convolution, elementwise, indexing, linalg),
    *(native, normalization, pooling, random, reduction, shape),
)

LOWERINGS: Mapping[str, Any] = collect_lowerings(FAMILIES)
