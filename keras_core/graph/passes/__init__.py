"""Passes: small functions from Program to Program that keep its meaning.

`optimize` runs those that need no knowledge of sizes; `specialise` sharpens a program for given
input shapes, after which a backend may run `optimize` again for what the sizes now allow.
"""

from __future__ import annotations

from keras_core.graph.collector import collector_paused
from keras_core.graph.passes.fold import fold
from keras_core.graph.passes.hoist import hoist
from keras_core.graph.passes.merge import merge
from keras_core.graph.passes.phase import fix_phase
from keras_core.graph.passes.prune import prune_scans
from keras_core.graph.passes.simplify import simplify
from keras_core.graph.passes.specialise import specialise
from keras_core.graph.program import Program

PASSES = (
    *(fold, simplify, merge, simplify, prune_scans),
    *(hoist, simplify, merge, prune_scans),
)


@collector_paused()
def optimize(program: Program, phase: int = 0) -> Program:
    """The program for a learning phase (0 test, 1 training), simplified."""
    program = fix_phase(program, phase)
    for run_pass in PASSES:
        program = run_pass(program)
    return program


__all__ = [
    "PASSES",
    "fix_phase",
    "fold",
    "hoist",
    "merge",
    "optimize",
    "prune_scans",
    "simplify",
    "specialise",
]
