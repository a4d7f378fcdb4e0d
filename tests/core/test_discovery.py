"""Finding, choosing, switching and refusing backends, by distributions made for each test."""

from __future__ import annotations

import pytest

GOOD = """
    from keras_core.plugins import Backend, BackendInfo, hookimpl

    class Mine(Backend):
        name = "{name}"

    @hookimpl
    def keras_core_make_backend(config):
        return Mine()

    @hookimpl
    def keras_core_backend_info():
        return BackendInfo(name="{name}", engine="none", api={api})
"""

SHOW = """
    import keras_core
    from keras_core.plugins import backend_name, current_backend
    print(backend_name(), current_backend().name)
"""


def good(name, api=(1, 0)):
    return GOOD.format(name=name, api=api)


@pytest.fixture
def hidden():
    """What hides the backends that the environment of the tests happens to have."""
    return {"KERAS_CORE_DISABLE_PLUGINS": "numpy,loopback,broken"}


@pytest.fixture
def two(sandbox):
    sandbox.distribution("keras-first", good("first"), "first")
    sandbox.distribution("keras-second", good("second"), "second")
    return sandbox


def test_the_only_backend_installed_is_chosen(sandbox, hidden):
    sandbox.distribution("keras-mine", good("mine"), "mine")
    assert sandbox.run(SHOW, **hidden).stdout == "mine mine\n"


def test_environment_wins_over_the_file(two, hidden):
    two.settings('{"backend": "first"}')
    assert two.run(SHOW, **hidden).stdout == "first first\n"
    assert two.run(SHOW, KERAS_BACKEND="second", **hidden).stdout == "second second\n"


def test_empty_environment_variable_counts_as_unset(two, hidden):
    two.settings('{"backend": "first"}')
    assert two.run(SHOW, KERAS_BACKEND="", **hidden).stdout == "first first\n"


def one_warning(done):
    """The one warning that a process gave."""
    (line,) = (line for line in done.stderr.splitlines() if "Warning" in line)
    return line


@pytest.mark.parametrize("name", ["tensorflow", "cntk", "theano", "second"])
def test_a_name_in_the_file_gives_way_to_the_only_backend_there(sandbox, hidden, name):
    sandbox.distribution("keras-first", good("first"), "first")
    sandbox.settings(f'{{"backend": "{name}"}}')
    done = sandbox.run(SHOW + "    print(backend_name())", **hidden)
    assert done.stdout == "first first\nfirst\n"
    told = one_warning(done)
    assert f"{sandbox.home / '.keras' / 'keras.json'} names the backend {name!r}" in told
    assert "KERAS_BACKEND=first" in told and 'remove the entry "backend"' in told


def test_a_name_in_the_file_gives_way_to_numpy_among_several(two, hidden):
    two.distribution("keras-numbers", good("numpy"), "numpy")
    two.settings('{"backend": "tensorflow"}')
    hidden = {"KERAS_CORE_DISABLE_PLUGINS": "loopback,broken"}
    code = "from keras_core.plugins import backend_name; print(backend_name())"
    done = two.run(code, **hidden)
    assert done.stdout == "numpy\n"
    assert "pip install 'keras-tf[cpu]'" in one_warning(done)


def test_a_disabled_name_in_the_file_gives_way_too(two):
    two.settings('{"backend": "second"}')
    done = two.run(SHOW, KERAS_CORE_DISABLE_PLUGINS="numpy,loopback,broken,second")
    assert done.stdout == "first first\n"
    assert "'second', which KERAS_CORE_DISABLE_PLUGINS disables" in one_warning(done)


def test_a_name_that_is_asked_for_does_not_give_way(sandbox, hidden):
    sandbox.distribution("keras-first", good("first"), "first")
    sandbox.settings('{"backend": "first"}')
    done = sandbox.run(SHOW, KERAS_BACKEND="tensorflow", **hidden)
    assert "BackendNotFoundError: There is no backend 'tensorflow' here" in done.stderr
    for call in ("set_backend('theano')", "use_backend('theano').__enter__()"):
        done = sandbox.run(f"import keras_core; keras_core.{call}", **hidden)
        assert "BackendNotFoundError: There is no backend 'theano' here" in done.stderr


def test_the_environment_settles_a_doubtful_file(sandbox, hidden):
    sandbox.distribution("keras-first", good("first"), "first")
    sandbox.settings('{"backend": "tensorflow"}')
    done = sandbox.run(SHOW, KERAS_BACKEND="first", **hidden)
    assert (done.stdout, done.stderr) == ("first first\n", "")


# What Keras 3.15 writes when it is first imported.
WRITTEN = """{
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last"
}"""


