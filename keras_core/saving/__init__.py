"""Reading and writing of models and weights.

config.py      architecture as a dict, JSON and YAML, and back
json_text.py   values that JSON does not know by itself
yaml_text.py   YAML with plain values only
files.py       any format: the ending chooses it for writing, the content for reading
formats.py     what keras_core itself answers to the hooks of plugins
archive.py     `.keras` archives
by_path.py     weights by the path of their layer, as later Keras keeps them
dialects/      other writers' configurations in the words of Keras 2.3.1
inspection.py  what a file says of itself
hdf5.py        whole models and weights in Keras 2's HDF5 layout
targets.py     where a file goes to: paths, streams, groups, dicts; replacing a file as a whole
weights.py     the weights of layers in a group
training.py    how a model is compiled, and the state of its optimizer
warned.py      warnings that point at the user's line
safety.py      whether code out of a file may run
"""
