"""TensorFlow.js: a folder of a model's configuration and its weights, written and read.

folder.py    whole folders: model.json and the shards beside it
topology.py  a model's configuration as TensorFlow.js takes it
limits.py    what its layers lack or compute otherwise
manifest.py  arrays as bytes, their names and shapes, and back
"""
