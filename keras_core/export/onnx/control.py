"""Choices, barriers to gradients, printing."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.export.onnx.operations import Block, Value, Writer
from keras_core.export.onnx.tracing import Lowering, Site


def _lower_select(site: Site, condition: str, x: str, y: str) -> str:
    cases = [_giving(site, case) for case in (x, y)]
    return site.add("If", condition, then_branch=cases[0], else_branch=cases[1])


def _lower_where(site: Site, condition: str, x: str, y: str) -> str:
    if site.spec.dtype != "bool":
        return site.add("Where", condition, x, y)
    # Runtimes choose between numbers alone.
    no = site.add("Not", condition)
    return site.add("Or", site.add("And", condition, x), site.add("And", no, y))


def _giving(site: Site, x: str) -> Block:
    """A block that gives a value from outside."""
    writer = Writer(site.writer.store, prefix=site.writer.prefix)
    result = writer.add("Identity", x)
    writer.block.outputs = [Value(result, site.spec.dtype, site.spec.shape)]
    return writer.block


LOWERINGS: Mapping[str, Lowering] = {
    "identity": lambda site, x: x,
    # What is printed while a model runs is no part of what it computes.
    "print": lambda site, x: x,
    "select": _lower_select,
    "stop_gradient": lambda site, x: x,
    "where": _lower_where,
}
