"""What serves programs and files of Keras 1."""

from keras_core.missing import explain_attributes as _explain_attributes

_explain_attributes(globals())
