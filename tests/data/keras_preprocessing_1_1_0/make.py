"""Runs preprocessing of Keras 2 and writes what came; README.md says where.

The tests run the same cases on keras_core.
"""

import json
import os
import random
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

TEXTS = [
    "The cat sat on the mat.",
    "The dog sat on the log; the log was wet",
    "Dogs and cats, living together!",
    "",
]
OTHER_TEXTS = ["the cat flew on the moon", "dog dog sat", "Nothing known"]

TOKENIZERS = {
    "plain": {},
    "few": {"num_words": 4},
    "few_oov": {"num_words": 4, "oov_token": "<unk>"},
    "oov": {"oov_token": "<unk>"},
    "oov_is_word": {"oov_token": "the"},
    "case": {"lower": False},
    "characters": {"char_level": True, "num_words": 6},
    "unfiltered": {"filters": "", "split": " "},
    "split": {"filters": "!,.", "split": "s"},
}

SKIPGRAMS = {
    "plain": {},
    "near": {"window_size": 1, "negative_samples": 0.0},
    "in_order": {"window_size": 2, "negative_samples": 0.5, "shuffle": False, "categorical": True},
    "many": {"window_size": 1, "negative_samples": 2.5},
    "seeded": {"seed": 4},
    "sampled": {"sampling_table": [0.0, 0.5, 0.6, 0.7, 0.8]},
}

SERIES = {
    "plain": {"length": 3, "batch_size": 4},
    "strided": {
        "length": 10,
        "sampling_rate": 3,
        "stride": 2,
        "start_index": 5,
        "end_index": 28,
        "batch_size": 3,
    },
    "reversed": {"length": 4, "reverse": True, "batch_size": 30},
    "shuffled": {"length": 3, "shuffle": True, "batch_size": 4},
    "uneven": {"length": 2, "stride": 3, "batch_size": 4},
}

PADDED = {
    "plain": ([[1], [1, 2], [1, 2, 3]], {}),
    "post": ([[1], [1, 2], [1, 2, 3]], {"maxlen": 2, "padding": "post", "truncating": "post"}),
    "value": ([[1.5], [], [1, 2, 3]], {"maxlen": 4, "value": -1.5, "dtype": "float32"}),
    "nested": ([[[1, 2]], [[3, 4], [5, 6]]], {"truncating": "post"}),
    "empty": ([[], []], {"maxlen": 3}),
}

# Options of a generator, whose numbers are drawn from one seed after the other.
DRAWN = {
    "none": {},
    "rotation": {"rotation_range": 20},
    "shift_fraction": {"width_shift_range": 0.3, "height_shift_range": 0.2},
    "shift_pixels": {"width_shift_range": 1.5, "height_shift_range": 1.0},
    "shift_int": {"width_shift_range": 3, "height_shift_range": 2},
    "shift_one": {"width_shift_range": 1},
    "shift_list": {"width_shift_range": [1, 2, 3], "height_shift_range": (0.5, 3)},
    "shift_fractions": {"width_shift_range": (0.1, 0.2), "height_shift_range": [0.3]},
    "shear": {"shear_range": 10.0},
    "zoom": {"zoom_range": 0.2},
    "zoom_pair": {"zoom_range": [0.5, 0.9]},
    "zoom_none": {"zoom_range": [1, 1], "rotation_range": 5},
    "channel": {"channel_shift_range": 20.0},
    "brightness": {"brightness_range": (0.2, 0.8)},
    "flips": {"horizontal_flip": True, "vertical_flip": True},
    "all": {
        "rotation_range": 10,
        "width_shift_range": 0.1,
        "height_shift_range": 2,
        "brightness_range": (0.5, 1.5),
        "shear_range": 5,
        "zoom_range": 0.1,
        "channel_shift_range": 9,
        "horizontal_flip": True,
        "vertical_flip": True,
    },
    "all_channels_first": {
        "rotation_range": 10,
        "width_shift_range": 0.1,
        "height_shift_range": 0.4,
        "data_format": "channels_first",
    },
}

