"""Programs become Theano functions.

`compiled` keeps a function for each kind of input; `extents` works out all sizes for given inputs;
`translate` builds Theano's expressions; `loops` runs scans; `draws` makes the random numbers.
"""

from keras_theano.compiler.compiled import CompiledProgram, Template

__all__ = ["CompiledProgram", "Template"]
