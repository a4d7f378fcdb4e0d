"""What serves programs and files of Keras 1, and the old names of modules and layers.

`table` has the facts; `calls` applies them to running programs, `configs` to files, and
`keras-core upgrade` to the text of programs.
"""
