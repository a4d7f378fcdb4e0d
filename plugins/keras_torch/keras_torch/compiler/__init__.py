"""From a program to one flat Python function of PyTorch calls.

`steps` turns nodes into expressions, joins those that PyTorch has one kernel for, and drops what
nobody reads; `frame` writes them, in place where liveness allows; `loops` writes scans, `updates`
plans how variables get their new values, `generate` puts all of it together, `compiled` runs it.
"""

from keras_torch.compiler.compiled import CompiledProgram, Template
from keras_torch.compiler.jitted import Jitted
from keras_torch.compiler.pure import PureFunction

__all__ = ["CompiledProgram", "Jitted", "PureFunction", "Template"]