def test_a_file_that_another_keras_has_written_does_not_change_the_choice_in_silence(sandbox):
    hidden = {"KERAS_CORE_DISABLE_PLUGINS": "loopback,broken"}
    for name in ("numpy", "tensorflow"):
        sandbox.distribution(f"keras-my-{name}", good(name), name)
    code = "from keras_core.plugins import backend_name; print(backend_name(), backend_name())"
    assert sandbox.run(code, **hidden).stdout == "numpy numpy\n"
    sandbox.settings(WRITTEN)
    done = sandbox.run(code, **hidden)
    assert done.stdout == "tensorflow tensorflow\n"
    told = one_warning(done)
    assert "Keras writes such a file unasked" in told
    assert "KERAS_BACKEND=" in told and 'remove the entry "backend"' in told
    sandbox.settings('{"backend": "tensorflow"}')
    done = sandbox.run(code, **hidden)
    assert (done.stdout, done.stderr) == ("tensorflow tensorflow\n", "")


def test_such_a_file_is_no_matter_where_one_backend_is_installed(sandbox, hidden):
    sandbox.distribution("keras-other", good("tensorflow"), "tensorflow")
    sandbox.settings(WRITTEN)
    done = sandbox.run(SHOW, **hidden)
    assert (done.stdout, done.stderr) == ("tensorflow tensorflow\n", "")


def test_numpy_is_the_default_among_several(two, hidden):
    done = two.run("from keras_core.plugins import backend_name; print(backend_name())", **hidden)
    assert done.stdout == "numpy\n"


def test_tf_is_short_for_tensorflow(sandbox, hidden):
    sandbox.distribution("keras-other", good("tensorflow"), "tensorflow")
    assert sandbox.run(SHOW, KERAS_BACKEND="tf", **hidden).stdout == "tensorflow tensorflow\n"


def test_missing_known_backend_comes_with_the_command_that_installs_it(two, hidden):
    two.settings('{"backend": "theano"}')
    done = two.run(SHOW, **hidden)
    assert "BackendNotFoundError: There is no backend 'theano' here" in done.stderr
    assert "keras.json" in done.stderr
    assert "pip install keras-theano (in a checkout" in done.stderr
    assert "pip install ./plugins/keras_theano)" in done.stderr
    assert "Installed: first, second. To use one of them: KERAS_BACKEND=first" in done.stderr


def test_unknown_backend_comes_with_the_nearest_name(two, hidden):
    done = two.run("import keras_core; keras_core.set_backend('secnd')", **hidden)
    assert "There is no backend 'secnd' here. Did you mean 'second'?" in done.stderr


def test_unknown_backend_is_a_value_error_and_an_import_error(sandbox, hidden):
    code = """
        import keras_core
        for expected in (ValueError, ImportError):
            try:
                keras_core.set_backend("cntk")
            except expected as error:
                print(error)
    """
    assert sandbox.run(code, **hidden).stdout.count("numpy (pip install keras-numpy)") == 2


def test_no_backend_at_all_is_told(sandbox, hidden):
    done = sandbox.run(SHOW, **hidden)
    assert "BackendNotFoundError: There is no backend 'numpy' here" in done.stderr
    assert "(chosen by: default)" in done.stderr
    assert "Installed: none." in done.stderr


def test_two_distributions_of_one_name_are_refused_by_both_names(two, hidden):
    two.distribution("keras-rival", good("first"), "first", version="2.5")
    done = two.run("import keras_core; keras_core.set_backend('first')", **hidden)
    assert "PluginConflictError" in done.stderr
    assert "keras-first 1.0 and keras-rival 2.5 both claim the name 'first'" in done.stderr
    assert two.run(SHOW, KERAS_BACKEND="second", **hidden).stdout == "second second\n"


def test_a_distribution_found_twice_is_no_conflict(two, hidden, tmp_path):
    copy = tmp_path / "site" / "copy"
    copy.mkdir()
    info = copy / "Keras_First-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Keras_First\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[keras_core.backends]\nfirst = keras_first\n")
    code = f"import sys; sys.path.append({str(copy)!r})\n"
    code += "import keras_core; keras_core.set_backend('first')"
    assert two.run(code, **hidden).stderr == ""


def test_disabled_plugin_is_left_alone(two):
    hidden = {"KERAS_CORE_DISABLE_PLUGINS": "numpy,loopback,broken,second"}
    assert two.run(SHOW, **hidden).stdout == "first first\n"
    done = two.run("import keras_core; keras_core.set_backend('second')", **hidden)
    assert "installed, but disabled by KERAS_CORE_DISABLE_PLUGINS" in done.stderr


def test_names_come_from_metadata_alone(sandbox, hidden):
    sandbox.distribution("keras-loud", "print('imported')", "loud")
    code = """
        from keras_core.plugins import backend_name, installed
        print(backend_name(), [*installed.enabled(installed.BACKENDS)])
    """
    assert sandbox.run(code, **hidden).stdout == "loud ['loud']\n"


