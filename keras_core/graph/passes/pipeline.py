"""What all passes do together, which is what a backend compiles."""

from __future__ import annotations

from collections.abc import Sequence

from keras_core.graph.collector import collector_paused
from keras_core.graph.passes.hoist import hoist
from keras_core.graph.passes.join import join_sums
from keras_core.graph.passes.phase import fixing
from keras_core.graph.passes.prune import prune_scans
from keras_core.graph.passes.tidy import tidy
from keras_core.graph.program import Program
from keras_core.graph.rewrite import Rule
from keras_core.graph.tensor import Tensor


def optimize(program: Program, phase: int = 0) -> Program:
    """The program for a learning phase (0 test, 1 training), simplified."""
    return join_sums(simplest(program, [fixing(phase)]))


@collector_paused()
def simplest(
    program: Program, rules: Sequence[Rule], replacements: Sequence[tuple[Tensor, Tensor]] = ()
) -> Program:
    """The program that `tidy` makes with these rules, with little work inside of its scans."""
    program = tidy(program, rules, replacements)
    if not program.has_scans:
        return program
    return prune_scans(tidy(hoist(prune_scans(program)), rules))