# What is the same in all versions of SciPy; other modes are compared with SciPy itself.
MOVED = {
    "rotation": {"theta": 30},
    "shift": {"tx": 1.25, "ty": -2},
    "shear": {"shear": 12},
    "zoom": {"zx": 0.8, "zy": 1.3},
    "all": {"theta": -17, "tx": 0.5, "ty": 1, "shear": 8, "zx": 1.1, "zy": 0.9},
    "constant": {"theta": 40, "fill_mode": "constant", "cval": 7.0},
    "order_0": {"theta": 40, "order": 0},
    "order_3": {"theta": 10, "order": 3, "fill_mode": "constant"},
}

STANDARDIZED = {
    "samplewise": {"samplewise_center": True, "samplewise_std_normalization": True},
    "featurewise": {"featurewise_center": True, "featurewise_std_normalization": True},
    "center": {"featurewise_center": True, "rescale": 0.5},
    "zca": {
        "featurewise_center": True,
        "zca_whitening": True,
        "zca_epsilon": 1e-2,
        "dtype": "float64",
    },
    "function": {"preprocessing_function": lambda x: x * 2, "rescale": 1 / 255.0},
    "channels_first": {
        "featurewise_center": True,
        "featurewise_std_normalization": True,
        "data_format": "channels_first",
    },
    "float64": {
        "featurewise_center": True,
        "featurewise_std_normalization": True,
        "dtype": "float64",
    },
}

FOLDERS = {
    "a": ["2.png", "10.png", "1.jpg", "notes.txt", "Z.PNG", "apng"],
    "b": ["q.bmp", "r.jpeg", "s.tif"],
    "c": ["top.ppm"],
    "c/sub": ["deep.png"],
    "d": [],
}

DIRECTORY = {
    "plain": {"shuffle": False},
    "shuffled": {"seed": 5, "batch_size": 4},
    "classes": {"classes": ["c", "a"], "shuffle": False},
    "binary": {"classes": ["a", "b"], "class_mode": "binary", "shuffle": False},
    "sparse": {"class_mode": "sparse", "shuffle": False},
    "input": {"class_mode": "input", "shuffle": False, "batch_size": 3},
    "none": {"class_mode": None, "shuffle": False},
    "grayscale": {"color_mode": "grayscale", "shuffle": False},
    "rgba": {"color_mode": "rgba", "shuffle": False},
    "training": {"subset": "training", "shuffle": False},
    "validation": {"subset": "validation", "shuffle": False},
}

FRAMES = {
    "plain": {"shuffle": False},
    "shuffled": {"seed": 5, "batch_size": 2},
    "classes": {"classes": ["z", "x"], "shuffle": False},
    "lists": {"y_col": "several", "shuffle": False},
    "lists_classes": {"y_col": "several", "classes": ["z", "x"], "shuffle": False},
    "sparse": {"class_mode": "sparse", "weight_col": "w", "shuffle": False},
    "raw": {"class_mode": "raw", "y_col": "n", "shuffle": False},
    "raw_two": {"class_mode": "raw", "y_col": ["n", "m"], "weight_col": "w", "shuffle": False},
    "multi": {"class_mode": "multi_output", "y_col": ["n", "m"], "shuffle": False},
    "input": {"class_mode": "input", "shuffle": False},
    "none": {"class_mode": None, "shuffle": False},
    "training": {"subset": "training", "shuffle": False},
    "validation": {"subset": "validation", "shuffle": False},
}


def pictures():
    """Small images of whole numbers between 0 and 255."""
    return np.random.RandomState(0).randint(0, 256, (7, 6, 5, 3)).astype("float32")


def rounded(array):
    """Numbers without the digits in which logarithms differ from machine to machine."""
    return np.round(array, 12).tolist()


def text_facts(text):
    facts = {
        "words": text.text_to_word_sequence("Hello, World! a_b  c\td\ne'f"),
        "words_split": text.text_to_word_sequence("a!b c", split="::", filters="!"),
        "md5": text.hashing_trick("the cat sat on the mat \xe9", 20, "md5"),
        "len": text.hashing_trick("a bb ccc", 20, len),
        "one_hot": [1 <= n < 5 for n in text.one_hot("a b a", 5)],
    }
    for name in TOKENIZERS:
        facts["tokenizer_" + name] = tokenizer_facts(text, TOKENIZERS[name])
    return facts


