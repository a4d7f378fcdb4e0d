"""Texts, sequences and images as arrays: the numbers of keras_preprocessing 1.1.0, and more."""

from __future__ import annotations

import json
import os
import pickle
import random
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from keras_core import config
from keras_core.preprocessing import image, sequence, text
from keras_core.preprocessing.sequence import TimeseriesGenerator, pad_sequences
from keras_core.preprocessing.text import Tokenizer, hashing_trick, tokenizer_from_json
from keras_core.utils import Sequence

DATA = Path(__file__).parents[1] / "data" / "keras_preprocessing_1_1_0"
CASES = SimpleNamespace(**runpy.run_path(str(DATA / "make.py")))
FACTS = json.loads((DATA / "facts.json").read_text())


@pytest.fixture(scope="module")
def arrays():
    with np.load(DATA / "arrays.npz") as file:
        return dict(file)


def as_json(facts):
    return json.loads(json.dumps(facts))


def assert_facts(found, wanted):
    found = as_json(found)
    assert set(found) == set(wanted)
    for name in wanted:
        assert found[name] == wanted[name], name


def assert_arrays(found, arrays, group, rtol=0.0, atol=0.0):
    wanted = {
        name.split("/", 1)[1]: arrays[name] for name in arrays if name.startswith(group + "/")
    }
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, name
        np.testing.assert_allclose(found[name], array, rtol, atol, err_msg=name)


@pytest.fixture
def pillow():
    return pytest.importorskip("PIL.Image")


@pytest.fixture
def scipy():
    return pytest.importorskip("scipy.ndimage")


# Texts


def test_texts_are_those_of_keras_2():
    assert_facts(CASES.text_facts(text), FACTS["text"])


@pytest.mark.parametrize("options", [{}, {"num_words": 4, "oov_token": "?"}, {"char_level": True}])
def test_a_tokenizer_comes_back_from_json(options):
    made = Tokenizer(**options)
    made.fit_on_texts(CASES.TEXTS)
    again = tokenizer_from_json(made.to_json(indent=1))
    assert again.to_json() == made.to_json()
    assert again.texts_to_sequences(CASES.OTHER_TEXTS) == made.texts_to_sequences(CASES.OTHER_TEXTS)
    for one in (made, again):
        one.fit_on_texts(["a new text"])
    assert vars(again) == vars(made)


def test_a_tokenizer_writes_the_same_in_every_run(sandbox):
    code = """
        from keras_core.preprocessing.text import Tokenizer
        made = Tokenizer()
        made.fit_on_texts(["some words of which some are here", "and others"])
        print(made.to_json())
    """
    written = {sandbox.run(code, PYTHONHASHSEED=str(seed)).stdout for seed in range(3)}
    assert len(written) == 1 and "others" in written.pop()


def test_sequences_alone_teach_what_tfidf_needs():
    made = Tokenizer(num_words=3)
    made.fit_on_sequences([[1, 2], [2, 2]])
    expected = [[0, np.log(1 + 2 / 2), np.log(1 + 2 / 3)]]
    np.testing.assert_allclose(made.sequences_to_matrix([[1, 2]], "tfidf"), expected)


def test_former_names_of_arguments_are_taken_with_a_warning():
    with pytest.warns(UserWarning, match="num_words"):
        assert Tokenizer(nb_words=9).num_words == 9
    with pytest.raises(TypeError, match="no arguments foo"):
        Tokenizer(foo=9)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: Tokenizer().sequences_to_matrix([[1]]), ValueError, "fit_on_texts first"),
        (lambda: Tokenizer(2).sequences_to_matrix([[1]], "tfidf"), ValueError, "fit_on_texts"),
        (lambda: Tokenizer(2).sequences_to_matrix([[1]], "sum"), ValueError, "binary, count"),
        (lambda: hashing_trick("a", 1), ValueError, "at least 2"),
        (lambda: hashing_trick("a", 5, "sha1"), TypeError, "'md5' or a function"),
    ],
)
def test_texts_refuse_what_makes_no_sense(call, error, told):
    with pytest.raises(error, match=told):
        call()


# Sequences


def test_sequences_are_those_of_keras_2():
    assert_facts(CASES.sequence_facts(sequence), FACTS["sequence"])


def test_strings_are_padded_as_objects():
    padded = pad_sequences([["ab"], ["c", "d"]], dtype=object, value="-")
    assert padded.tolist() == [["-", "ab"], ["c", "d"]]
    assert pad_sequences([], maxlen=3).shape == (0, 3)


