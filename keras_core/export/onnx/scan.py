"""Loops: ONNX's Scan, or the operation that it has for a loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras_core.export.onnx.operations import Value
from keras_core.export.onnx.recurrent import lower_recurrent
from keras_core.export.onnx.tracing import Lowering, Names, Site, Trace
from keras_core.graph.scan.body import Body
from keras_core.graph.tensor import Tensor


def _lower_scan(site: Site, *names: str) -> Sequence[str]:
    body: Body = site.params["body"]
    return lower_recurrent(site, names) or _looped(site, body, names)


def _looped(site: Site, body: Body, names: Sequence[str]) -> Sequence[str]:
    sequences, states, invariants = body.split(names)
    inner = _inner(site, body, dict(zip((x.key for x in body.invariants), invariants)))
    direction = int(site.params["reverse"])
    return site.writer.add_several(
        "Scan",
        len(body.results),
        *states,
        *sequences,
        body=inner.writer.block,
        num_scan_inputs=len(sequences),
        scan_input_directions=[direction] * len(sequences),
        scan_output_directions=[direction] * len(body.collected),
    )


def _inner(site: Site, body: Body, invariants: Names) -> Trace:
    """The trace of one step; what does not change is read from outside."""
    trace = site.trace.inner(invariants)
    writer = trace.writer
    for x in (*body.states, *body.sequences):
        trace.names[x.key] = writer.store.name(f"{writer.prefix}step")
        writer.block.inputs.append(_value(trace.names[x.key], x))
    prefix = writer.prefix
    results = trace.run(body.results)
    writer.prefix = prefix
    # Each result of a step has a name of its own, given inside.
    for name, result in zip(results, body.results):
        writer.block.outputs.append(_value(writer.add("Identity", name), result))
    return trace


def _value(name: str, x: Tensor) -> Value:
    return Value(name, x.dtype, x.shape)


LOWERINGS: Mapping[str, Lowering] = {"scan": _lower_scan}