def tokenizer_facts(text, options):
    made = text.Tokenizer(**options)
    made.fit_on_texts(TEXTS)
    made.fit_on_texts([["The", "word"], ["list"]])
    sequences = made.texts_to_sequences(OTHER_TEXTS)
    modes = ("binary", "count", "freq", "tfidf")
    return {
        "word_counts": list(made.word_counts.items()),
        "word_docs": sorted(made.word_docs.items()),
        "word_index": sorted(made.word_index.items()),
        "index_word": sorted(made.index_word.items()),
        "index_docs": sorted(made.index_docs.items()),
        "document_count": made.document_count,
        "sequences": sequences,
        "texts": made.sequences_to_texts(sequences + [[1, 99]]),
        "matrices": [rounded(made.texts_to_matrix(TEXTS[:3], mode)) for mode in modes],
        "config": sorted(set(made.get_config()) - {"filters"}),
    }


def sequence_facts(sequence):
    facts = {"sampling_table": rounded(sequence.make_sampling_table(6, 1e-3))}
    for name in SKIPGRAMS:
        random.seed(1)
        facts["skipgrams_" + name] = sequence.skipgrams([0, 1, 2, 3, 4, 1, 2], 5, **SKIPGRAMS[name])
        facts["after_skipgrams_" + name] = random.random()
    for name in PADDED:
        facts["padded_" + name] = sequence.pad_sequences(
            PADDED[name][0], **PADDED[name][1]
        ).tolist()
    for name in SERIES:
        np.random.seed(2)
        data, targets = np.arange(60.0).reshape(30, 2), np.arange(30)
        batches = sequence.TimeseriesGenerator(data, targets, **SERIES[name])
        facts["series_" + name] = [
            [part.tolist() for part in batches[index]] for index in range(len(batches))
        ]
        facts["series_json_" + name] = json.loads(batches.to_json())
    return facts


def drawn_facts(image):
    """What `get_random_transform` draws."""
    facts = {}
    for name in DRAWN:
        made = image.ImageDataGenerator(**DRAWN[name])
        drawn = [made.get_random_transform((6, 5, 3), seed) for seed in range(8)]
        facts[name] = [
            {key: None if value is None else float(value) for key, value in one.items()}
            for one in drawn
        ]
    return facts


def moved_arrays(image):
    """What SciPy and Pillow do with images."""
    x = pictures()[0]
    arrays = {}
    for name in MOVED:
        arrays["moved_" + name] = image.apply_affine_transform(x, **MOVED[name])
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    calls = {
        "rotation": lambda: image.random_rotation(x, 30, **axes),
        "shift": lambda: image.random_shift(x, 0.3, 0.2, **axes),
        "shear": lambda: image.random_shear(x, 20, **axes),
        "zoom": lambda: image.random_zoom(x, (0.7, 1.2), **axes),
        "channel_shift": lambda: image.random_channel_shift(x, 40, channel_axis=2),
        "brightness": lambda: image.random_brightness(x, (0.5, 1.5)),
        "first": lambda: image.random_rotation(x.transpose(2, 0, 1), 30),
    }
    for name in calls:
        np.random.seed(3)
        arrays["random_" + name] = calls[name]()
    for name in ("all", "flips", "channel", "brightness"):
        made = image.ImageDataGenerator(**DRAWN[name])
        arrays["transformed_" + name] = np.array([made.random_transform(x, s) for s in range(4)])
    arrays["scaled"] = np.asarray(image.array_to_img(x - 30))
    arrays["unscaled"] = np.asarray(image.array_to_img(x, scale=False))
    arrays["gray"] = np.asarray(image.array_to_img(x[:, :, :1] / 10))
    return arrays