def test_long_sequences_are_left_out():
    kept = sequence._remove_long_seq(3, [[1], [1, 2], [1, 2, 3]], [5, 6, 7])
    assert kept == ([[1], [1, 2]], [5, 6])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: pad_sequences(3), "list of lists"),
        (lambda: pad_sequences([[1], 2]), "at 1 is 2"),
        (lambda: pad_sequences([[[1, 2]], [[1, 2, 3]]]), r"sequence 1 have shape \(3,\)"),
        (lambda: pad_sequences([[1]], padding="left"), "'pre' or 'post', not 'left'"),
        (lambda: pad_sequences([[1]], truncating="left"), "'pre' or 'post', not 'left'"),
        (lambda: pad_sequences([[1]], value="x"), "dtype=object"),
        (lambda: TimeseriesGenerator([1, 2], [1], 1), "data has 2 steps and targets has 1"),
        (lambda: TimeseriesGenerator([1, 2], [1, 2], 2), "behind end_index=1"),
    ],
)
def test_sequences_refuse_what_makes_no_sense(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_a_series_is_a_sequence_and_its_last_batch_has_a_number_too():
    batches = TimeseriesGenerator(np.arange(10), np.arange(10), 2, batch_size=3)
    assert isinstance(batches, Sequence)
    assert batches[-1][1].tolist() == batches[len(batches) - 1][1].tolist() == [8, 9]
    with pytest.raises(TypeError, match="data cannot be written as JSON"):
        TimeseriesGenerator([object()] * 3, [1, 2, 3], 1).to_json()


# What is drawn for images


def test_draws_are_those_of_keras_2():
    assert_facts(CASES.drawn_facts(image), FACTS["drawn"])


def test_nothing_is_imported_before_it_is_needed(sandbox):
    code = """
        import sys
        from keras_core.preprocessing.image import ImageDataGenerator
        import numpy as np
        x = np.ones((4, 3, 3, 1))
        next(ImageDataGenerator(horizontal_flip=True, rescale=2.0).flow(x, batch_size=2))
        print({"PIL", "scipy", "pandas"} & set(sys.modules))
    """
    assert sandbox.run(code).stdout == "set()\n"


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("PIL", "image.array_to_img(x)"),
        ("PIL", "image.load_img('x.png')"),
        ("PIL", "image.apply_brightness_shift(x, 0.5)"),
        ("scipy", "image.apply_affine_transform(x, 10)"),
    ],
)
def test_a_missing_library_is_told_with_the_extra(sandbox, module, statement):
    code = f"""
        import sys
        sys.modules[{module!r}] = None
        import numpy as np
        from keras_core.preprocessing import image
        x = np.ones((3, 3, 3))
        {statement}
    """
    assert 'pip install "keras-core[image]>=2.4,<3"' in sandbox.run(code).stderr


def test_what_is_learnt_is_that_of_keras_2(arrays):
    pytest.importorskip("scipy.ndimage")  # some are moved
    found = CASES.standardized_arrays(image)
    # Whitening is a decomposition, which LAPACK does in ways of its own.
    assert_arrays(found, arrays, "standardized", rtol=2e-5, atol=1e-4)


def test_batches_of_arrays_are_those_of_keras_2(arrays):
    assert_arrays(CASES.flow_arrays(image), arrays, "flow")


def test_standardizing_changes_the_array_itself():
    x = np.arange(12.0).reshape(2, 2, 3)
    made = image.ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True)
    assert made.standardize(x) is x
    assert abs(x.mean()) < 1e-12 and abs(x.std() - 1) < 1e-6


def test_options_switch_on_what_they_need():
    for option, needed in [
        ("zca_whitening", "featurewise_center"),
        ("featurewise_std_normalization", "featurewise_center"),
        ("samplewise_std_normalization", "samplewise_center"),
    ]:
        with pytest.warns(UserWarning, match=f"{needed} is True because of {option}"):
            made = image.ImageDataGenerator(**{option: True})
        assert getattr(made, needed)
    with pytest.warns(UserWarning, match="featurewise_std_normalization is False"):
        image.ImageDataGenerator(
            featurewise_center=True, zca_whitening=True, featurewise_std_normalization=True
        )


def test_what_was_not_learnt_is_warned_of():
    made = image.ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    with pytest.warns(UserWarning, match="before fit") as caught:
        made.standardize(np.ones((2, 2, 3)))
    assert len(caught) == 2


