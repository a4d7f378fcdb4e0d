"""`keras-core upgrade` rewrites what the table knows, and leaves the rest of a program alone."""

from __future__ import annotations

import pytest

from keras_core.cli import main

rewriting = pytest.importorskip("keras_core.cli.rewriting", exc_type=ImportError)

CASES = {
    "an alias of a module": (
        "import keras.layers as L\nx = L.Dense(output_dim=3)  # three\n",
        "import keras.layers as L\nx = L.Dense(units=3)  # three\n",
    ),
    "an alias of a class": (
        "from keras.layers import Dense as D\nD(n, init='one',\n  bias=b)\n",
        "from keras.layers import Dense as D\nD(n, kernel_initializer='one',\n  use_bias=b)\n",
    ),
    "the whole path": (
        "import keras\nkeras.layers.core.Dropout(p = rate)\n",
        "import keras\nkeras.layers.core.Dropout(rate = rate)\n",
    ),
    "sizes of a kernel": (
        "from keras.layers import Convolution2D\nConvolution2D(n, r, c, dim_ordering='th')\n",
        "from keras.layers import Convolution2D\n"
        "Convolution2D(n, (r, c), data_format='channels_first')\n",
    ),
    "merge": (
        "from keras.layers import Input, merge\ny = merge([a, b], mode='concat', concat_axis=1)\n",
        "from keras.layers import Input, concatenate\ny = concatenate([a, b], axis=1)\n",
    ),
    "an import that moves": (
        "from keras.engine import merge\nmerge([a, b], 'sum')\n",
        "from keras.layers import add\nadd([a, b])\n",
    ),
    "a layer of holes that is called": (
        "from keras.layers import AtrousConvolution2D\n"
        "y = AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2))(x)\n",
        "from keras.layers import Conv2D\ny = Conv2D(4, (3, 3), dilation_rate=(2, 2))(x)\n",
    ),
    "a merging layer": (
        "from keras.layers import Merge\ny = Merge(mode='mul', name='m')([a, b])\n",
        "from keras.layers import Multiply\ny = Multiply(name='m')([a, b])\n",
    ),
    "a Dense layer for each step": (
        "from keras.layers import TimeDistributedDense\n"
        "m.add(TimeDistributedDense(3, init='one', input_dim=4, input_length=n))\n",
        "from keras.layers import Dense, TimeDistributed\n"
        "m.add(TimeDistributed(Dense(units=3, kernel_initializer='one'), input_shape=(n, 4)))\n",
    ),
    "a summary of the layers of a model": (
        "from keras.utils.layer_utils import print_summary as s\ns(a.b.layers, line_length=9)\n",
        "from keras.utils.layer_utils import print_summary as s\ns(a.b, line_length=9)\n",
    ),
    "what callbacks are told": (
        "n = self.params['nb_epoch'] + other['nb_epoch']\n",
        "n = self.params['epochs'] + other['nb_epoch']\n",
    ),
    "holes": (
        "from keras.layers import AtrousConvolution1D\nAtrousConvolution1D(4, 3, atrous_rate=2)\n",
        "from keras.layers import Conv1D\nConv1D(4, 3, dilation_rate=2)\n",
    ),
    "a renamed function": (
        "from keras.regularizers import activity_l2, l1\nr = activity_l2(0.1), l1()\n",
        "from keras.regularizers import l1, l2\nr = l2(0.1), l1()\n",
    ),
    "the order of axes": (
        "from keras import backend as K\nif K.image_dim_ordering() == 'th':\n    pass\n",
        "from keras import backend as K\nif K.image_data_format() == 'channels_first':\n    pass\n",
    ),
    "all names of modules": (
        "from keras.models import *\nfrom keras.layers import *\n"
        "y = merge([x, Dense(output_dim=3)(x)], mode='concat')\nModel(input=x, output=y)\n",
        "from keras.models import *\nfrom keras.layers import *\n"
        "y = concatenate([x, Dense(units=3)(x)], axis=-1)\nModel(inputs=x, outputs=y)\n",
    ),
    "all names of a module that has not the new one": (
        "from keras.engine import *\ny = merge([a, b], mode='sum')\n",
        "from keras.engine import *; from keras.layers import add\ny = add([a, b])\n",
    ),
    "what only looks like a name of a module": (
        "from keras.layers import *\nx.merge(merge=1)\nfor Dense in y:\n    Dense(init=2)\n",
        None,
    ),
    "a module that moved": (
        "import keras.utils.visualize_util as v\nfrom keras.utils import visualize_util as u\n"
        "from keras.utils.visualize_util import plot, model_to_dot\n"
        "v.plot(m); u.plot(m); plot(m)\n",
        "import keras.utils.vis_utils as v\nfrom keras.utils import vis_utils as u\n"
        "from keras.utils.vis_utils import model_to_dot, plot_model\n"
        "v.plot_model(m); u.plot_model(m); plot_model(m)\n",
    ),
    "a module by its last name": (
        "from keras.utils import visualize_util, np_utils\nvisualize_util.plot(a)\n",
        "from keras.utils import np_utils, vis_utils\nvis_utils.plot_model(a)\n",
    ),
    "initializers that are called with a shape as then": (
        "from keras import initializations\nf = initializations.get(a)\n",
        None,
    ),
    "functions and what takes no old calls": (
        "from keras import backend as K\nfrom keras.constraints import maxnorm\n"
        "K.expand_dims(x, dim=1); K.conv2d(x, k, border_mode='same'); maxnorm(m=2)\n",
        "from keras import backend as K\nfrom keras.constraints import maxnorm\n"
        "K.expand_dims(x, axis=1); K.conv2d(x, k, padding='same'); maxnorm(max_value=2)\n",
    ),
    "the way of 'cpu'": (
        "from keras.layers import LSTM\nLSTM(4, consume_less='cpu')\n",
        "from keras.layers import LSTM\nLSTM(4, implementation=1)\n",
    ),
    "samples of batches whose size is known": (
        "m.fit_generator(g.flow(x, y, batch_size=n), samples_per_epoch=a + b)\n"
        "flow = g.flow_from_directory(f)\nm.fit_generator(flow, samples_per_epoch=n)\n",
        "m.fit_generator(g.flow(x, y, batch_size=n), steps_per_epoch=(a + b) // n)\n"
        "flow = g.flow_from_directory(f)\nm.fit_generator(flow, steps_per_epoch=n // 32)\n",
    ),
    "numbers of samples that are known": (
        "m.fit_generator(g.flow(x, y), samples_per_epoch=20)\n"
        "m.fit_generator(g.flow(x, y), samples_per_epoch=150)\n",
        "m.fit_generator(g.flow(x, y), steps_per_epoch=1)\n"
        "m.fit_generator(g.flow(x, y), steps_per_epoch=4)\n",
    ),
    "imports that nothing needs": (
        "from keras_core.regularizers import WeightRegularizer, l2\n"
        "from keras.layers import TimeDistributedDense\nfrom keras.layers import (\n    Dense,\n"
        "    MaxoutDense,\n)\nfrom keras_core.utils.visualize_util import plot\nl2(1), Dense(3)\n",
        "from keras_core.regularizers import l2\nfrom keras.layers import (\n    Dense,\n"
        ")\nl2(1), Dense(3)\n",
    ),
    "comments before imports that nothing needs": (
        "import os\n\n# one\nfrom keras.layers import MaxoutDense\n# two\nimport re\n"
        "def f():\n    # three\n    from keras.models import Graph\n",
        "import os\n\n# one\n# two\nimport re\ndef f():\n    pass\n    # three\n",
    ),
    "an import that is the whole of a block": (
        "try:\n    from keras.models import Graph\nexcept ImportError:\n    x = 1\n",
        "try:\n    pass\nexcept ImportError:\n    x = 1\n",
    ),
    "all names of a module, one of which takes the place of another": (
        "from keras.layers import *\nx = Lambda(f)(x)\ny = merge([a, b], mode=g)\n",
        "from keras.layers import *\nx = Lambda(f)(x)\ny = Lambda(g)([a, b])\n",
    ),
    "a method": ("model.fit(x, y, nb_epoch=5)\n", "model.fit(x, y, epochs=5)\n"),
    "no class of Keras": ("class Dense:\n    pass\nDense(output_dim=3)\n", None),
    "a name of another": ("from mine import Dense\nDense(output_dim=3)\n", None),
    "a local name": ("from keras.layers import Dense\ndef f(Dense):\n    Dense(init=3)\n", None),
    "Keras 2": ("from keras.layers import Dense\nDense(3, activation='relu')\n", None),
}