def standardized_arrays(image):
    """What `fit` learns and `standardize` does."""
    x = pictures()
    arrays = {}
    for name in STANDARDIZED:
        made = image.ImageDataGenerator(**STANDARDIZED[name])
        images = x.transpose(0, 3, 1, 2) if name == "channels_first" else x
        made.fit(images)
        for part in ("mean", "std"):
            if getattr(made, part) is not None:
                arrays[f"{name}_{part}"] = getattr(made, part)
        one = images[0].astype(made.dtype)
        arrays[name] = made.standardize(one.copy())
    made = image.ImageDataGenerator(
        featurewise_center=True, horizontal_flip=True, height_shift_range=2
    )
    made.fit(x, augment=True, rounds=2, seed=1)
    arrays["augmented_mean"] = made.mean
    return arrays


def flow_arrays(image):
    """Batches of arrays: three ways of going through an epoch and a half."""
    x, y = pictures(), np.arange(7)
    arrays = {}
    for seed in (None, 5):
        made = image.ImageDataGenerator(horizontal_flip=True, channel_shift_range=9)
        np.random.seed(3)
        batches = made.flow(x, y, batch_size=3, seed=seed, sample_weight=y / 10.0)
        for step in range(5):
            for part, array in zip("xyw", next(batches)):
                arrays[f"next_{seed}_{step}_{part}"] = array
        batches = made.flow(x, y, batch_size=3, seed=seed)
        for step in range(6):
            images, targets = batches[step % 3]
            arrays[f"item_{seed}_{step}_x"] = images
            arrays[f"item_{seed}_{step}_y"] = targets
            if step == 2:
                batches.on_epoch_end()
        arrays[f"after_{seed}"] = np.random.rand(2)
    made = image.ImageDataGenerator(validation_split=0.3)
    for subset in ("training", "validation"):
        inputs, targets = next(made.flow((x, [y, y * 2]), y * 0, shuffle=False, subset=subset))
        for number, array in enumerate(inputs):
            arrays[f"{subset}_{number}"] = array
        arrays[subset + "_y"] = targets
    return arrays


def write_folders(folder):
    """Writes the images of FOLDERS, all as PNG, whatever their names are."""
    from PIL import Image

    draw = np.random.RandomState(1)
    for name in FOLDERS:
        os.makedirs(os.path.join(folder, name))
    for name in FOLDERS:
        for file in FOLDERS[name]:
            pixels = draw.randint(0, 256, (6, 8, 3)).astype("uint8")
            Image.fromarray(pixels).save(os.path.join(folder, name, file), format="png")


def described(batch):
    """The arrays of a batch, by number."""
    if isinstance(batch, (tuple, list)):
        return [array for part in batch for array in described(part)]
    return [batch]


def file_facts(image, folder, frame):
    """File orders and batches of folders and of a data frame."""
    facts, arrays = {}, {}
    for name in DIRECTORY:
        made = image.ImageDataGenerator(
            validation_split=0.4 if "subset" in DIRECTORY[name] else 0.0
        )
        batches = made.flow_from_directory(folder, target_size=(4, 5), **DIRECTORY[name])
        note(facts, arrays, "directory_" + name, batches)
        facts["directory_" + name]["classes"] = batches.classes.tolist()
        facts["directory_" + name]["class_indices"] = batches.class_indices
    for name in FRAMES:
        made = image.ImageDataGenerator(validation_split=0.3 if "subset" in FRAMES[name] else 0.0)
        batches = made.flow_from_dataframe(frame, folder, target_size=(4, 5), **FRAMES[name])
        note(facts, arrays, "frame_" + name, batches)
        facts["frame_" + name]["class_indices"] = getattr(batches, "class_indices", None)
    return facts, arrays


def note(facts, arrays, name, batches):
    facts[name] = {"filenames": list(batches.filenames), "samples": batches.samples}
    for step in range(2):
        for number, array in enumerate(described(next(batches))):
            arrays[f"{name}_{step}_{number}"] = array


