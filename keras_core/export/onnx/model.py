"""From a model to the operations of its inference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from keras_core import backend as K
from keras_core.export.errors import refuse
from keras_core.export.onnx.lowering import LOWERINGS
from keras_core.export.onnx.operations import Block, Store, Value, Writer
from keras_core.export.onnx.tracing import FORMAT, Trace
from keras_core.graph.passes import optimize
from keras_core.graph.passes.expand import expand
from keras_core.graph.primitive import PRIMITIVES
from keras_core.graph.program import Program
from keras_core.graph.scan.body import with_inner
from keras_core.graph.spec import Size, Sizes
from keras_core.graph.tensor import Placeholder, Tensor
from keras_core.plugins.programs import program_of

BATCH = "batch"

# What stays as it is: what has a lowering, and what has no parts.
_WHOLE = {name for name, p in PRIMITIVES.items() if name in LOWERINGS or p.decomposition is None}


class Exported(NamedTuple):
    """A model in ONNX's operations.

    Attributes:
        name: the model's.
        block: its operations.
        store: the arrays that these read.
    """

    name: str
    block: Block
    store: Store


def save(model: Any, path: Path) -> None:
    """Writes an ONNX file, as a whole or not at all.

    Args:
        model: a model of keras_core whose inputs are known.
        path: the file.

    Raises:
        ImportError: onnx is not installed.
        ExportError: ONNX has no counterpart for what a layer does.
    """
    from keras_core.export.onnx.proto import encoded
    from keras_core.saving.targets import replacing

    data = encoded(exported(model))
    with replacing(path) as file:
        file.write(data)


def exported(model: Any) -> Exported:
    """The inference of a model, for batches of any size that its inputs allow.

    Inputs and outputs have the names of their layers.

    Raises:
        ExportError: ONNX has no counterpart for what a layer does.
        ValueError: the model has not met its inputs yet.
    """
    program = _of_one_batch(program_of(model, phase=0))
    _refuse_updates(program)
    return written(program, model.name, model.input_names, model.output_names)


def written(program: Program, name: str, inputs: Sequence[str], outputs: Sequence[str]) -> Exported:
    """A program, whose updates are left out, in ONNX's operations.

    Args:
        program: what to compute, in the test phase.
        name: what the whole is called.
        inputs: a name for each input.
        outputs: a name for each output; one that an input has gets an ending.

    Raises:
        ExportError: ONNX has no counterpart for a primitive.
    """
    program = _lowerable(program)
    writer = Writer(Store())
    trace = Trace(LOWERINGS, writer)
    sizes = _size_names(program.inputs, inputs)
    outputs = [f"{output}_output" if output in inputs else output for output in outputs]
    for taken in (*inputs, *outputs):
        writer.store.name(taken)
    _declare_inputs(trace, program, inputs, sizes)
    _declare_outputs(trace, program, outputs, sizes)
    writer.block.drop_unread()
    return Exported(name, writer.block, writer.store)


def _of_one_batch(program: Program) -> Program:
    """The program with one unknown batch size for all inputs."""
    inputs = [x for x in program.inputs if x.ndim and x.shape[0] is None]
    if len(inputs) < 2:
        return program
    batch = inputs[0].sizes[0]
    alike = [(x, Placeholder((batch, *x.sizes[1:]), x.dtype, x.name)) for x in inputs[1:]]
    return program.rewritten(replacements=alike)


def _refuse_updates(program: Program) -> None:
    for update in program.updates:
        layer = update.value.node.origin.layer if update.value.node else update.variable.name
        raise refuse(FORMAT, layer, "it keeps a state from batch to batch; make it stateful=False.")


def _lowerable(program: Program) -> Program:
    """The program in primitives that have a lowering, as simple as can be."""
    whole = optimize(program)
    parts = expand(whole, _WHOLE, FORMAT)
    _refuse_unknown(parts)
    return parts


def _refuse_unknown(program: Program) -> None:
    for node in with_inner(program.nodes):
        name, is_loop = node.primitive.name, node.primitive.loop
        if name not in LOWERINGS or node.primitive.random and not is_loop:
            kind = "draws random numbers" if node.primitive.random else "has no counterpart there"
            raise refuse(FORMAT, node.origin.layer, f"its {name} {kind}.")


def _size_names(inputs: Sequence[Tensor], names: Sequence[str]) -> dict[Any, str]:
    """The names of unknown sizes: that of the batch, and of axes of inputs."""
    found: dict[Any, str] = {}
    for x, name in zip(inputs, names):
        for axis, size in enumerate(x.sizes):
            if type(size) is Size:
                found.setdefault(size, f"{name}_axis_{axis}" if axis else BATCH)
    return found


def _shape(sizes: Sizes, names: dict[Any, str]) -> tuple[Any, ...]:
    return tuple(names.get(n) if type(n) is Size else n for n in sizes)


def _declare_inputs(
    trace: Trace, program: Program, names: Sequence[str], sizes: dict[Any, str]
) -> None:
    for x, name in zip(program.inputs, names):
        trace.names[x.key] = name
        trace.writer.block.inputs.append(Value(name, x.dtype, _shape(x.sizes, sizes)))
    variables = list(program.variables)
    for variable, value in zip(variables, K.batch_get_value(variables)):
        name = variable.name.partition(":")[0]
        trace.names[variable.key] = trace.writer.store.keep(name, value)


def _declare_outputs(
    trace: Trace, program: Program, names: Sequence[str], sizes: dict[Any, str]
) -> None:
    """Outputs under their names, which are given to copies, since two may be one tensor."""
    results = trace.run(program.outputs)
    for result, x, name in zip(results, program.outputs, names):
        trace.writer.name_as(name, result)
        trace.writer.block.outputs.append(Value(name, x.dtype, _shape(x.sizes, sizes)))