def test_dtype_is_that_of_the_batches():
    made = image.ImageDataGenerator(dtype="float64")
    assert next(made.flow(np.ones((2, 3, 3, 1), "uint8"))).dtype == "float64"
    assert image.ImageDataGenerator(dtype=None).dtype == config.floatx()


X = np.ones((4, 3, 3, 3))


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda g: g(data_format="th"), ValueError, "'channels_last' or 'channels_first'"),
        (lambda g: g(validation_split=1.0), ValueError, r"in \(0, 1\), not 1.0"),
        (lambda g: g(zoom_range=[1, 2, 3]), ValueError, "zoom_range must be a pair"),
        (lambda g: g(brightness_range=0.5), ValueError, "brightness_range must be a pair"),
        (lambda g: g().fit(X[0]), ValueError, r"got shape \(3, 3, 3\)"),
        (lambda g: g().flow(X[0]), ValueError, r"got shape \(3, 3, 3\)"),
        (lambda g: g().flow(X, [1, 2]), ValueError, "y has length 2, and there are 4"),
        (lambda g: g().flow((X, [[1, 2]])), ValueError, r"x\[1\]\[0\] has length 2"),
        (lambda g: g().flow(X, X, sample_weight=[1]), ValueError, "sample_weight has length 1"),
        (lambda g: g(validation_split=0.5).flow(X, subset="test"), ValueError, "'training' or"),
        (
            lambda g: g(validation_split=0.5).flow(X, [0, 0, 1, 1], subset="training"),
            ValueError,
            "different classes",
        ),
        (lambda g: g().flow(X, batch_size=2)[2], ValueError, "has 2 batches; asked for 2"),
        (lambda g: image.random_zoom(X[0], 0.2), ValueError, "zoom_range must be a pair"),
        (lambda g: image.Iterator(4, 2, False, None)[0], NotImplementedError, "has to define"),
        (lambda g: image.img_to_array(X), ValueError, "two or three axes"),
        (lambda g: image.load_img("x", color_mode="hsv"), ValueError, "grayscale, rgb, rgba"),
        (lambda g: image.array_to_img(X), ValueError, "rows, columns and channels"),
        (lambda g: image.array_to_img(X[0, :, :, :2]), ValueError, "not 2"),
    ],
)
def test_images_refuse_what_makes_no_sense(call, error, told):
    with pytest.raises(error, match=told):
        call(image.ImageDataGenerator)


def test_odd_numbers_of_channels_are_warned_of():
    with pytest.warns(UserWarning, match="5 channels"):
        image.ImageDataGenerator().flow(np.ones((2, 3, 3, 5)))
    with pytest.warns(UserWarning, match="5 channels"):
        image.ImageDataGenerator().fit(np.ones((2, 3, 3, 5)))


# The order of batches


def test_an_iterator_goes_on_for_ever_and_begins_anew_when_reset():
    batches = image.ImageDataGenerator().flow(X, np.arange(4), batch_size=3, shuffle=False)
    assert isinstance(batches, Sequence) and len(batches) == 2
    assert [y.tolist() for _, y in (next(batches) for _ in range(3))] == [[0, 1, 2], [3], [0, 1, 2]]
    batches.reset()
    assert next(batches)[1].tolist() == [0, 1, 2]
    assert batches[-1][1].tolist() == [3]
    assert iter(batches) is batches


def test_a_pickled_iterator_gives_the_same_batches():
    batches = image.ImageDataGenerator().flow(X, np.arange(4), batch_size=3, seed=3)
    again = pickle.loads(pickle.dumps(batches))
    for index in (0, 1):
        assert again[index][1].tolist() == batches[index][1].tolist()


def test_in_worker_processes_batches_fit_together_and_differ(monkeypatch):
    made = image.ImageDataGenerator(channel_shift_range=1.0)
    pixels = np.random.rand(8, 2, 2, 1)
    batches = made.flow(pixels, np.arange(8), batch_size=2)
    sent = pickle.dumps(batches)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    state = np.random.get_state()
    # Each worker begins with the same copy of everything, and makes one batch.
    workers = []
    for index in range(4):
        np.random.set_state(state)
        worker = pickle.loads(sent)
        workers.append((worker[index], np.random.rand()))
    assert sorted(int(i) for (_, y), _ in workers for i in y) == list(range(8))
    assert len({draw for _, draw in workers}) == 4
    one = pickle.loads(sent)
    for index in (2, 0):
        np.testing.assert_array_equal(one[index][0], workers[index][0][0])
    one.on_epoch_end()
    assert not np.array_equal(one[0][0], workers[0][0][0])