@pytest.mark.parametrize("case", CASES)
def test_rewriting(case):
    old, new = (None if text is None else text.encode() for text in CASES[case])
    assert rewriting.upgraded(old) == (old if new is None else new, [])
    assert rewriting.upgraded(new or old) == (new or old, [])


COMPOSED = {
    "merged models": (
        "from keras.layers import Merge\nm.add(Merge([a, b], mode='concat', concat_axis=1))  # 2\n",
        "from keras.layers import concatenate; from keras.models import Model\n"
        "m.add(Model([a.input, b.input], concatenate([a.output, b.output], axis=1)))  # 2\n",
    ),
    "merged by a function, in a list": (
        "import keras\nm.add(keras.layers.Merge(all, mode=f, output_shape=(3,)))\n",
        "import keras\nm.add(keras.models.Model([layer.input for layer in all], "
        "keras.layers.Lambda(f, output_shape=(3,))([layer.output for layer in all])))\n",
    ),
    "merged models that are merged again": (
        "from keras.models import Model\nfrom keras.layers import Merge\n"
        "a.add(Merge([b, c]))\nm.add(Merge([a, b]))\n",
        "from keras.models import Model\nfrom keras.layers import add\n"
        "a.add(Model([b.input, c.input], add([b.output, c.output])))\n"
        "m.add(Model(list(dict.fromkeys(a.inputs + b.inputs)), add([a.output, b.output])))\n",
    ),
    "the largest of several maps": (
        "from keras.models import Sequential\nfrom keras.layers import MaxoutDense\n"
        "m.add(MaxoutDense(n, nb_feature=3, W_regularizer='l2', input_dim=5))\n",
        "from keras.models import Sequential\n"
        "from keras.layers import Dense, GlobalMaxPooling1D, Reshape\n"
        "m.add(Sequential([Dense(n * 3, kernel_regularizer='l2', input_dim=5), Reshape((3, n)), "
        "GlobalMaxPooling1D()]))\n",
    ),
    "a gate beside the input": (
        "from keras.layers import Highway\nx = Highway(activation='tanh', bias=False)(x)\n",
        "from keras.layers import Dense, add, multiply, subtract; "
        "from keras.backend import int_shape\n"
        "x = add([x, multiply([Dense(int_shape(x)[-1], activation='sigmoid', use_bias=False)(x), "
        "subtract([Dense(int_shape(x)[-1], activation='tanh', use_bias=False)(x), x])])])\n",
    ),
}


