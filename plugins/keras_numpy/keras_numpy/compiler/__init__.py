"""From a program to one flat Python function of NumPy calls.

`specialised` sharpens a program for given input shapes; `schedule` orders its nodes and groups
elementwise work; `memory` plans buffers by liveness; `generate` and `loops` write the code;
`compiled` runs it.
"""

from keras_numpy.compiler.compiled import CompiledProgram

__all__ = ["CompiledProgram"]
