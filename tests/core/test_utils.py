"""Utilities that need no backend."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.utils import conv_utils, generic_utils, np_utils
from keras_core.utils.generic_utils import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    func_dump,
    func_load,
    get_custom_objects,
    has_arg,
    serialize_keras_object,
)


class Point:
    def __init__(self, x=1):
        self.x = x

    def get_config(self):
        return {"x": self.x}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Holder:
    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(deserialize_keras_object(config["inner"], custom_objects=custom_objects))


def double(x):
    return 2 * x


# Custom objects


def test_scope_adds_and_takes_back():
    get_custom_objects()["kept"] = double
    try:
        with custom_object_scope({"Point": Point}, {"double": double}):
            assert get_custom_objects()["Point"] is Point
            with CustomObjectScope({"Point": Holder}, None):
                assert get_custom_objects()["Point"] is Holder
            assert get_custom_objects()["Point"] is Point
        assert set(get_custom_objects()) == {"kept"}
    finally:
        get_custom_objects().clear()


def test_scope_takes_back_after_an_error():
    with pytest.raises(KeyError), custom_object_scope({"Point": Point}):
        raise KeyError
    assert "Point" not in get_custom_objects()


# Configurations


def test_objects_round_trip():
    config = serialize_keras_object(Point(3))
    assert config == {"class_name": "Point", "config": {"x": 3}}
    assert deserialize_keras_object(config, module_objects={"Point": Point}).x == 3


def test_functions_and_none_serialize():
    assert serialize_keras_object(double) == "double"
    assert serialize_keras_object(None) is None


def test_a_class_by_name_is_made_and_a_function_is_not():
    table = {"Point": Point, "double": double}
    assert deserialize_keras_object("Point", table).x == 1
    assert deserialize_keras_object("double", table) is double


def test_custom_objects_go_first_and_reach_inner_objects():
    inner = {"class_name": "Point", "config": {"x": 5}}
    config = {"class_name": "Holder", "config": {"inner": inner}}
    made = deserialize_keras_object(
        config, module_objects={"Holder": Point}, custom_objects={"Holder": Holder, "Point": Point}
    )
    assert made.inner.x == 5


def test_a_function_makes_the_object_of_its_config():
    config = {"class_name": "make", "config": {"x": 4}}
    assert deserialize_keras_object(config, module_objects={"make": Point}).x == 4


def test_an_unknown_name_is_refused_with_near_ones():
    with pytest.raises(ValueError, match=r"Unknown layer: 'Dens'.*Did you mean 'Dense'"):
        deserialize_keras_object("Dens", {"Dense": Point}, printable_module_name="layer")


@pytest.mark.parametrize(
    ("identifier", "error"),
    [({"class_name": "Point"}, ValueError), (3, TypeError), (None, TypeError)],
)
def test_what_is_no_configuration_is_refused(identifier, error):
    with pytest.raises(error):
        deserialize_keras_object(identifier, {"Point": Point})


def test_what_has_no_name_cannot_be_serialized():
    with pytest.raises(ValueError, match="get_config"):
        serialize_keras_object(3)


# Functions as data


def test_functions_survive_dump_and_load():
    offset = 10

    def shifted(x, by=2):
        return x + by + offset

    dumped = func_dump(shifted)
    assert isinstance(dumped[0], str)
    assert func_load(*dumped)(1) == 13
    assert func_load(list(dumped))(1, by=0) == 11


def test_damaged_bytecode_is_a_value_error():
    with pytest.raises(ValueError, match="bytecode"):
        func_load("AAAA")
    with pytest.raises(ValueError, match="bytecode"):
        func_load("6QEAAAA=\n")  # marshal's 1, which is no code


def test_has_arg():
    def takes(a, *, b=1, **rest):
        return a, b, rest

    assert has_arg(takes, "a") and has_arg(takes, "b")
    assert not has_arg(takes, "c") and not has_arg(takes, "rest")
    assert has_arg(takes, "c", accept_all=True)
    assert not has_arg(double, "c", accept_all=True)
    assert has_arg(Point, "x")


# Lists


def test_lists():
    assert generic_utils.to_list((1, 2)) == [(1, 2)]
    assert generic_utils.to_list((1, 2), allow_tuple=True) == [1, 2]
    assert generic_utils.to_list([1]) == [1]
    assert generic_utils.unpack_singleton([7]) == 7
    assert generic_utils.unpack_singleton([7, 8]) == [7, 8]
    assert generic_utils.is_all_none([None, None]) and generic_utils.is_all_none(None)
    assert not generic_utils.is_all_none([None, 0])


def test_slice_arrays():
    x, y = np.arange(5), np.arange(10).reshape(5, 2)
    a, b, c = generic_utils.slice_arrays([x, None, y], 1, 3)
    assert a.tolist() == [1, 2] and b is None and c.shape == (2, 2)
    assert generic_utils.slice_arrays(x, [0, 3]).tolist() == [0, 3]
    assert generic_utils.slice_arrays([x], np.array([4, 0]))[0].tolist() == [4, 0]
    assert generic_utils.slice_arrays(None) == [None]
    with pytest.raises(ValueError):
        generic_utils.slice_arrays(x, [0, 1], 2)


def test_transpose_shape():
    assert generic_utils.transpose_shape((None, 5, 6, 3), "channels_first", (1, 2)) == (
        None,
        3,
        5,
        6,
    )
    assert generic_utils.transpose_shape([5, 6, 3], "channels_first", (0, 1)) == [3, 5, 6]
    assert generic_utils.transpose_shape((2, 3), "channels_last", (0,)) == (2, 3)
    with pytest.raises(ValueError, match="tf"):
        generic_utils.transpose_shape((2, 3), "tf", (0,))


def test_unexpected_keys():
    generic_utils.check_for_unexpected_keys("losses", {"a": 1}, ["a", "b"])
    with pytest.raises(ValueError, match=r"losses.*\['c'\]"):
        generic_utils.check_for_unexpected_keys("losses", {"c": 1}, ["a", "b"])


# Arrays


def test_to_categorical():
    np.testing.assert_array_equal(np_utils.to_categorical([0, 2]), [[1, 0, 0], [0, 0, 1]])
    assert np_utils.to_categorical([[1], [0]], 4).shape == (2, 4)
    assert np_utils.to_categorical(np.zeros((2, 3)), 2, dtype="int32").shape == (2, 3, 2)
    with pytest.raises(IndexError, match="num_classes=3"):
        np_utils.to_categorical([0, 2], 2)


def test_normalize():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(np_utils.normalize(x), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(np_utils.normalize(x, axis=0, order=1)[0], [1, 1])


# Convolutions


@pytest.mark.parametrize("value", [2, (2, 2), [2, 2], np.int64(2)])
def test_normalize_tuple(value):
    assert conv_utils.normalize_tuple(value, 2, "strides") == (2, 2)


@pytest.mark.parametrize("value", [None, "22", (2,), (2, None), (1.5, 2)])
def test_normalize_tuple_refuses(value):
    with pytest.raises(ValueError, match="strides"):
        conv_utils.normalize_tuple(value, 2, "strides") if value != "22" else (
            conv_utils.normalize_tuple("2x", 2, "strides")
        )


def test_padding_names():
    assert conv_utils.normalize_padding("SAME") == "same"
    with pytest.raises(ValueError, match="full"):
        conv_utils.normalize_padding("full")


def test_convert_kernel_flips_space_only():
    kernel = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(conv_utils.convert_kernel(kernel), kernel[::-1, ::-1])
    with pytest.raises(ValueError):
        conv_utils.convert_kernel(np.zeros((2, 2)))


def positions(length, kernel, stride, dilation):
    """How often a dilated kernel fits at a stride, counted."""
    reach = (kernel - 1) * dilation
    return sum(1 for start in range(0, length, stride) if start + reach < length)


@pytest.mark.parametrize("length", [5, 8, 13])
@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_output_length_counts_positions(length, kernel, stride, dilation):
    def out(padding):
        return conv_utils.conv_output_length(length, kernel, padding, stride, dilation)

    reach = (kernel - 1) * dilation
    assert out("valid") == positions(length, kernel, stride, dilation)
    assert out("same") == out("causal") == len(range(0, length, stride))
    assert out("full") == positions(length + 2 * reach, kernel, stride, dilation)


def test_lengths_are_inverse_and_unknown_stays_unknown():
    assert conv_utils.conv_input_length(4, 3, "valid", 2) == 9
    assert conv_utils.conv_output_length(9, 3, "valid", 2) == 4
    assert conv_utils.conv_input_length(7, 3, "same", 1) == 7
    assert conv_utils.deconv_length(4, 2, 3, "valid", None) == 9
    assert conv_utils.deconv_length(4, 2, 3, "same", None) == 8
    assert conv_utils.deconv_length(4, 2, 3, "valid", 1) == 10
    assert conv_utils.deconv_length(4, 1, 3, "valid", 0, dilation=2) == 8
    for unknown in (
        conv_utils.conv_output_length(None, 3, "same", 1),
        conv_utils.conv_input_length(None, 3, "same", 1),
        conv_utils.deconv_length(None, 2, 3, "same", None),
    ):
        assert unknown is None
