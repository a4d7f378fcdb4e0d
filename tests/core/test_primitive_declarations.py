"""What a primitive declares beside its shape and value; what it lacks by design stands here."""

from __future__ import annotations

import pytest

from keras_core.graph import primitives as p
from keras_core.graph.primitive import PRIMITIVES

DRAWS = "draws anew at each step, which a draw for all steps would not repeat"
EFFECTS = "does something at each step"
SIZES = "tells a size, which is the same at all steps"
SEVERAL = "has several results"
OUTSIDE = "stands outside of loops"
STARTS = "starts elsewhere at each step"

# Primitives that stay inside of their loop.
NOT_LIFTED = {
    "all_reduce": EFFECTS,
    "arange": "may have another length at each step",
    "batch_norm_grad": SEVERAL,
    "batch_norm_train": SEVERAL,
    "centred_sums": SEVERAL,
    "conv_kernel_grads": "stands outside of loops, where conv_kernel_grad was lifted",
    "dim": SIZES,
    "dynamic_slice": STARTS,
    "dynamic_unslice": STARTS,
    "gather_grad": "adds up to one tensor at each step",
    "learning_phase": OUTSIDE,
    "moments": SEVERAL,
    "native": EFFECTS,
    "print": EFFECTS,
    "random_normal": DRAWS,
    "random_truncated_normal": DRAWS,
    "random_uniform": DRAWS,
    "scan": "a loop in a loop",
    "shape_of": SIZES,
    "top_k": SEVERAL,
}

# Primitives whose gradient is not zero by definition, and which have no rule for it.
NO_GRADIENT: dict[str, str] = {}

# Primitives that add up products, and those of whose work nobody knows.
WORK = {"conv", "conv_input_grad", "conv_kernel_grad", "dot", "native", "scan"}

# What adds up products that others made.
SUMS = {"cumsum", "reduce_sum", "sum_like"}

FLAGS = {
    "pure": {"all_reduce", "learning_phase", "native", "print"},
    "indexed": {"dynamic_slice", "dynamic_unslice", "gather", "gather_grad"},
    "loop": {"scan"},
    "phase": {"learning_phase"},
    "several": {
        *("all_reduce", "batch_norm_grad", "batch_norm_train", "centred_sums", "moments"),
        *("native", "scan", "top_k"),
    },
    "random": {"random_normal", "random_truncated_normal", "random_uniform", "scan"},
}


def ours():
    return [primitive for primitive in PRIMITIVES.values() if not primitive.name.endswith("_test")]


def test_the_families_reach_each_other():
    """`graph/primitives/__init__.py` names them all; a scan stands in `graph/scan`."""
    assert {x.name for x in ours() if getattr(p, x.name, None) is not x} == {"scan"}


def test_what_is_not_lifted_out_of_loops_is_meant_to_stay():
    assert {x.name for x in ours() if x.lift is None} == set(NOT_LIFTED)


def test_what_has_no_gradient_has_a_zero_one():
    without = [x for x in ours() if x.vjp is None and x.decomposition is None]
    assert {x.name for x in without if x.differentiable} == set(NO_GRADIENT)


def test_all_but_loops_can_be_computed_plainly():
    assert not [x.name for x in ours() if x.reference is None]


def test_what_adds_up_products_counts_them():
    assert {x.name for x in ours() if x.multiply_adds is not None} == WORK | SUMS
    families = {PRIMITIVES[name].family for name in WORK}
    by_family = [x for x in ours() if x.family in families and x.decomposition is None]
    assert {x.name for x in by_family} <= WORK
    assert {x.name for x in ours() if _contracts(x)} <= WORK


def _contracts(primitive):
    """Whether its plain meaning says so by itself."""
    called = getattr(primitive.reference, "__code__", None)
    names = set(called.co_names) if called else {primitive.reference.__name__}
    return bool(names & {"einsum", "dot", "matmul", "tensordot", "inner", "outer", "convolve"})


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_flags(flag):
    """A new primitive that is special in one of these ways is added here, so that it is meant."""
    marked = {x.name for x in ours() if getattr(x, flag) is not (flag == "pure")}
    assert marked == FLAGS[flag]


def test_elementwise_families_are_elementwise():
    families = ("elementwise", "comparison")
    assert {x.name for x in ours() if x.elementwise} == {
        x.name for x in ours() if x.family in families
    }
