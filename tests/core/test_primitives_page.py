"""What `keras-core primitives` says: complete, in the page of the repository, and true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keras_core import cli
from keras_core.cli import primitive_facts as facts
from keras_core.graph import PRIMITIVES
from keras_core.graph.randomness import generator, new_stream

PAGE = Path(__file__).parents[2] / "docs" / "primitives.md"
OURS = sorted(name for name in PRIMITIVES if not name.endswith("_test"))


def plain(name, *arrays, **params):
    return PRIMITIVES[name].reference(*arrays, **params)


def test_the_page_is_what_the_command_writes():
    found = [PRIMITIVES[name] for name in OURS]
    assert PAGE.read_text(encoding="utf-8") == facts.page(found)


@pytest.mark.parametrize("name", OURS)
def test_each_has_a_text_and_meanings(name):
    primitive = PRIMITIVES[name]
    assert primitive.doc.endswith(".") and all(edge.endswith(".") for edge in primitive.edges)
    assert all(facts.meaning(primitive, one) for one in facts.parameters(primitive))
    assert all(line for _, lines in facts.facts(primitive) for line in lines)


def test_no_meaning_is_left_of_a_parameter_that_is_gone():
    taken = {one for name in OURS for one in facts.parameters(PRIMITIVES[name])}
    assert {name.rpartition(".")[2] for name in facts.PARAMETERS} == taken


def test_one_is_told(capsys):
    assert cli.main(["primitives", "conv"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("conv(x, kernel, *, strides, padding, dilation, groups, data_format)\n")
    assert "x, kernel of one dtype" in told and "'same'" in told


def test_all_are_listed(capsys):
    assert cli.main(["primitives"]) == 0
    words = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert words >= set(OURS)


def test_near_names_are_shown_for_one_that_is_not_there(capsys):
    assert cli.main(["primitives", "arg_max"]) == 1
    assert "did you mean argmax" in capsys.readouterr().err


def test_dtypes_are_those_that_pass():
    told = {name: dict(facts.facts(PRIMITIVES[name])) for name in OURS}
    assert told["gather"]["Inputs"] == ["x: any dtype", "indices: integers"]
    assert told["softmax"]["Inputs"] == ["x: floats"]
    assert told["argmax"]["Results"] == ["int64"]
    assert told["top_k"]["Results"] == ["that of x, int32"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("reduce_sum", 0), ("reduce_prod", 1), ("reduce_max", -np.inf), ("reduce_min", np.inf)),
        *(("reduce_mean", np.nan), ("logsumexp", -np.inf)),
    ],
)
def test_reductions_of_no_elements(name, expected):
    result = plain(name, np.zeros((2, 0), "float32"), axes=(1,), keepdims=False)
    np.testing.assert_array_equal(result, [expected, expected])


def test_ties_and_types_of_places():
    x = np.array([1, 3, 3], "float32")
    place = plain("argmax", x, axis=0)
    values, places = plain("top_k", x, k=2)
    assert (int(place), place.dtype) == (1, "int64")
    assert (values.tolist(), places.tolist(), places.dtype) == ([3, 3], [1, 2], "int32")


def test_what_meets_padding_alone():
    x = np.ones((1, 1, 1), "float32")
    window = {"size": (1,), "strides": (1,), "padding": ((1, 0),), "data_format": "channels_last"}
    assert plain("max_pool", x, **window).ravel()[0] == -np.inf
    with np.errstate(invalid="ignore"):
        assert np.isnan(plain("avg_pool", x, **window).ravel()[0])


def test_low_wins_and_the_rest_of_a_float_is_cut_off():
    assert plain("clip", np.float32([5]), low=2, high=1).tolist() == [2]
    assert plain("cast", np.float32([-1.7, 1.7]), dtype="int32").tolist() == [-1, 1]


def test_an_explicit_seed_ignores_that_of_the_run():
    stream = new_stream(7)
    one, other = (generator((seed, 3), stream).random() for seed in (0, 1))
    drawn, again = (generator((seed, 3), 5).random() for seed in (0, 1))
    assert stream >= 2**40 and one == other and drawn != again
