"""Models in the formats of other runtimes.

formats.py       what keras_core answers to the hook of file formats for them
errors.py        what is refused, by layer and reason
onnx/            ONNX: the graph lowered, a function a primitive
tensorflowjs/    TensorFlow.js: configurations and weights as its layers take them
"""
