"""Softmax, cross-entropies, normalization."""

from __future__ import annotations

from keras_core.testing.case import Case, case, distribution, fixed, positive, uniform

_LARGE = fixed([[1e4, -1e4, 0.0], [1e4, 1e4, 1e4]])
_STEEP = "sums of a batch's deviations cancel"

CASES: tuple[Case, ...] = (
    *(
        case(name, x, label=label, axis=axis)
        for name in ("softmax", "log_softmax")
        for label, x, axis in (
            ("", uniform(3, 4), 1),
            ("middle", uniform(2, 3, 2), 1),
            ("vector", uniform(4, batch=None), 0),
        )
    ),
    case("softmax", _LARGE, label="large", gradient=False, axis=1),
    case("log_softmax", _LARGE, label="large", gradient=False, axis=1),
    case("softmax_cross_entropy", distribution(3, 4), uniform(3, 4), axis=1),
    case(
        "softmax_cross_entropy",
        distribution(2, 3, 4, axis=1),
        uniform(2, 3, 4),
        label="middle",
        axis=1,
    ),
    case("sigmoid_cross_entropy", uniform(3, 4, low=0, high=1), uniform(3, 4)),
    case(
        "sigmoid_cross_entropy",
        fixed([0.0, 1.0, 0.0, 1.0]),
        fixed([-1e3, -1e3, 1e3, 1e3]),
        label="large",
        gradient=False,
    ),
    case(
        "batch_normalization",
        uniform(4, 3),
        *(uniform(3, batch=None), positive(3, batch=None)),
        *(uniform(3, batch=None), uniform(3, batch=None)),
        epsilon=1e-3,
    ),
    case(
        "batch_normalization",
        uniform(2, 3, 2),
        *(uniform(1, 3, 1, batch=None), positive(1, 3, 1, batch=None)),
        *(uniform(1, 3, 1, batch=None), uniform(1, 3, 1, batch=None)),
        label="middle",
        epsilon=1e-3,
    ),
    case(
        "batch_normalization",
        uniform(2, 2, 3, 4),
        *(uniform(4, batch=None), positive(1, 1, 1, 4, batch=None)),
        *(uniform(1, 4, batch=None), uniform(4, batch=None)),
        label="image",
        epsilon=1e-3,
    ),
    *(
        case(
            "batch_norm_train",
            x,
            uniform(3, batch=None),
            uniform(3, batch=None),
            label=label,
            empty=False,
            tolerance=1e-4,
            reason=_STEEP,
            axes=axes,
            epsilon=1e-3,
        )
        for label, x, axes in (
            ("", uniform(6, 3), (0,)),
            ("image", uniform(2, 2, 2, 3), (0, 1, 2)),
            ("steps", uniform(3, 4, 3), (0, 1)),
            ("first", uniform(2, 3, 3), (0, 2)),
        )
    ),
    *(
        case(
            "batch_norm_grad",
            g,
            x,
            *(uniform(3, batch=None), uniform(3, batch=None), positive(3, batch=None)),
            label=label,
            empty=False,
            tolerance=1e-4,
            reason=_STEEP,
            axes=axes,
            epsilon=1e-3,
        )
        for label, g, x, axes in (
            ("", uniform(5, 3), uniform(5, 3), (0,)),
            ("image", uniform(2, 2, 2, 3), uniform(2, 2, 2, 3), (0, 1, 2)),
            ("first", uniform(2, 3, 3), uniform(2, 3, 3), (0, 2)),
        )
    ),
    *(
        case(name, *arrays, label=label, empty=False, tolerance=1e-4, reason=_STEEP, axes=axes)
        for label, shape, axes in (
            ("", (6, 3), (0,)),
            ("image", (2, 3, 2, 3), (0, 1, 2)),
            ("first", (2, 3, 4), (0, 2)),
            ("last", (3, 5), (1,)),
        )
        for name, arrays in (
            ("moments", (uniform(*shape),)),
            ("centred_sums", (uniform(*shape), uniform(*shape), uniform(3, batch=None))),
        )
    ),
    case("l2_normalize", uniform(3, 4), axes=(1,)),
    case("l2_normalize", uniform(3, 4), label="all", empty=False, axes=(0, 1)),
    # What is added to a sum of zeros is itself zero in float16.
    case(
        "l2_normalize",
        fixed([[0.0, 0.0], [3.0, 4.0]]),
        label="zero",
        gradient=False,
        half=False,
        axes=(1,),
    ),
)
