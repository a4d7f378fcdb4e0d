"""What a model computes, as a program: for the engine, for exporters and for backends."""

from __future__ import annotations

from typing import Any

from keras_core import graph


def program_of(model: Any, phase: int) -> graph.Program:
    """What a model computes from its inputs, and the updates that go with it; not optimised.

    Raises:
        ValueError: the model has not met its inputs yet.
    """
    if not model.inputs:
        raise ValueError(
            f"Model {model.name} has not met its inputs yet; call predict on some data first."
        )
    return closed_program(model, model.inputs, model.outputs, updates_of_graph(model, phase))


def closed_program(layer: Any, inputs: Any, outputs: Any, updates: Any) -> graph.Program:
    """The program of a layer's call, whose leaves are all inputs, variables or constants."""
    function = graph.Function(inputs, outputs, updates, name=f"call of {layer.name}")
    return graph.Program(function.inputs, function.outputs, function.updates)


def updates_of_graph(model: Any, phase: int) -> list[Any]:
    """The updates that belong to a model's call in a learning phase."""
    return model.updates if phase else model.state_updates


def variables_read(program: graph.Program) -> list[graph.Variable]:
    """The variables that a program reads and does not update, in the order of a pure function."""
    updated = {update.variable for update in program.updates}
    return [variable for variable in program.variables if variable not in updated]
