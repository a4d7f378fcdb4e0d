"""Reading and writing of models and weights.

config.py      architecture as a dict, JSON and YAML, and back
json_text.py   values that JSON does not know by itself
yaml_text.py   YAML with plain values only
formats.py     what keras_core itself answers to the hooks of plugins
hdf5.py        whole models and weights in Keras 2's HDF5 layout
targets.py     where a file goes to: paths, streams, groups, dicts; replacing a file as a whole
weights.py     the weights of layers in a group
training.py    how a model is compiled, and the state of its optimizer
safety.py      what loading allows: code out of a file, memory; how faults are told
"""
