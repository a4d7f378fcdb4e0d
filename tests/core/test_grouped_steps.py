"""Several steps in one call, as far as the core goes: groups of batches, and the setting."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import config
from keras_core.engine.feeding.sources import ArraySource, RepeatedSource
from keras_core.engine.runs import loop
from keras_core.graph import Function, Placeholder
from keras_core.graph import primitives as p
from keras_core.plugins.contract import Backend


def first_sum(batch):
    return [batch[0].sum()]


def batches(samples, size=2):
    return ArraySource(first_sum, [np.arange(samples), np.zeros((samples, 3))], size)


@pytest.mark.parametrize(
    "samples, groups",
    [
        (62, [1] * 31),
        (64, [32]),
        (65, [32, 1]),
        (130, [32, 32, 1]),
        (131, [32, 32, 1, 1]),
        (400, [50, 50, 50, 50]),
    ],
)
def test_groups_are_of_one_size_and_then_come_single_steps(samples, groups):
    assert batches(samples).groups() == groups
    assert sum(groups) == batches(samples).steps


def test_a_group_holds_the_batches_that_single_steps_would_have():
    source = batches(70)
    source.begin()
    size, (numbers, rows) = source.take_group(35)
    assert size == 2 and rows.shape == (35, 2, 3)
    np.testing.assert_array_equal(numbers, np.arange(70).reshape(35, 2))


class Stored:
    """Like an array in a file."""

    shape = (100, 3)


def test_what_is_no_array_in_memory_is_not_grouped():
    assert ArraySource(first_sum, [Stored()], 2).groups() == [1] * 50
    assert RepeatedSource(first_sum, [], 50).groups() == [1] * 50


class Recorder:
    def __init__(self):
        self.seen = []

    def end(self, index, size, outputs):
        self.seen.append((index, size, float(outputs[0])))


def test_reports_are_told_of_each_step_of_a_group():
    single, grouped = Recorder(), Recorder()
    loop.run_batches(batches(71), [single])
    loop.run_batches(batches(71), [grouped], grouped_step=lambda stacked: [stacked[0].sum(axis=1)])
    assert grouped.seen == single.seen
    assert [index for index, _, _ in grouped.seen] == list(range(36))


def test_backends_do_single_steps_unless_they_say_otherwise():
    x = Placeholder(())
    assert Backend().compile_loop(Function([x], [p.exp(x)]).program()) is None


@pytest.mark.parametrize(
    "given, expected",
    [("true", True), ("FALSE", False), ("1", True), ("0", False), ("auto", None), (True, True)],
)
def test_jit_compile_is_a_switch(given, expected):
    assert config.OPTIONS["jit_compile"].parse(given) is expected


@pytest.mark.parametrize("given", ["yes please", 2, 1.5, []])
def test_jit_compile_refuses_what_is_no_switch(given):
    with pytest.raises(ValueError):
        config.OPTIONS["jit_compile"].parse(given)


def test_programs_say_if_they_are_compiled_as_a_whole(monkeypatch):
    x = Placeholder(())
    assert Function([x], [p.exp(x)]).program().jit_compile is None
    assert Function([x], [p.exp(x)], jit_compile=True).program().jit_compile is True
    monkeypatch.setenv("KERAS_JIT_COMPILE", "true")
    config.forget()
    try:
        assert Function([x], [p.exp(x)]).program().jit_compile is True
        assert Function([x], [p.exp(x)], jit_compile=False).program().jit_compile is False
    finally:
        config.forget()
