"""Loops: one primitive that runs a body over the steps of its sequences, and its gradient."""

from keras_core.graph.scan.body import Body
from keras_core.graph.scan.build import scan
from keras_core.graph.scan.primitive import scan as scan_primitive

__all__ = ["Body", "scan", "scan_primitive"]