def columns():
    return {
        "filename": ["a/2.png", "b/q.bmp", "a/1.jpg", "missing.png", "c/top.ppm", "a/notes.txt"],
        "class": ["x", "y", "x", "y", "z", "z"],
        "several": [["x"], ["x", "y"], ("z",), ["x"], ["y", "z"], ["x"]],
        "n": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "m": [6, 5, 4, 3, 2, 1],
        "w": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    }


def saved_names(image, folder):
    """Names of the files that `save_to_dir` writes, and what is drawn after that."""
    np.random.seed(0)
    batches = image.ImageDataGenerator().flow(
        pictures(), batch_size=3, save_to_dir=folder, save_prefix="p", save_format="png"
    )
    next(batches)
    return sorted(os.listdir(folder)), np.random.rand()


def dataset_facts(imdb, reuters, boston_housing, folder):
    """What the loaders make of files of the published layout."""
    write_datasets(folder)
    modules = {"imdb": imdb, "reuters": reuters, "boston_housing": boston_housing}
    for name in modules:
        modules[name].get_file = lambda path, *_, **__: os.path.join(folder, path)
    facts = {}
    for name, number in DATASETS:
        loaded = modules[name].load_data(**DATASETS[name, number])
        facts[f"{name}_{number}"] = [
            [list(row) if hasattr(row, "__len__") else row for row in array.tolist()]
            for part in loaded
            for array in part
        ]
    return facts


DATASETS = {
    ("imdb", 0): {},
    ("imdb", 1): {"num_words": 12},
    ("imdb", 2): {"num_words": 12, "oov_char": None},
    ("imdb", 3): {"skip_top": 5, "num_words": 20, "seed": 7},
    ("imdb", 4): {"maxlen": 6},
    ("imdb", 5): {"start_char": None, "index_from": 0},
    ("reuters", 0): {},
    ("reuters", 1): {"num_words": 12, "test_split": 0.5},
    ("reuters", 2): {"maxlen": 8, "start_char": None},
    ("reuters", 3): {"seed": 7, "skip_top": 6},
    ("boston_housing", 0): {},
    ("boston_housing", 1): {"test_split": 0.35, "seed": 3},
}


def write_datasets(folder):
    draw = np.random.RandomState(0)

    def texts(number):
        made = np.empty(number, dtype=object)
        made[:] = [draw.randint(1, 30, draw.randint(2, 9)).tolist() for _ in range(number)]
        return made

    np.savez(
        os.path.join(folder, "imdb.npz"),
        x_train=texts(6),
        y_train=draw.randint(0, 2, 6),
        x_test=texts(4),
        y_test=draw.randint(0, 2, 4),
    )
    np.savez(os.path.join(folder, "reuters.npz"), x=texts(10), y=draw.randint(0, 46, 10))
    np.savez(os.path.join(folder, "boston_housing.npz"), x=draw.rand(10, 13), y=draw.rand(10))


def main():
    import tempfile

    import pandas
    from keras import datasets
    from keras.preprocessing import image, sequence, text

    facts = {
        "text": text_facts(text),
        "sequence": sequence_facts(sequence),
        "drawn": drawn_facts(image),
    }
    arrays = {}
    for name, made in (
        ("moved", moved_arrays(image)),
        ("standardized", standardized_arrays(image)),
        ("flow", flow_arrays(image)),
    ):
        arrays.update({name + "/" + key: made[key] for key in made})
    with tempfile.TemporaryDirectory() as folder:
        write_folders(os.path.join(folder, "images"))
        facts["files"], made = file_facts(
            image, os.path.join(folder, "images"), pandas.DataFrame(columns())
        )
        arrays.update({"files/" + key: made[key] for key in made})
        os.mkdir(os.path.join(folder, "saved"))
        facts["saved"] = saved_names(image, os.path.join(folder, "saved"))
        facts["datasets"] = dataset_facts(
            datasets.imdb, datasets.reuters, datasets.boston_housing, folder
        )
    with open(os.path.join(HERE, "facts.json"), "w") as file:
        json.dump(facts, file, sort_keys=True, separators=(",", ":"))
    np.savez_compressed(os.path.join(HERE, "arrays.npz"), **arrays)


if __name__ == "__main__":
    sys.exit(main())
