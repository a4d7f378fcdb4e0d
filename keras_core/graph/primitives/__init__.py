"""The primitives, a family a file, and helpers that build them; all by name.

The families call each other through this module (`p.add`), which is complete when they run.
"""

# ruff: noqa: F401

from keras_core.graph.primitives.collective import all_reduce
from keras_core.graph.primitives.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
)
from keras_core.graph.primitives.control import (
    identity,
    learning_phase,
    print,
    select,
    stop_gradient,
    where,
)
from keras_core.graph.primitives.convolution import (
    conv,
    conv_input_grad,
    conv_kernel_grad,
    conv_kernel_grads,
)
from keras_core.graph.primitives.elementwise import (
    abs,
    add,
    cast,
    ceil,
    clip,
    cos,
    divide,
    exp,
    expm1,
    floor,
    floor_divide,
    is_finite,
    is_nan,
    log,
    log1p,
    maximum,
    minimum,
    modulo,
    multiply,
    negative,
    power,
    reciprocal,
    relu,
    relu_grad,
    round,
    rsqrt,
    sigmoid,
    sigmoid_grad,
    sign,
    sin,
    softplus,
    sqrt,
    square,
    subtract,
    tanh,
    tanh_grad,
)
from keras_core.graph.primitives.indexing import (
    arange,
    dynamic_slice,
    dynamic_unslice,
    gather,
    gather_grad,
    one_hot,
    slice,
    unslice,
)
from keras_core.graph.primitives.linalg import dot, eye
from keras_core.graph.primitives.native import native
from keras_core.graph.primitives.normalization import (
    batch_norm_grad,
    batch_norm_train,
    batch_normalization,
    centred_sums,
    l2_normalize,
    log_softmax,
    moments,
    sigmoid_cross_entropy,
    softmax,
    softmax_cross_entropy,
)
from keras_core.graph.primitives.pooling import (
    avg_pool,
    avg_pool_grad,
    max_pool,
    max_pool_grad,
    max_pool_select,
    max_pool_shared,
)
from keras_core.graph.primitives.random import (
    random_normal,
    random_truncated_normal,
    random_uniform,
)
from keras_core.graph.primitives.reduction import (
    argmax,
    argmin,
    cumprod,
    cumsum,
    logsumexp,
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    sum_like,
    top_k,
)
from keras_core.graph.primitives.shape import (
    broadcast_to,
    concat,
    dim,
    ensure_shape,
    pad,
    repeat,
    reshape,
    reverse,
    shape_of,
    stack,
    tile,
    transpose,
)
from keras_core.graph.primitives.sizes import (
    as_size,
    broadcast_like,
    count_along,
    dims_of,
    expand_dims,
    full,
    full_like,
    ones,
    ones_like,
    product_of_sizes,
    reshape_like,
    reshape_to_sizes,
    scalar,
    size_of,
    split_sizes,
    squeeze,
    zeros,
    zeros_like,
)
