"""Settings: where they come from, and what is refused."""

from __future__ import annotations

import pytest

from keras_core import config


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for option in config.OPTIONS.values():
        monkeypatch.delenv(option.environment, raising=False)
    config.forget()
    yield
    config.forget()


def write(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)


def test_defaults_are_those_of_keras_2():
    assert config.floatx() == "float32"
    assert config.epsilon() == 1e-7
    assert config.image_data_format() == "channels_last"


def test_file_is_read(tmp_path):
    write(tmp_path, '{"floatx": "float64", "epsilon": 1e-3, "image_data_format": "channels_first"}')
    assert config.floatx() == "float64"
    assert config.epsilon() == 1e-3
    assert config.image_data_format() == "channels_first"


def test_environment_wins_over_the_file_and_a_call_over_both(tmp_path, monkeypatch):
    write(tmp_path, '{"floatx": "float64"}')
    monkeypatch.setenv("KERAS_FLOATX", "float16")
    assert config.floatx() == "float16"
    config.set_floatx("float32")
    assert config.floatx() == "float32"


def test_home_directory_is_used_without_keras_home(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert config.settings_file() == tmp_path / ".keras" / "keras.json"


@pytest.mark.parametrize(
    ("setter", "value"),
    [
        (config.set_floatx, "int32"),
        (config.set_floatx, None),
        (config.set_epsilon, "small"),
        (config.set_epsilon, -1.0),
        (config.set_epsilon, float("nan")),
        (config.set_image_data_format, "th"),
    ],
)
def test_bad_value_is_refused_with_the_allowed_ones(setter, value):
    with pytest.raises(ValueError, match="must be .*gave") as caught:
        setter(value)
    assert repr(value) in str(caught.value)
    assert config.floatx() == "float32"


def test_bad_value_in_the_file_names_the_file(tmp_path):
    write(tmp_path, '{"floatx": "double"}')
    with pytest.raises(ValueError, match="keras.json gave 'double'"):
        config.floatx()


def test_unreadable_file_is_ignored_with_a_warning(tmp_path):
    write(tmp_path, '{"floatx": ')
    with pytest.warns(UserWarning, match="keras.json is ignored"):
        assert config.floatx() == "float32"


def test_file_that_holds_no_object_is_ignored_with_a_warning(tmp_path):
    write(tmp_path, "[1]")
    with pytest.warns(UserWarning, match="not a JSON object"):
        assert config.floatx() == "float32"


def test_file_that_is_nested_without_end_is_ignored_with_a_warning(tmp_path):
    write(tmp_path, "[" * 200_000)
    with pytest.warns(UserWarning, match="keras.json is ignored"):
        assert config.floatx() == "float32"


def test_file_of_a_windows_editor_is_read(tmp_path):
    (tmp_path / "keras.json").write_bytes(b'\xef\xbb\xbf{"floatx": "float64"}')
    assert config.floatx() == "float64"


def test_without_a_home_directory_the_file_is_sought_among_temporary_files(tmp_path, monkeypatch):
    def none():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("pathlib.Path.home", none)
    (tmp_path / ".keras").mkdir()
    write(tmp_path / ".keras", '{"floatx": "float64"}')
    assert config.floatx() == "float64"


def test_truth_values_are_no_numbers(tmp_path):
    write(tmp_path, '{"epsilon": true}')
    with pytest.raises(ValueError, match="keras.json gave True"):
        config.epsilon()


def test_keys_of_other_programs_in_the_file_do_no_harm(tmp_path):
    write(tmp_path, '{"max_epochs": 3}')
    assert config.floatx() == "float32"


def test_unknown_option_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="no option 'float'; the options are floatx"):
        config.resolve("float")


def test_disabled_plugins_are_a_list_of_names(monkeypatch):
    monkeypatch.setenv("KERAS_CORE_DISABLE_PLUGINS", "one, two,")
    assert config.get_option("disabled_plugins") == ("one", "two")


def test_disabled_plugins_may_be_a_list_in_the_file(tmp_path):
    write(tmp_path, '{"disabled_plugins": ["one", "two"]}')
    assert config.get_option("disabled_plugins") == ("one", "two")


def test_snapshot_is_read_only():
    with pytest.raises(TypeError):
        config.snapshot()["floatx"] = "float64"