def test_set_backend_holds_for_the_process_and_use_backend_for_a_block(two, hidden):
    code = """
        import threading, keras_core
        from keras_core.plugins import backend_name
        keras_core.set_backend("first")
        seen = []
        try:
            with keras_core.use_backend("second"):
                with keras_core.use_backend("first"):
                    seen.append(backend_name())
                seen.append(backend_name())
                other = threading.Thread(target=lambda: seen.append(backend_name()))
                other.start()
                other.join()
                raise KeyError
        except KeyError:
            seen.append(backend_name())
        print(*seen)
    """
    assert two.run(code, **hidden).stdout == "first second first first\n"


def test_both_backends_live_in_one_process(two, hidden):
    code = """
        from keras_core.plugins import current_backend, use_backend
        kept = []
        for name in ("first", "second", "first"):
            with use_backend(name):
                kept.append(current_backend())
        print(kept[0] is kept[2], kept[0] is kept[1])
    """
    assert two.run(code, **hidden).stdout == "True False\n"


def test_late_change_of_the_environment_warns_once_with_the_remedy(two, hidden):
    code = """
        import os
        from keras_core.plugins import backend_name
        backend_name()
        os.environ["KERAS_BACKEND"] = "second"
        print(backend_name(), backend_name())
    """
    done = two.run(code, KERAS_BACKEND="first", **hidden)
    assert done.stdout == "first first\n"
    assert done.stderr.count("BackendChoiceWarning") == 1
    assert "keras_core.set_backend('second')" in done.stderr
    assert done.stderr.startswith("<string>:6: ")  # where the program asked


def test_change_of_the_environment_to_what_was_chosen_is_silent(two, hidden):
    code = """
        import os, keras_core
        from keras_core.plugins import backend_name
        keras_core.set_backend("second")
        os.environ["KERAS_BACKEND"] = "second"
        print(backend_name())
    """
    assert two.run(code, **hidden).stderr == ""


def test_broken_backend_warns_with_distribution_version_and_cause(two, hidden):
    two.distribution("keras-bad", "import no_such_engine", "bad", version="0.3")
    code = "from keras_core.plugins import available_backends; print(*available_backends())"
    done = two.run(code, **hidden)
    assert done.stdout == "first second\n"
    assert "PluginWarning: keras-bad 0.3 is left out: ModuleNotFoundError" in done.stderr
    assert "no_such_engine" in done.stderr


def test_broken_backend_is_an_error_with_its_cause_where_it_is_selected(sandbox, hidden):
    sandbox.distribution("keras-bad", "import no_such_engine", "bad", version="0.3")
    done = sandbox.run(SHOW, **hidden)
    assert "ModuleNotFoundError: No module named 'no_such_engine'" in done.stderr
    assert "direct cause of the following exception" in done.stderr
    assert "BackendLoadError: The backend 'bad' of keras-bad 0.3 does not load" in done.stderr


@pytest.mark.parametrize("api", [(2, 0), (1, 99), (0, 9)])
def test_backend_for_another_version_of_the_contract_is_refused(sandbox, hidden, api):
    sandbox.distribution("keras-other", good("other", api=api), "other")
    done = sandbox.run(SHOW, **hidden)
    assert f"written for version {api[0]}.{api[1]} of the backend contract" in done.stderr
    assert "pip install --upgrade 'keras-core>=2.4,<3' keras-other" in done.stderr


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        ("@hookimpl\ndef keras_core_make_backnd(config): ...", "keras_core_make_backnd"),
        ("def keras_core_make_backend(config): ...", "not marked with @hookimpl"),
        ("@hookimpl\ndef keras_core_make_backend(settings): ...", "settings"),
    ],
    ids=["misspelt", "unmarked", "unknown argument"],
)
def test_hook_outside_the_specification_is_an_error(sandbox, hidden, hook, told):
    plugin = f"from keras_core.plugins import hookimpl\n{hook}\n"
    sandbox.distribution("keras-odd", plugin, "odd")
    done = sandbox.run(SHOW, **hidden)
    assert "breaks the hook specification" in done.stderr
    assert told in done.stderr


def test_a_refused_plugin_does_not_stay_registered(two, hidden):
    two.distribution("keras-odd", "def keras_core_oops(): ...", "odd")
    code = """
        import keras_core
        from keras_core.plugins import current_backend
        from keras_core.errors import BackendLoadError
        keras_core.set_backend("odd")
        try:
            current_backend()
        except BackendLoadError:
            keras_core.set_backend("first")
        print(current_backend().name)
    """
    assert two.run(code, **hidden).stdout == "first\n"


def test_answer_of_a_wrong_type_is_an_error(sandbox, hidden):
    plugin = good("mine").replace("return Mine()", "return 'a backend'")
    sandbox.distribution("keras-mine", plugin, "mine")
    done = sandbox.run(SHOW, **hidden)
    assert "keras_core_make_backend gave 'a backend' instead of a Backend" in done.stderr
