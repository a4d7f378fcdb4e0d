"""What plugins add besides backends: objects, formats, callbacks, kernels."""

from __future__ import annotations

import pytest

FEATURES = "keras_core.plugins"

PLUGIN = """
    from keras_core.plugins import ModelFormat, hookimpl

    @hookimpl
    def keras_core_custom_objects():
        return {"swish_of_mine": abs}

    @hookimpl
    def keras_core_model_formats():
        return [ModelFormat("mine", (".mine",), "a format")]

    class Watching(str):
        set_params = set_model = None

    @hookimpl
    def keras_core_callbacks(model, mode):
        return [Watching(f"{model} {mode}")]

    @hookimpl
    def keras_core_lowerings(backend):
        return {"tanh": "a faster kernel"} if backend.name == "mine" else {}
"""

BACKEND = """
    from types import MappingProxyType
    from keras_core.plugins import Backend, BackendInfo, hookimpl

    class Mine(Backend):
        name = "mine"
        lowerings = MappingProxyType({"tanh": "its own kernel", "add": "its own sum"})

    @hookimpl
    def keras_core_make_backend(config):
        assert config["floatx"] == "float32"
        return Mine()

    @hookimpl
    def keras_core_backend_info():
        return BackendInfo(name="mine", engine="none", api=(1, 0))
"""


def test_objects_formats_and_callbacks_are_collected(sandbox):
    sandbox.distribution("extras", PLUGIN, "extras", group=FEATURES)
    done = sandbox.run(
        """
        from keras_core.plugins import features
        print(features.custom_objects())
        print(sorted(features.model_formats()))
        print(features.callbacks("model", "train"))
        """
    )
    assert done.stdout.splitlines() == [
        "{'swish_of_mine': <built-in function abs>}",
        "['hdf5', 'json', 'keras', 'mine', 'onnx', 'tensorflowjs']",
        "['model train']",
    ], done.stderr


def test_kernels_for_another_backend_replace_its_own(sandbox):
    sandbox.distribution("extras", PLUGIN, "extras", group=FEATURES)
    sandbox.distribution("keras-mine", BACKEND, "mine")
    code = "from keras_core.plugins import current_backend as b; print(dict(b().lowerings))"
    done = sandbox.run(code, KERAS_BACKEND="mine")
    assert done.stdout == "{'tanh': 'a faster kernel', 'add': 'its own sum'}\n", done.stderr


def test_a_kernel_for_no_primitive_leaves_its_plugin_out(sandbox):
    sandbox.distribution("extras", PLUGIN.replace('{"tanh"', '{"tahn"'), "extras", group=FEATURES)
    sandbox.distribution("keras-mine", BACKEND, "mine")
    code = "from keras_core.plugins import current_backend as b; print(dict(b().lowerings))"
    done = sandbox.run(code, KERAS_BACKEND="mine")
    assert done.stdout == "{'tanh': 'its own kernel', 'add': 'its own sum'}\n"
    assert "nothing can be made: there is no primitive 'tahn' to lower" in done.stderr


def test_one_name_from_two_plugins_is_refused_by_both_names(sandbox):
    sandbox.distribution("extras", PLUGIN, "extras", group=FEATURES)
    sandbox.distribution("others", PLUGIN, "others", group=FEATURES)
    done = sandbox.run("from keras_core.plugins import features; features.custom_objects()")
    assert (
        "PluginConflictError: keras_core.plugins:" in done.stderr
        and "both give 'swish_of_mine'" in done.stderr
    )


def test_plugin_that_does_not_import_only_warns(sandbox):
    sandbox.distribution("extras", PLUGIN, "extras", group=FEATURES)
    sandbox.distribution("bad", "1 / 0", "bad", group=FEATURES, version="0.2")
    done = sandbox.run("from keras_core.plugins import features; print(*features.custom_objects())")
    assert done.stdout == "swish_of_mine\n"
    assert "PluginWarning: bad 0.2 is left out: ZeroDivisionError" in done.stderr


NONSENSE = """
    from keras_core.plugins import hookimpl

    @hookimpl
    def keras_core_custom_objects():
        {objects}

    @hookimpl
    def keras_core_model_formats():
        {formats}

    @hookimpl
    def keras_core_callbacks(model, mode):
        {callbacks}
"""


@pytest.mark.parametrize(
    "answers",
    [
        dict.fromkeys(["objects", "formats", "callbacks"], "raise SystemExit(3)"),
        dict.fromkeys(["objects", "formats", "callbacks"], "return 5"),
        {"objects": "return ['a']", "formats": "return ['a']", "callbacks": "return ['a']"},
        {"objects": "return {1: 2}", "formats": "return {1: 2}", "callbacks": "return [5]"},
    ],
)
def test_a_plugin_that_answers_nonsense_breaks_only_itself(sandbox, answers):
    sandbox.distribution("odd", NONSENSE.format(**answers), "odd", group=FEATURES)
    sandbox.distribution("extras", PLUGIN, "extras", group=FEATURES)
    done = sandbox.run(
        """
        from keras_core.plugins import features
        print(features.custom_objects())
        print(sorted(features.model_formats()))
        print(features.callbacks("model", "train"))
        """
    )
    assert done.stdout.splitlines() == [
        "{'swish_of_mine': <built-in function abs>}",
        "['hdf5', 'json', 'keras', 'mine', 'onnx', 'tensorflowjs']",
        "['model train']",
    ], done.stderr
    assert done.stderr.count(":odd is left out") == 3


def test_a_plugin_that_ends_the_program_breaks_only_itself(sandbox):
    sandbox.distribution("odd", "raise SystemExit(3)", "odd", group=FEATURES)
    done = sandbox.run("from keras_core.plugins import features; print(features.custom_objects())")
    assert done.stdout == "{}\n"
    assert "left out: SystemExit: 3" in done.stderr


def test_plugin_whose_hook_raises_only_warns(sandbox):
    failing = PLUGIN.replace('return {"swish_of_mine": abs}', "raise OSError('no disk')")
    sandbox.distribution("extras", failing, "extras", group=FEATURES)
    done = sandbox.run("from keras_core.plugins import features; print(features.custom_objects())")
    assert done.stdout == "{}\n"
    assert "is left out: OSError: no disk" in done.stderr


def test_disabled_plugin_is_not_imported(sandbox):
    sandbox.distribution("bad", "1 / 0", "bad", group=FEATURES)
    code = "from keras_core.plugins import features; print(features.custom_objects())"
    done = sandbox.run(code, KERAS_CORE_DISABLE_PLUGINS="bad")
    assert (done.stdout, done.stderr) == ("{}\n", "")
