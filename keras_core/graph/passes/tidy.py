"""Folds, simplifies and merges in one walk: each node until no rule has more to say of it."""

from __future__ import annotations

from collections.abc import Sequence

from keras_core.graph.passes.fold import fold_node
from keras_core.graph.passes.merge import merger
from keras_core.graph.passes.simplify import simplify_node
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.rewrite import Rule
from keras_core.graph.tensor import Tensor


def tidy(
    program: Program, rules: Sequence[Rule] = (), replacements: Sequence[tuple[Tensor, Tensor]] = ()
) -> Program:
    """The program with fewer and simpler nodes; also inside of scans.

    Args:
        program: any program.
        rules: what is asked of each node first; None from all of them leaves it to the others.
        replacements: pairs of a leaf and what stands for it from now on.
    """

    def make_rule() -> Rule:
        every = (*rules, fold_node, simplify_node, merger())

        def rule(node: Node) -> Sequence[Tensor] | None:
            for one in every:
                outputs = one(node)
                if outputs is not None:
                    return outputs
            return None

        return rule

    return program.rewritten(make_rule(), replacements, inside=make_rule, again=True)
