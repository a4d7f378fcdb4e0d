"""The commands that need no backend."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from keras_core import __version__, cli
from keras_core.cli.demo import doubt, drawing

HIDDEN = {"KERAS_CORE_DISABLE_PLUGINS": "numpy,loopback,broken"}

MINE = """
    from keras_core.plugins import BackendInfo, hookimpl

    @hookimpl
    def keras_core_make_backend(config):
        raise RuntimeError("started")

    @hookimpl
    def keras_core_backend_info():
        return BackendInfo("mine", "My engine", "4.5", (1, 0), ("cpu", "gpu"))
"""


def keras_core(sandbox, *words, **environment):
    return sandbox.command(sys.executable, "-m", "keras_core", *words, **environment)


def test_backends_tells_version_engine_devices_and_state(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine", version="7.1")
    sandbox.distribution("keras-bad", "import no_such_engine", "bad")
    lines = keras_core(sandbox, "backends").stdout.splitlines()
    rows = [line.split() for line in lines]
    assert ["mine", "keras-mine", "7.1", "My", "engine", "4.5", "cpu,", "gpu", "ok"] in rows
    assert ["bad", "keras-bad", "1.0", "-", "-", "broken"] in rows
    assert "bad: ModuleNotFoundError: No module named 'no_such_engine'" in lines


def test_doctor_names_the_choice_and_its_rule_and_starts_nothing(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    done = keras_core(sandbox, "doctor", **HIDDEN)
    assert "mine, chosen by: the only backend installed" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    done = keras_core(sandbox, "doctor", KERAS_BACKEND="mine", **HIDDEN)
    assert "mine, chosen by: environment variable KERAS_BACKEND" in done.stdout


def test_doctor_gives_the_command_that_mends_a_missing_backend(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    done = keras_core(sandbox, "doctor", KERAS_BACKEND="theano", **HIDDEN)
    assert done.returncode == 1
    assert "pip install keras-theano" in done.stdout


def test_doctor_notes_a_setting_of_keras_1(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    sandbox.settings('{"image_dim_ordering": "th"}')
    done = keras_core(sandbox, "doctor", **HIDDEN)
    assert done.returncode == 0
    assert 'Write "image_data_format": "channels_first" instead' in done.stdout


def test_doctor_notes_a_preference_that_cannot_be_met(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    sandbox.settings('{"backend": "theano"}')
    done = keras_core(sandbox, "doctor", **HIDDEN)
    assert (done.returncode, done.stderr) == (0, "")
    file = sandbox.home / ".keras" / "keras.json"
    assert "backend     mine, chosen by: the only backend installed; 'backend' in" in done.stdout
    assert f"NOTE: {file} names the backend 'theano', which is not installed" in done.stdout
    assert "pip install keras-theano" in done.stdout


def test_doctor_gives_the_command_that_mends_a_broken_backend(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    sandbox.distribution("keras-bad", "import no_such_engine", "bad")
    done = keras_core(sandbox, "doctor", KERAS_BACKEND="mine", **HIDDEN)
    assert done.returncode == 1
    assert "the backend 'bad' of keras-bad 1.0 is broken: ModuleNotFoundError" in done.stdout
    assert "pip install --force-reinstall keras-bad" in done.stdout


def test_doctor_tells_of_two_distributions_with_one_name(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    sandbox.distribution("keras-rival", MINE, "mine")
    done = keras_core(sandbox, "doctor", **HIDDEN)
    assert done.returncode == 1
    assert "keras-mine 1.0 and keras-rival 1.0 both claim the name 'mine'" in done.stdout


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{", "keras.json is ignored"),
        ("[" * 200_000, "keras.json is ignored"),
        ('{"floatx": "double"}', "floatx must be 'float16'"),
    ],
    ids=["cut off", "deep", "of no dtype"],
)
def test_doctor_tells_what_is_wrong_with_the_settings(sandbox, settings, told):
    sandbox.distribution("keras-mine", MINE, "mine")
    sandbox.settings(settings)
    done = keras_core(sandbox, "doctor", **HIDDEN)
    assert done.returncode == 1
    assert told in done.stdout


def test_wrong_settings_end_other_commands_without_a_traceback(sandbox):
    sandbox.distribution("keras-mine", MINE, "mine")
    sandbox.settings('{"disabled_plugins": 3}')
    done = keras_core(sandbox, "backends")
    assert done.returncode == 1
    assert done.stderr.startswith("keras-core: disabled_plugins must be names of plugins")
    done = keras_core(sandbox, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "PROBLEM: disabled_plugins must be names of plugins" in done.stdout


def test_doctor_imports_no_engine(sandbox):
    code = """
        import sys
        from keras_core.cli import main
        main(["doctor"])
        print({"numpy", "keras_numpy.backend", "keras_core.graph"} & set(sys.modules))
    """
    assert sandbox.run(code).stdout.splitlines()[-1] == "set()"


def test_demo_doubts_an_accuracy_near_chance():
    assert doubt(0.97, "mine") == ""
    told = doubt(0.1, "mine")
    assert "chance, which is 10%" in told and "`keras-core check-backend mine`" in told


def test_demo_without_a_backend_says_what_to_install(sandbox):
    done = keras_core(sandbox, "demo", KERAS_BACKEND="theano", **HIDDEN)
    assert done.returncode == 1
    assert done.stderr.startswith("keras-core: There is no backend 'theano' here")
    assert "Traceback" not in done.stderr


def test_version_is_told(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"keras-core {__version__}\n"


def test_no_command_is_refused_with_the_usage(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([])
    assert caught.value.code == 2
    assert "usage: keras-core" in capsys.readouterr().err


def test_drawing_sets_images_side_by_side_above_their_captions():
    images = np.zeros((2, 2, 10))
    images[1, 0, 0] = 1.0
    probabilities = np.array([[0.25, 0.75], [0.9, 0.1]])
    lines = drawing(images, probabilities, np.array([1, 0])).splitlines()
    assert [line.rstrip() for line in lines] == [
        " " * 23 + "@@",
        "",
        "1 (75.0%), is 1        0 (90.0%), is 0",
    ]


@pytest.mark.parametrize("words", [["backends"], ["doctor"], ["--help"], ["--version"]])
def test_a_reader_that_has_gone_ends_a_command_quietly(sandbox, words):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "keras_core", *words]
    inherited = {**os.environ, "HOME": str(sandbox.home), "KERAS_HOME": str(sandbox.home)}
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=inherited)
    os.close(write)
    assert done.stderr == b""
    # What a shell tells of a program that SIGPIPE has ended: 128 + 13. What argparse prints may be
    # lost in silence before.
    assert done.returncode == 141 or (done.returncode == 0 and words[0].startswith("--"))


def refused(capsys, *words):
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["demo", "--epochs", "0"], "--epochs: 0 is too small; give 1 or more"),
        (["demo", "--epochs", "-3"], "--epochs: -3 is too small; give 1 or more"),
        (["demo", "--epochs", "many"], "--epochs: 'many' is no whole number"),
        (["demo", "--seed", "-1"], "--seed: -1 is no seed"),
        (["parity", "m.h5", "--backends", "a,b", "--rows", "0"], "--rows: 0 is too small"),
        (["parity", "m.h5", "--backends", "a,b", "--ulps", "nan"], "--ulps: 'nan' is no number"),
        (["parity", "m.h5", "--backends", "a,b", "--seed", str(2**32)], "is no seed"),
    ],
)
def test_arguments_without_sense_are_refused(capsys, words, told):
    assert told in refused(capsys, *words)


def test_a_file_that_cannot_be_written_is_refused_before_training(capsys, tmp_path):
    absent = tmp_path / "absent"
    told = refused(capsys, "demo", "--output", str(absent / "x.h5"))
    assert f"--output: there is no folder {absent} to write" in told
    told = refused(capsys, "demo", "--output", str(tmp_path))
    assert f"--output: {str(tmp_path)!r} is a folder" in told


def test_a_backend_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["new-backend", "mine", "--path", str(tmp_path / "file")]) == 1
    assert "keras-mine cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["absent.h5", "out.onnx"], "argument file: there is no file 'absent.h5'"),
        (["there.h5", "nowhere/out.onnx"], "nowhere to write 'nowhere/out.onnx' into; make it"),
        (["there.h5"], "required: out"),
    ],
)
def test_convert_refuses_senseless_arguments_before_it_starts(
    tmp_path, monkeypatch, capsys, words, told
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.h5").write_bytes(b"")
    with pytest.raises(SystemExit) as caught:
        cli.main(["convert", *words])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["there.h5"]
