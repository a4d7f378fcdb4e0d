"""What the layers of TensorFlow.js lack, or compute otherwise without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable, NamedTuple, Optional

from keras_core.export.errors import refuse
from keras_core.graph.passes import optimize
from keras_core.plugins.programs import program_of

FORMAT = "TensorFlow.js"


class Use(NamedTuple):
    """A layer as the model uses it.

    Attributes:
        layer: the layer.
        config: its configuration.
        is_masked: whether a mask reaches it.
    """

    layer: Any
    config: Mapping[str, Any]
    is_masked: bool


Check = Callable[[Use], Optional[str]]

ACTIVATIONS = frozenset(
    ("elu", "hard_sigmoid", "linear", "relu", "selu", "sigmoid", "softmax", "softplus")
    + ("softsign", "tanh")
)
DTYPES = ("float32", "int32", "bool")
_MODELS = ("Model", "Sequential")


# Each check gives the reason why a layer cannot be written, or None.


def _always(option: str, *values: Any) -> Check:
    """An option that is missing there, and so must have one of these values."""

    def check(use: Use) -> str | None:
        if use.config.get(option) in values:
            return None
        return f"there {option} is always {values[0]!r}, here it is {use.config.get(option)!r}."

    return check


def _one_of(option: str, *values: Any) -> Check:
    """An option that has only these values there."""

    def check(use: Use) -> str | None:
        value = use.config[option]
        return None if value in values else f"there is no {option} {value!r} there."

    return check


def _no_mask(use: Use) -> str | None:
    return "there it does not heed a mask, and here one reaches it." if use.is_masked else None


def _last_axis(use: Use) -> str | None:
    axis, rank = use.config["axis"], _rank(use.layer)
    return None if axis in (-1, rank - 1) else f"there it knows the last axis alone, not {axis}."


def _rank_at_most(most: int) -> Check:
    def check(use: Use) -> str | None:
        rank = _rank(use.layer)
        return f"there it takes at most {most} axes, not {rank}." if rank > most else None

    return check


def _rank(layer: Any) -> int:
    """The largest number of axes of an input."""
    spec = layer.input_spec
    if spec is not None and not isinstance(spec, list) and spec.ndim:
        return spec.ndim
    return max((x.ndim for node in layer._inbound_nodes for x in node.input_tensors), default=0)


def _no_causal(use: Use) -> str | None:
    return "padding='causal' is missing there." if use.config["padding"] == "causal" else None


def _no_gaps(use: Use) -> str | None:
    size = use.config.get("kernel_size") or use.config["pool_size"]
    gaps = any(stride > n for n, stride in zip(size, use.config["strides"]))
    if not gaps or use.config["padding"] != "same":
        return None
    return "there padding='same' is another where a stride is larger than its window."


def _no_batch_axis(use: Use) -> str | None:
    return "there samples cannot be joined along axis 0." if use.config["axis"] == 0 else None


def _one_cell(use: Use) -> str | None:
    several = type(use.layer.cell).__name__ == "StackedRNNCells"
    return "there several cells of one RNN have weights of equal names." if several else None


def _no_given_states(use: Use) -> str | None:
    given = any(len(node.input_tensors) > 1 for node in use.layer._inbound_nodes)
    return "there it takes no initial_state." if given else None


_CHANNELS_LAST = _always("data_format", "channels_last")
_NOT_DILATED = _always("dilation_rate", (1, 1), None)
_NOT_PADDED = _always("output_padding", None)

# Layers that are there, each with what is to be seen to.
LAYERS: dict[str, tuple[Check, ...]] = {
    **dict.fromkeys(
        ("Activation", "AlphaDropout", "Bidirectional", "Conv2D")
        + ("ConvLSTM2DCell", "Cropping2D", "Dense", "Dropout", "Embedding", "Flatten")
        + ("GaussianDropout", "GaussianNoise", "InputLayer", "LSTM", "LSTMCell", "LeakyReLU")
        + ("Masking", "PReLU", "Permute", "RepeatVector", "Reshape", "SimpleRNN")
        + ("SimpleRNNCell", "SpatialDropout1D", "ThresholdedReLU", "TimeDistributed")
        + ("AveragePooling2D", "MaxPooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D")
        + ("ZeroPadding2D",),
        (),
    ),
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply"), (_no_mask,)),
    **dict.fromkeys(("AveragePooling1D", "MaxPooling1D", "GlobalMaxPooling1D"), (_CHANNELS_LAST,)),
    **dict.fromkeys(("AveragePooling3D", "Conv3D", "MaxPooling3D"), (_no_gaps,)),
    **dict.fromkeys(("GRU", "GRUCell"), (_always("reset_after", False),)),
    "BatchNormalization": (_last_axis, _rank_at_most(4)),
    "Concatenate": (_no_batch_axis,),
    "Conv1D": (_no_causal, _CHANNELS_LAST),
    "Conv2DTranspose": (_NOT_PADDED, _NOT_DILATED),
    "Conv3DTranspose": (_NOT_PADDED, _NOT_DILATED, _no_gaps),
    "ConvLSTM2D": (_no_given_states,),
    "DepthwiseConv2D": (_NOT_DILATED,),
    "Dot": (_rank_at_most(3),),
    "ELU": (_always("alpha", 1.0),),
    "GlobalAveragePooling1D": (_CHANNELS_LAST, _no_mask),
    "ReLU": (_always("negative_slope", 0.0), _always("threshold", 0.0)),
    "RNN": (_one_cell,),
    "SeparableConv2D": (_CHANNELS_LAST,),
    "Softmax": (_last_axis, _no_mask),
    "UpSampling2D": (_one_of("interpolation", "nearest", "bilinear"),),
}


def check(model: Any) -> None:
    """Refuses what TensorFlow.js would not load, or compute otherwise.

    Raises:
        ExportError: naming the first such layer and the reason.
        ValueError: the model has not met its inputs yet.
    """
    for use in _uses(model, False):
        reason = _reason(use)
        if reason:
            raise refuse(FORMAT, use.layer.name, reason)
    _refuse_equal_outputs(model)


def _uses(layer: Any, is_masked: bool) -> Iterator[Use]:
    """Layers at every depth, without models of Keras's own classes, which are those layers.

    A mask that reaches a model or wrapper is taken to reach all in it.
    """
    for inner in layer._layers:
        masked = is_masked or _meets_mask(inner)
        if type(inner).__name__ not in _MODELS:
            yield Use(inner, inner.get_config(), masked)
        yield from _uses(inner, masked)


def _meets_mask(layer: Any) -> bool:
    return any(mask is not None for node in layer._inbound_nodes for mask in node.input_masks)


def _reason(use: Use) -> str | None:
    kind, config = type(use.layer).__name__, use.config
    if kind not in LAYERS:
        return f"there is no layer {kind} there."
    for option in ("activation", "recurrent_activation"):
        if config.get(option, "linear") not in ACTIVATIONS:
            return f"there is no {option} {config[option]!r} there."
    if config.get("convention", "tensorflow") != "tensorflow":
        return f"there is no convention {config['convention']!r} there."
    if config.get("dtype", "float32") not in DTYPES:
        return f"there is no dtype {config['dtype']} there."
    return next(filter(None, (one(use) for one in LAYERS[kind])), None)


def _refuse_equal_outputs(model: Any) -> None:
    """TensorFlow.js frees an output that is another one as well."""
    program = optimize(program_of(model, phase=0))
    names: dict[Any, str] = {}
    for x, name in zip(program.outputs, model.output_names):
        if x.key in names:
            raise refuse(
                FORMAT, None, f"its outputs {names[x.key]!r} and {name!r} are one tensor; give one."
            )
        names[x.key] = name
