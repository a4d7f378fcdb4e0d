"""Passes: small functions from Program to Program that keep its meaning.

`optimize` runs those that need no knowledge of sizes or of a backend; `expand` runs them for a
backend, which may know the shapes of the inputs; `specialise` sharpens a program for given shapes
and does nothing else.
"""

from __future__ import annotations

from keras_core.graph.passes.hoist import hoist
from keras_core.graph.passes.pipeline import optimize
from keras_core.graph.passes.prune import prune_scans
from keras_core.graph.passes.specialise import specialise
from keras_core.graph.passes.tidy import tidy

__all__ = ["hoist", "optimize", "prune_scans", "specialise", "tidy"]
