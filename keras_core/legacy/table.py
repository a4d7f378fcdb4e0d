"""What Keras 1 called things, as data: the one table behind calls, configurations and `upgrade`.

Each row stands for a class or a method of Keras 2 and says how the call that Keras 1 had of it is
turned into one of today: first the rules, for what no list of names can say, then values, then
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_core.legacy import merging, rules
from keras_core.legacy.rules import Rule


@dataclass(frozen=True)
class Row:
    """How calls of one class or method were written.

    Attributes:
        positional: the arguments that may come by position; None where all may.
        renamed: old name of an argument to its new one.
        values: old name of an argument to its values that are written otherwise now.
        rules: what is done first, each on the whole call.
        always: whether the rules alone know which calls are old ones.
    """

    positional: tuple[str, ...] | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    always: bool = False

    @property
    def marks(self) -> frozenset[str]:
        """The keywords by which a call of Keras 1 can be told."""
        return frozenset(self.renamed).union(*(rule.marks for rule in self.rules))

    @property
    def unlike(self) -> tuple[type, ...]:
        """The types of a first argument by which a call of Keras 1 can be told."""
        return tuple(kind for rule in self.rules for kind in rule.unlike)


_BIAS = {"b_regularizer": "bias_regularizer", "b_constraint": "bias_constraint", "bias": "use_bias"}
_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "W_constraint": "kernel_constraint",
    **_BIAS,
}
_WINDOW = {"subsample": "strides", "border_mode": "padding"}
_FORMAT = {"dim_ordering": "data_format"}
_FORMATS = {"dim_ordering": {"tf": "channels_last", "th": "channels_first", "default": None}}
_RECURRENT = {
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_FILTERS = ("filters", "kernel_size")
_IMAGE_KERNEL = rules.sizes_as_one("kernel_size", ("nb_row", "nb_col"))
_VOLUME_KERNEL = rules.sizes_as_one("kernel_size", ("kernel_dim1", "kernel_dim2", "kernel_dim3"))


def _in_images(*positional: str, **renamed: str) -> Row:
    """A row for a layer of images or volumes, whose one old option was the order of their axes."""
    return Row(positional, {**renamed, **_FORMAT}, _FORMATS)


_SEQUENCE_CONV = Row(
    _FILTERS,
    {
        "nb_filter": "filters",
        "filter_length": "kernel_size",
        "subsample_length": "strides",
        "border_mode": "padding",
        **_WEIGHTS,
    },
    rules=(rules.input_shape_of_sequences,),
)


def _conv(*special: Rule, **renamed: str) -> Row:
    names = {"nb_filter": "filters", **_WINDOW, **_FORMAT, **(renamed or _WEIGHTS)}
    return Row(_FILTERS, names, _FORMATS, special)


_IMAGE_CONV = _conv(_IMAGE_KERNEL)
_SEQUENCE_POOLING = Row(
    ("pool_size", "strides", "padding"),
    {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"},
)
_POOLING = _in_images("pool_size", "strides", "padding", border_mode="padding")
_GLOBAL_POOLING = Row(None, _FORMAT, _FORMATS)
_GATED_LAYER = Row(
    ("units",),
    {"output_dim": "units", **_RECURRENT, "consume_less": "implementation"},
    {"consume_less": {"cpu": 0, "mem": 1, "gpu": 2}},
    (rules.forget_bias, rules.input_shape_of_sequences, rules.implementation_of_cpu),
)
_SIMPLE_LAYER = Row(
    ("units",),
    {"output_dim": "units", **_RECURRENT},
    rules=(rules.input_shape_of_sequences, rules.no_implementation),
)
_FORWARD = {"input": "inputs", "output": "outputs"}

# Layers and models by their class.
CLASSES: dict[str, Row] = {
    "Dense": Row(("units",), {"output_dim": "units", **_WEIGHTS}),
    "Dropout": Row(("rate", "noise_shape", "seed"), {"p": "rate"}),
    "SpatialDropout1D": Row(("rate",), {"p": "rate"}),
    "SpatialDropout2D": _in_images("rate", p="rate"),
    "SpatialDropout3D": _in_images("rate", p="rate"),
    "GaussianNoise": Row(("stddev",), {"sigma": "stddev"}),
    "GaussianDropout": Row(("rate",), {"p": "rate"}),
    "Lambda": Row(("function", "output_shape")),
    "PReLU": Row(("alpha_initializer",), {"init": "alpha_initializer"}),
    "Embedding": Row(
        ("input_dim", "output_dim"),
        {
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
        rules=(rules.no_dropout,),
    ),
    "BatchNormalization": Row(
        (),
        {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
        rules=(rules.normalization_mode,),
    ),
    "Conv1D": _SEQUENCE_CONV,
    "Conv2D": _IMAGE_CONV,
    "Conv3D": _conv(_VOLUME_KERNEL),
    "Conv2DTranspose": _conv(rules.no_output_shape, _IMAGE_KERNEL),
    "SeparableConv2D": _conv(rules.initializer_of_both, _IMAGE_KERNEL, **_BIAS),
    "LocallyConnected1D": _SEQUENCE_CONV,
    "LocallyConnected2D": _IMAGE_CONV,
    "MaxPooling1D": _SEQUENCE_POOLING,
    "AveragePooling1D": _SEQUENCE_POOLING,
    **{f"{kind}Pooling{n}D": _POOLING for kind in ("Max", "Average") for n in (2, 3)},
    **{f"Global{kind}Pooling{n}D": _GLOBAL_POOLING for kind in ("Max", "Average") for n in (2, 3)},
    "UpSampling1D": Row(("size",), {"length": "size"}),
    "UpSampling2D": _in_images("size"),
    "UpSampling3D": _in_images("size"),
    "Cropping2D": _in_images("cropping"),
    "Cropping3D": _in_images("cropping"),
    "ZeroPadding2D": Row(("padding",), _FORMAT, _FORMATS, (rules.named_paddings,)),
    "ZeroPadding3D": _in_images("padding"),
    "SimpleRNN": _SIMPLE_LAYER,
    "GRU": _GATED_LAYER,
    "LSTM": _GATED_LAYER,
    "ConvLSTM2D": Row(
        _FILTERS,
        {"nb_filter": "filters", **_WINDOW, **_FORMAT, **_RECURRENT, "bias": "use_bias"},
        _FORMATS,
        (rules.forget_bias, _IMAGE_KERNEL),
    ),
    "InputLayer": Row(None, {"input_dtype": "dtype"}),
    "Network": Row(None, _FORWARD),
    "ReduceLROnPlateau": Row(None, {"epsilon": "min_delta"}),
}

_WORKERS = {
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
    "max_q_size": "max_queue_size",
}
_GENERATOR = Row(
    ("generator", "steps_per_epoch", "epochs"),
    {
        "samples_per_epoch": "steps_per_epoch",
        "val_samples": "steps",
        "nb_epoch": "epochs",
        "nb_val_samples": "validation_steps",
        **_WORKERS,
    },
    rules=(rules.no_accuracy, rules.steps_of_samples),
)

# Methods, by the class that defines them first.
METHODS: dict[str, dict[str, Row]] = {
    "Compiled": {"compile": Row(None, rules=(rules.no_class_mode,))},
    "Model": {
        "fit": Row(None, rules=(rules.no_accuracy, rules.overriding("nb_epoch", "epochs"))),
        "fit_generator": _GENERATOR,
        "evaluate_generator": _GENERATOR,
        "predict_generator": _GENERATOR,
    },
    "Optimizer": {"get_updates": Row(None, rules=(rules.loss_before_params,))},
    "WeightOwner": {"add_weight": Row(None, rules=(rules.shape_before_name,))},
}

# Functions, and classes that take no old calls, which Keras 2 has under the same name, by module
# and name.
FUNCTIONS: dict[str, Row] = {
    "layers.merge": Row(None, rules=(Rule(merging.by_mode, (), by_position=True),)),
    "backend.set_image_dim_ordering": Row(None, rules=(rules.data_format,)),
    "datasets.imdb.load_data": Row(None, {"nb_words": "num_words"}),
    "datasets.reuters.load_data": Row(None, {"nb_words": "num_words"}),
    "preprocessing.text.Tokenizer": Row(None, {"nb_words": "num_words"}),
    "preprocessing.image.random_channel_shift": Row(None, {"intensity": "intensity_range"}),
    "utils.data_utils.validate_file": Row(None, {"md5_hash": "file_hash"}),
    "utils.np_utils.normalize": Row(None, {"a": "x"}),
    "utils.np_utils.to_categorical": Row(None, {"nb_classes": "num_classes"}),
    **{
        f"constraints.{name}": Row(None, {"m": "max_value"})
        for name in ("MaxNorm", "max_norm", "maxnorm")
    },
    "constraints.MinMaxNorm": Row(None, {"low": "min_value", "high": "max_value"}),
    **{
        f"preprocessing.image.{name}": Row(None, _FORMAT, _FORMATS)
        for name in ("ImageDataGenerator", "NumpyArrayIterator", "array_to_img", "img_to_array")
    },
    **{
        f"backend.{name}": Row(
            None,
            {**_FORMAT, "border_mode": "padding", "filter_dilation": "dilation_rate"},
            _FORMATS,
            (rules.no_shapes,),
        )
        for name in ("conv2d", "conv3d", "pool2d", "pool3d", "separable_conv2d")
    },
    **{
        f"backend.{name}": Row(None, {"X": "x", **_FORMAT}, _FORMATS)
        for name in ("resize_images", "resize_volumes")
    },
    **{
        f"backend.{name}": Row(None, _FORMAT, _FORMATS)
        for name in ("spatial_2d_padding", "spatial_3d_padding")
    },
    "backend.batch_get_value": Row(None, {"xs": "ops"}),
    "backend.moving_average_update": Row(None, {"variable": "x"}),
    "backend.conv1d": Row(
        None, {"stride": "strides", "border_mode": "padding"}, rules=(rules.no_shapes,)
    ),
    "backend.expand_dims": Row(None, {"dim": "axis"}),
    "backend.one_hot": Row(None, {"nb_classes": "num_classes"}),
    "backend.random_normal": Row(None, {"std": "stddev"}),
    "backend.random_uniform": Row(None, {"low": "minval", "high": "maxval"}),
}

# Weights, by what regularizes them today.
_REGULARIZED = {
    "kernel_regularizer": "kernel",
    "embeddings_regularizer": "embeddings",
    "recurrent_regularizer": "recurrent_kernel",
    "bias_regularizer": "bias",
}

# Weights of layers, as most of them call these today.
WEIGHTS: dict[str, str] = {"W": "kernel", "U": "recurrent_kernel", "b": "bias"}

# What callbacks find in their `params`.
PARAMS: dict[str, str] = {"nb_epoch": "epochs", "nb_sample": "samples"}

# Other names of classes.
ALIASES: dict[str, str] = {
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Deconv2D": "Conv2DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Model": "Network",
    "SeparableConvolution2D": "SeparableConv2D",
}


def row_of(name: str) -> Row | None:
    """The row of a class by any of its names; None where nothing has changed."""
    return CLASSES.get(ALIASES.get(name, name))


def attribute_today(kind: type, name: str) -> str | None:
    """Today's name of an attribute that layers of a class had; None of what is none of Keras 1.

    Args:
        kind: the class.
        name: the attribute's name.
    """
    row = next(filter(None, map(row_of, (base.__name__ for base in kind.__mro__))), None)
    if row is None or name in WEIGHTS.values():
        return None
    regularizer = row.renamed.get(f"{name}_regularizer")
    return _REGULARIZED[regularizer] if regularizer else row.renamed.get(name)
