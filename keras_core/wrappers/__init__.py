"""Models in the clothes of other libraries: `scikit_learn`."""

from keras_core.missing import explain_attributes as _explain_attributes

_explain_attributes(globals())