# What Pillow and SciPy do


def test_moved_images_are_those_of_keras_2(arrays, pillow, scipy):
    assert_arrays(CASES.moved_arrays(image), arrays, "moved", rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "wrap", "mirror"])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_fill_modes_are_those_of_scipy(scipy, mode, order):
    x = CASES.pictures()[1]
    moved = image.apply_affine_transform(x, theta=90, tx=1, fill_mode=mode, cval=3.0, order=order)
    # About a centre half a pixel beyond that of the pixels.
    matrix, centre = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([3.5, 3.0])
    offset = centre + matrix @ (np.array([1.0, 0.0]) - centre)
    for channel in range(3):
        plane = scipy.affine_transform(
            x[..., channel], matrix, offset, order=order, mode=mode, cval=3.0
        )
        np.testing.assert_allclose(moved[..., channel], plane, atol=1e-2)


def test_nothing_to_be_done_is_not_done():
    x = CASES.pictures()[0]
    assert image.apply_affine_transform(x) is x
    assert image.ImageDataGenerator().apply_transform(x, {}) is x


def test_brightness_reaches_images_with_their_channels_first(pillow):
    x = CASES.pictures()[0]
    options = {"brightness_range": (0.5, 0.5)}
    last = image.ImageDataGenerator(**options).random_transform(x)
    made = image.ImageDataGenerator(data_format="channels_first", **options)
    first = made.random_transform(x.transpose(2, 0, 1))
    np.testing.assert_array_equal(first, last.transpose(2, 0, 1))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_images_go_to_files_and_come_back(pillow, tmp_path, channels, mode, data_format):
    last = np.random.RandomState(0).randint(0, 256, (4, 5, channels)).astype("float32")
    x = last if data_format == "channels_last" else last.transpose(2, 0, 1)
    path = tmp_path / "x.png"
    image.save_img(path, x, data_format=data_format, scale=False)
    color_mode = {"L": "grayscale", "RGB": "rgb", "RGBA": "rgba"}[mode]
    loaded = image.load_img(path, color_mode=color_mode)
    assert (loaded.mode, loaded.size) == (mode, (5, 4))
    np.testing.assert_array_equal(image.img_to_array(loaded, data_format), x)
    assert image.load_img(path, target_size=(2, 3)).size == (3, 2)
    with open(path, "rb") as file:
        assert image.load_img(file).size == (5, 4)


def test_jpeg_is_written_without_transparency(pillow, tmp_path):
    x = np.zeros((3, 4, 4))
    for name, file_format in [("a.jpg", None), ("b.jpeg", None), ("c", "jpg"), ("d", "jpeg")]:
        with pytest.warns(UserWarning, match="no transparency"):
            image.save_img(str(tmp_path / name), x, file_format=file_format)
        assert image.load_img(tmp_path / name).size == (4, 3)


@pytest.mark.parametrize(("mode", "largest"), [("I;16", 60000), ("I", 70000)])
def test_grays_of_many_bits_keep_their_values(pillow, tmp_path, mode, largest):
    x = np.array([[0, 300, 1000], [255, 40000, largest]], "uint16" if mode == "I;16" else "int32")
    pillow.fromarray(x).save(tmp_path / "x.tif")
    found = image.img_to_array(image.load_img(tmp_path / "x.tif", color_mode="grayscale"))
    np.testing.assert_array_equal(found[..., 0], x)
    image.save_img(tmp_path / "y.tif", found, scale=False)
    np.testing.assert_array_equal(np.asarray(pillow.open(tmp_path / "y.tif")), x)


def test_batches_of_four_channels_go_to_jpeg_without_the_last(pillow, tmp_path):
    batches = image.ImageDataGenerator().flow(
        np.zeros((2, 3, 4, 4)), batch_size=2, save_to_dir=str(tmp_path), save_format="jpeg"
    )
    with pytest.warns(UserWarning, match="no transparency"):
        next(batches)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_former_argument_of_load_img_is_taken_with_a_warning(pillow, tmp_path):
    image.save_img(tmp_path / "x.png", X[0])
    with pytest.warns(UserWarning, match="color_mode='grayscale'"):
        assert image.load_img(tmp_path / "x.png", grayscale=True).mode == "L"
    with pytest.raises(ValueError, match="nearest, bilinear"):
        image.load_img(tmp_path / "x.png", target_size=(2, 2), interpolation="cubic")
    for name in ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"):
        small = image.load_img(tmp_path / "x.png", target_size=(2, 2), interpolation=name)
        assert small.size == (2, 2)