@pytest.mark.parametrize("case", COMPOSED)
def test_layers_that_are_several_since_are_written_out_and_told_of(case):
    old, new = (text.encode() for text in COMPOSED[case])
    after, notes = rewriting.upgraded(old)
    assert after == new and notes
    assert rewriting.upgraded(new) == (new, [])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("BatchNormalization(mode=2)", "mode 2 took the statistics"),
        ("Dense(3, 'uniform')", "by position"),
        ("Convolution2D(3, 2, 2, dim_ordering=order)", "data_format are written otherwise"),
        ("Dense(init='one', **more)", "unpacked"),
        ("Merge([Sequential(), b], mode='sum')", "Give each of them a name"),
        ("Merge([a, b], mode='xor')", "no mode 'xor'"),
        ("Merge([a, b], node_indices=[0, 1])", "node_indices has no counterpart"),
        ("Merge([a, b],  # both\n)", "commented on"),
        ("MaxoutDense(3, W_constraint=c)", "W_constraint has no counterpart"),
        ("Highway()", "Write add([x, multiply("),
    ],
)
def test_what_cannot_be_converted_is_left_and_told_with_its_line(call, told):
    name = call.partition("(")[0]
    source = f"from keras.layers import {name}\n\nx = {call}\n".encode()
    after, notes = rewriting.upgraded(source)
    assert after == source
    assert {line for line, _ in notes} == {3} and any(told in note for _, note in notes)


