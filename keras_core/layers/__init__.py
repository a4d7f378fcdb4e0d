"""All layers, and their conversion to configurations and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from keras_core import missing, namespaces, short_help
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.engine.input_layer import Input, InputLayer
from keras_core.families import Family, Names
from keras_core.layers import (
    _in_files,
    old_merge,  # noqa: F401  (makes the module `merge` callable)
)
from keras_core.layers.advanced_activations import (
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
    ThresholdedReLU,
)
from keras_core.layers.convolutional import (
    AtrousConvolution1D,
    AtrousConvolution2D,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    Convolution1D,
    Convolution2D,
    Convolution3D,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Deconvolution2D,
    Deconvolution3D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from keras_core.layers.convolutional_recurrent import ConvLSTM2D, ConvLSTM2DCell
from keras_core.layers.core import (
    Activation,
    ActivityRegularization,
    Dense,
    Dropout,
    Flatten,
    Lambda,
    Masking,
    Permute,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from keras_core.layers.cudnn_recurrent import CuDNNGRU, CuDNNLSTM
from keras_core.layers.embeddings import Embedding
from keras_core.layers.local import LocallyConnected1D, LocallyConnected2D
from keras_core.layers.merge import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from keras_core.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from keras_core.layers.normalization import BatchNormalization
from keras_core.layers.old import Highway, MaxoutDense
from keras_core.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    AvgPool1D,
    AvgPool2D,
    AvgPool3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalAvgPool3D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPool3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from keras_core.layers.recurrent import (
    GRU,
    LSTM,
    RNN,
    ConvRecurrent2D,
    GRUCell,
    LSTMCell,
    Recurrent,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
)
from keras_core.layers.wrappers import Bidirectional, TimeDistributed

if TYPE_CHECKING:  # which the imports above leave here, by names that Keras 2 has
    from keras_core.layers import (
        advanced_activations as advanced_activations,
    )
    from keras_core.layers import (
        convolutional as convolutional,
    )
    from keras_core.layers import (
        convolutional_recurrent as convolutional_recurrent,
    )
    from keras_core.layers import (
        core as core,
    )
    from keras_core.layers import (
        cudnn_recurrent as cudnn_recurrent,
    )
    from keras_core.layers import (
        embeddings as embeddings,
    )
    from keras_core.layers import (
        local as local,
    )
    from keras_core.layers import (
        merge as merge,
    )
    from keras_core.layers import (
        noise as noise,
    )
    from keras_core.layers import (
        normalization as normalization,
    )
    from keras_core.layers import (
        pooling as pooling,
    )
    from keras_core.layers import (
        recurrent as recurrent,
    )
    from keras_core.layers import (
        wrappers as wrappers,
    )

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM2D",
    "ConvLSTM2DCell",
    "ConvRecurrent2D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "CuDNNGRU",
    "CuDNNLSTM",
    "Deconvolution2D",
    "Deconvolution3D",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "ELU",
    "Embedding",
    "Flatten",
    "GRU",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "Highway",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTM",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LeakyReLU",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "Masking",
    "MaxoutDense",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "Minimum",
    "Multiply",
    "PReLU",
    "Permute",
    "RNN",
    "ReLU",
    "Recurrent",
    "RepeatVector",
    "Reshape",
    "SeparableConv1D",
    "SeparableConv2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "StackedRNNCells",
    "Subtract",
    "ThresholdedReLU",
    "TimeDistributed",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())
short_help.install((f"{__name__}.", InputLayer.__module__))


_MODELS = ("Model", "Sequential")


class _Layers(Names):
    """The layers, and the models, which may stand where a layer does; and what files alone name."""

    def __getitem__(self, name: str) -> Any:
        if name in _in_files.CLASSES:
            return _in_files.CLASSES[name]
        return _model(name) if name in _MODELS else super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        return iter([*super().__iter__(), *_MODELS, *_in_files.CLASSES])

    def _is_one(self, value: Any) -> bool:
        return isinstance(value, type) and issubclass(value, Layer)


def _model(name: str) -> Any:
    from keras_core.engine import sequential, training  # so that layers alone load no training

    return training.Model if name == "Model" else sequential.Sequential


FAMILY = Family("layer", _Layers(globals(), __all__))


def serialize(layer: Layer) -> dict[str, Any]:
    """Returns a layer as data.

    Args:
        layer: a layer or a model.

    Returns:
        A dictionary of its `class_name` and its `config`.

    Example:
        >>> data = layers.serialize(layers.Dense(4, name="last"))
        >>> data["class_name"], data["config"]["units"]
        ('Dense', 4)
    """
    return FAMILY.serialize(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Makes a layer, or a model, of what `serialize` gave.

    Args:
        config: dictionary of `class_name` and `config`.
        custom_objects: dictionary of the classes and functions that are not built in, by name.

    Returns:
        A new layer or model, with new weights.

    Raises:
        ValueError: if the class is not known, or the configuration is no such dictionary.

    Example:
        >>> data = layers.serialize(layers.Dense(4, name="last"))
        >>> layer = layers.deserialize(data)
        >>> layer, layer.units
        (<Dense 'last'>, 4)
    """
    return FAMILY.deserialize(config, custom_objects)