# Files


@pytest.fixture
def folder(pillow, tmp_path):
    CASES.write_folders(str(tmp_path / "images"))
    return str(tmp_path / "images")


def test_batches_of_files_are_those_of_keras_2(folder, arrays, capsys):
    pandas = pytest.importorskip("pandas")
    with pytest.warns(UserWarning, match="2 names in column 'filename' are no image files"):
        facts, found = CASES.file_facts(image, folder, pandas.DataFrame(CASES.columns()))
    assert_facts(facts, FACTS["files"])
    assert_arrays(found, arrays, "files")
    told = capsys.readouterr().out
    assert "Found 10 images belonging to 4 classes.\n" in told
    assert "Found 4 validated image filenames belonging to 3 classes.\n" in told


def test_batches_are_written_under_the_names_of_keras_2(pillow, tmp_path):
    assert_facts({"saved": CASES.saved_names(image, str(tmp_path))}, {"saved": FACTS["saved"]})


def test_links_are_followed_when_asked_for(folder):
    os.makedirs(os.path.join(folder, "..", "far"))
    os.rename(os.path.join(folder, "c"), os.path.join(folder, "..", "far", "c"))
    os.makedirs(os.path.join(folder, "c"))
    os.symlink(os.path.join(folder, "..", "far", "c"), os.path.join(folder, "c", "link"))
    made = image.ImageDataGenerator()
    assert made.flow_from_directory(folder, classes=["c"]).samples == 0
    assert made.flow_from_directory(folder, classes=["c"], follow_links=True).samples == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"class_mode": "raw"}, "'binary', 'categorical', 'input', 'sparse', None, not 'raw'"),
        ({"color_mode": "hsv"}, "rgb, rgba, grayscale, not 'hsv'"),
        ({"subset": "test"}, "'training' or 'validation', not 'test'"),
    ],
)
def test_folders_refuse_what_makes_no_sense(folder, options, told):
    with pytest.raises(ValueError, match=told):
        image.ImageDataGenerator().flow_from_directory(folder, **options)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"class_mode": "another"}, ValueError, "'multi_output', 'raw', 'sparse', None"),
        ({"class_mode": "binary"}, ValueError, "2 classes, not 3"),
        ({"class_mode": "multi_output"}, TypeError, "a list of columns as y_col, not 'class'"),
        ({"y_col": ["n", "m"]}, TypeError, "one column as y_col"),
        ({"y_col": "n"}, TypeError, "class_mode='raw'"),
        ({"y_col": "several", "class_mode": "sparse"}, TypeError, "must be of type str"),
        ({"x_col": "n"}, TypeError, "names of files, in column 'n'"),
        ({"weight_col": "class"}, TypeError, "weight_col='class' must hold numbers"),
        ({"x_col": "absent"}, KeyError, "no column 'absent'; the columns are.*'class'"),
        ({"y_col": "absent"}, KeyError, "no column 'absent'"),
        ({"weight_col": "absent"}, KeyError, "no column 'absent'"),
        ({"target_size": 8}, TypeError, r"target_size is \(rows, columns\).*not 8"),
        ({"target_size": (8, 8, 3)}, ValueError, "color_mode says how many channels"),
    ],
)
def test_data_frames_refuse_what_makes_no_sense(folder, options, error, told):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(CASES.columns())
    with pytest.raises(error, match=told):
        image.ImageDataGenerator().flow_from_dataframe(frame, folder, **options)


def test_former_arguments_of_data_frames_are_taken(folder):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(CASES.columns())
    frames = image.ImageDataGenerator().flow_from_dataframe
    options = {"y_col": "n", "validate_filenames": False, "shuffle": False}
    with pytest.warns(DeprecationWarning, match="has_ext has no effect"):
        old = frames(frame, folder, class_mode="other", has_ext=True, **options)
    new = frames(frame, folder, class_mode="raw", **options)
    np.testing.assert_array_equal(old.labels, new.labels)
    with pytest.raises(TypeError, match="a data frame of pandas, not a dict"):
        frames({"filename": []}, folder)


def test_draws_do_not_touch_the_other_generator():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    next(image.ImageDataGenerator(horizontal_flip=True).flow(X))
    assert random.random() == expected
