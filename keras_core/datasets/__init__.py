"""Data sets to learn and to test with; `digits` ships in the package."""

from keras_core.missing import explain_attributes as _explain_attributes

_explain_attributes(globals())
