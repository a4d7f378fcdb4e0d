"""ONNX: the inference program of a model, lowered as a backend lowers it.

model.py       from a model to the operations of its inference
tracing.py     the walk over the graph; what a lowering is given
operations.py  operations, their names and what is known of their values, as plain data
proto.py       these as ONNX's protocol buffers, the one file that imports onnx
lowering.py    the table of all lowerings
<family>.py    lowerings of the primitives of graph/primitives/<family>.py
_windows.py    what convolution and pooling share
recurrent.py   loops that ONNX has an operation for
"""