def test_accuracy_that_fit_was_asked_for_is_told_with_its_line():
    source = (
        b"from keras.models import Sequential\nm = Sequential()\nm.fit(x, y, show_accuracy=1)\n"
    )
    after, notes = rewriting.upgraded(source)
    assert [line for line, note in notes if "metrics=['accuracy']" in note] == [3]
    assert after == source


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("from keras.models import Graph\nm = Graph()\n", {2: "Model(inputs, outputs)"}),
        ("from keras_core.models import Graph\n__all__ = ['Graph']\n", {1: "Model(inputs"}),
        ("from keras.layers import merge\nf = merge\nmerge(*a)\n", {2: "Write", 3: "unpacked"}),
        (
            "m.layers[0].W\nm.get_layer('a').b\nx.U\nm.layers[1].U\nm.layers[1].kernel\n",
            {1: "kernel", 2: "bias", 4: "recurrent_kernel"},
        ),
        (
            "from keras.layers import *\nLambda = 3\nmerge([a, b], mode=f)\n",
            {3: "but Lambda is something else in this program. Give that another name"},
        ),
    ],
)
def test_what_is_gone_and_used_still_is_told_of_once_for_each_line(source, told):
    after, notes = rewriting.upgraded(source.encode())
    assert after == source.encode()
    assert [line for line, _ in notes] == list(told)
    assert all(told[line] in note for line, note in notes)


def test_a_class_mode_of_compile_is_told_with_its_line():
    source = b"import re\nre.compile('a')\nm.compile('sgd', 'mse', class_mode='binary')\n"
    after, notes = rewriting.upgraded(source)
    assert after == source
    assert [line for line, note in notes if "'class_mode'" in note] == [3]


def test_each_number_of_samples_that_is_taken_for_one_of_batches_is_told_with_its_line():
    source = (
        b"m.fit_generator(g, samples_per_epoch=9)\nm.evaluate_generator(g, val_samples=9)\n"
        b"m.predict_generator(g, val_samples=9)\n"
        b"m.fit_generator(g, 3, validation_data=g, nb_val_samples=9)\n"
        b"m.fit_generator(g, 3, validation_data=(x, y), nb_val_samples=9)\n"
    )
    after, notes = rewriting.upgraded(source)
    assert b"samples" not in after
    assert [line for line, note in notes if "divide it by" in note] == [1, 2, 3, 4]


def test_the_command_prints_a_diff_and_writes_only_when_told(tmp_path, capsys):
    script = tmp_path / "old.py"
    script.write_bytes(b"from keras.layers import Dense\r\nDense(output_dim=3)\r\n")
    before = script.read_bytes()
    assert main(["upgrade", str(script)]) == 0
    assert "-Dense(output_dim=3)" in capsys.readouterr().out
    assert script.read_bytes() == before
    assert main(["upgrade", "--write", str(script)]) == 0
    assert script.read_bytes() == before.replace(b"output_dim", b"units")
    (tmp_path / "bad.py").write_text("def (")
    assert main(["upgrade", str(tmp_path / "bad.py")]) == 1
    assert main(["upgrade", str(tmp_path / "none.py")]) == 2


def test_the_command_says_how_much_there_was_to_change(tmp_path, capsys):
    script = tmp_path / "old.py"
    script.write_text("from keras.layers import Dense\nDense(output_dim=3)\nDense(init='one')\n")
    assert main(["upgrade", str(script)]) == 0
    assert capsys.readouterr().err == f"{script}: 2 changes\n"
    assert main(["upgrade", "--write", str(script)]) == 0
    assert capsys.readouterr() == (f"{script}: 2 changes\n", "")
    assert main(["upgrade", "--write", str(script)]) == 0
    assert capsys.readouterr() == (f"{script}: nothing to change\n", "")
    assert main(["upgrade", str(script)]) == 0
    assert capsys.readouterr() == ("", f"{script}: nothing to change\n")


def test_functions_that_make_weights_are_left_and_told_of():
    source = b"from keras import initializations\nw = initializations.normal(shape, scale=0.1)\n"
    after, notes = rewriting.upgraded(source)
    assert after == source and [line for line, _ in notes] == [2] and "(shape)" in notes[0][1]
