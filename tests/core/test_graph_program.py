"""Programs, their listing, the checker, rewriting and the order of nodes."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import (
    PRIMITIVES,
    Constant,
    Node,
    Placeholder,
    Program,
    Tensor,
    Update,
    Variable,
    evaluate,
    gradients,
    layer_scope,
    substitute,
)
from keras_core.graph import primitives as p
from keras_core.graph.checker import check
from keras_core.graph.order import leaves, topological
from keras_core.graph.passes.expand import expand
from keras_core.graph.passes.specialise import specialise
from keras_core.graph.passes.tidy import tidy
from keras_core.graph.primitive import Primitive, _registry
from keras_core.graph.provenance import here
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Spec

HERE = __file__


# Order


def test_each_node_stands_after_those_it_reads():
    x = Placeholder((2,))
    a = p.exp(x)
    b = p.sin(a)
    c = a * b
    order = topological([c, b])
    assert [node.primitive.name for node in order] == ["exp", "sin", "multiply"]


def test_order_stops_where_told():
    a = p.exp(Placeholder((2,)))
    order = topological([p.sin(a)], stop=lambda t: t.key == a.key)
    assert [node.primitive.name for node in order] == ["sin"]


def test_leaves_are_found_once():
    x, v, k = Placeholder((2,)), Variable([1.0, 2.0]), Constant([1.0, 2.0], "float32")
    assert set(leaves([x * v + k * x, v])) == {x, v, k}
    assert leaves([x]) == [x]


# Programs


def test_what_a_program_consists_of():
    x, v, w = Placeholder((2,)), Variable([1.0, 2.0]), Variable([0.0, 0.0])
    y = x * v + 1.0
    program = Program([x], [y], [(w, y)])
    assert [node.primitive.name for node in program.nodes] == ["multiply", "add"]
    assert program.variables == (v, w) and program.updates == (Update(w, y),)
    assert [c.value.tolist() for c in program.constants] == [1]
    assert not program.is_random and not program.has_scans


def test_a_placeholder_that_nobody_feeds():
    x, y = Placeholder((2,), name="x"), Placeholder((2,), name="y")
    with pytest.raises(ValueError, match="depend on <Placeholder y .* not among the inputs .'x'."):
        Program([x], [x * y]).validate()


def test_a_variable_updated_twice():
    v = Variable([1.0], name="v")
    with pytest.raises(ValueError, match="'v:0' is updated twice in one function"):
        Program([], [], [(v, v + 1.0), (v, v + 2.0)]).validate()


# Listing


def test_a_listing_has_a_line_a_node():
    x, v = Placeholder((None, 2), name="x"), Variable([1.0, 2.0], name="v")
    with layer_scope("scale"):
        y = x * v
    z = p.reduce_sum(y + Constant(np.zeros(9).reshape(9, 1), "float32"), axes=(0,), keepdims=False)
    lines = str(Program([x], [z, x], [(v, z)])).splitlines()
    assert lines[0] == "in   i0 = float32[?×2] x"
    assert lines[1] == "var  v0 = float32[2] v:0"
    assert lines[2].startswith("     t0: float32[?×2] = multiply(i0, v0)  # layer 'scale', ")
    assert HERE in lines[2]
    assert "add(t0, constant float32[9×1])" in lines[3]
    assert "reduce_sum(t1, axes=(0,), keepdims=False)" in lines[4]
    assert lines[5:] == ["out  t2", "out  i0", "set  v0 <- t2"]


def test_a_listing_shows_small_constants():
    x = Placeholder((2,))
    assert "add(i0, [1.0, 2.0])" in str(Program([x], [x + [1.0, 2.0]]))


# The checker


@pytest.fixture
def loose():
    """A primitive whose shape rule changes its mind."""
    shapes = [(2,)]
    primitive = Primitive("loose_test", lambda x: Spec(shapes[0], "float32"), lambda x: x)
    yield primitive, shapes
    del _registry[primitive.name]


def test_the_checker_runs_the_shape_rules_again(loose):
    primitive, shapes = loose
    x = Placeholder((2,))
    program = Program([x], [primitive(x)])
    check(program)
    shapes[0] = (3,)
    with pytest.raises(AssertionError, match="its rule says"):
        check(program)


def test_the_checker_wants_inputs_fed_and_the_phase_fixed():
    x = Placeholder((2,))
    with pytest.raises(AssertionError, match="is read before anything makes it"):
        check(Program([], [p.exp(x)]))
    with pytest.raises(AssertionError, match="the phase is not fixed"):
        check(Program([x], [p.select(p.learning_phase(), x, x)]))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Constant([1.0, 2.0], "float64"), "dtypes differ"),
        (Constant([1.0], "float32"), "shapes differ"),
        (Constant(1.0, "float32"), "shapes differ"),
    ],
)
def test_the_checker_wants_updates_to_fit(value, message):
    with pytest.raises(AssertionError, match=message):
        check(Program([], [], [(Variable([1.0, 2.0]), value)]))


def test_the_checker_knows_all_primitives(loose):
    primitive, _ = loose
    stranger = Primitive.__new__(Primitive)
    object.__setattr__(stranger, "__dict__", {**primitive.__dict__, "name": "stranger"})
    x = Placeholder((2,))
    with pytest.raises(AssertionError, match="unknown primitive"):
        check(Program([x], [stranger(x)]))


def test_the_checker_looks_into_loops():
    x, outside = Placeholder((3, 2)), Placeholder((2,))
    _, (rows,) = scan(lambda s, _: ([s[0] * outside], []), [x], [])
    check(Program([x, outside], [rows]))
    node = rows.node
    torn = Node(node.primitive, node.inputs[:1], node.params, node.origin)
    with pytest.raises(AssertionError, match="inputs do not match its body"):
        check(Program([x], [torn.outputs()[0]]))


# Rewriting


def test_substitute_replaces_leaves_and_results():
    x, y = Placeholder((2,)), Placeholder((2,))
    middle = p.exp(x)
    (z,) = substitute([middle * 2.0 + x], {middle: y})
    got = evaluate([z], {x: np.ones(2, "float32"), y: np.zeros(2, "float32")})[0]
    assert got.tolist() == [1, 1]


def test_substitute_may_change_shapes():
    x, wide = Placeholder((2,)), Placeholder((5, 2))
    (y,) = substitute([p.exp(x) + 1.0], {x: wide})
    assert y.shape == (5, 2)


def test_what_nothing_touches_is_kept():
    x, y = Placeholder((2,)), Placeholder((2,))
    kept = p.exp(x)
    (z,) = substitute([kept * y], {y: x})
    assert z.node.inputs[0] is kept
    assert substitute([kept], {y: x})[0] is kept


def test_rules_see_rebuilt_nodes_and_origins_stay():
    x = Placeholder((2,))
    with layer_scope("first"):
        y = p.exp(x)
    seen = []
    (z,) = Rewriter({x: Placeholder((2,))}, lambda node: seen.append(node))([p.sin(y)])
    assert [node.primitive.name for node in seen] == ["exp", "sin"]
    assert z.node.inputs[0].node is seen[0] and seen[0].origin == y.node.origin


def test_sizes_given_by_hand_are_kept():
    x, n = Placeholder((6,)), Placeholder((), "int32")
    y = p.reshape(p.exp(x), n, n, shape=(None, None))
    y.set_shape((2, None))
    (z,) = substitute([y], {x: Placeholder((6,))})
    assert z.shape == (2, None) and z.node is not y.node


# Provenance


def test_a_node_knows_the_line_that_built_it():
    x = Placeholder((2,))
    line = here().line + 1
    y = p.exp(x)
    assert (y.node.origin.file, y.node.origin.line) == (HERE, line)
    assert str(y.node.origin) == f"{HERE}:{line}"


def test_layer_scopes_nest_and_end():
    with layer_scope("outer"), layer_scope("inner"):
        y = p.exp(Placeholder(()))
    assert y.node.origin.layer == "outer/inner"
    assert str(y.node.origin).startswith("layer 'outer/inner', ")
    with pytest.raises(ValueError), layer_scope("failing"):
        raise ValueError
    assert here().layer is None


def layers_of(tensors):
    return {node.origin.layer for node in Program([], tensors).nodes}


def test_gradients_belong_to_the_layer_that_they_differentiate():
    with layer_scope("first"):
        x = Variable(np.ones((2, 3)))
        y = p.softmax(p.exp(x) + p.exp(x), axis=1)
    with layer_scope("second"):
        y = p.reduce_sum(p.sin(y), axes=(0, 1), keepdims=False)
    (grad,) = gradients([y], [x])
    assert layers_of([grad]) == {"first", "second"}


@pytest.mark.parametrize(
    "rewrite",
    [
        tidy,
        lambda program: expand(program, set(PRIMITIVES) - {"softmax"}, "some"),
        lambda program: specialise(program, [(4, 3)]),
    ],
)
def test_what_passes_build_belongs_to_the_layer_that_it_stands_for(rewrite):
    x = Placeholder((None, 3))
    with layer_scope("first"):
        y = p.softmax(x + -p.exp(x), axis=1)
    before = Program([x], [y])
    after = rewrite(before)
    assert set(after.nodes) - set(before.nodes)
    origins = {(node.origin.layer, node.origin.line) for node in after.nodes}
    assert origins == {("first", y.node.origin.line)}


# Evaluation


def test_evaluate_takes_any_tensor_as_fed():
    x = Placeholder((2,))
    middle = p.exp(x)
    assert evaluate([middle * 2.0], {middle: [1.0, 2.0]})[0].tolist() == [2, 4]


def test_evaluate_names_what_is_not_fed():
    with pytest.raises(ValueError, match="<Placeholder x .* has no value: feed it"):
        evaluate([p.exp(Placeholder((2,), name="x"))])


def test_several_outputs_are_tensors_of_one_node():
    values, places = p.top_k(Constant([3.0, 9.0, 4.0], "float32"), k=2)
    assert isinstance(values, Tensor) and values.node is places.node
    assert [v.tolist() for v in evaluate([places, values])] == [[1, 2], [9, 4]]
