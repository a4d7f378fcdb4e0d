"""From a program to one flat Python function of NumPy calls.

`packing` joins the updates of small variables; `schedule` orders nodes and groups elementwise work;
`memory` plans buffers by liveness; `generate`, `frame`, `blocks` and `loops` write the code;
`compiled` runs it.
"""

from keras_numpy.compiler.compiled import CompiledProgram, Template

__all__ = ["CompiledProgram", "Template"]
