"""What of Keras 1 no list of names can say: rules that change a call as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable

from keras_core.legacy.call import OldCall, shown


class Rule:
    """A rule, with the signs by which a call that it is for can be told at once.

    Args:
        change: changes the call.
        marks: keywords; the rule is for calls with one of them.
        by_position: whether positional arguments can call for it as well; `change` finds out.
        unlike: types that the first argument does not have in Keras 2.
    """

    def __init__(
        self,
        change: Callable[[OldCall], None],
        marks: Iterable[str],
        by_position: bool = False,
        unlike: tuple[type, ...] = (),
    ) -> None:
        self.marks = frozenset(marks)
        self.unlike = unlike
        self._change = change
        self._by_position = by_position

    def __call__(self, call: OldCall) -> None:
        if self._by_position or not self.marks.isdisjoint(call.kwargs):
            self._change(call)


def on(
    *marks: str, by_position: bool = False, unlike: tuple[type, ...] = ()
) -> Callable[[Callable[[OldCall], None]], Rule]:
    """Decorates what a rule does; see `Rule`."""
    return lambda change: Rule(change, marks, by_position, unlike)


def sizes_as_one(new: str, parts: Sequence[str]) -> Rule:
    """A rule that makes one tuple of sizes, the second argument, of several.

    Args:
        new: name of the argument that takes the tuple.
        parts: names of the sizes; the first ones may come by position, after the first argument.
    """

    def change(call: OldCall) -> None:
        first, placed = call.args[:1], call.args[1 : 1 + len(parts)]
        rest = parts[len(placed) :]
        if len(placed) + len(rest) < 2 or len(call.args) > 1 + len(parts):
            return
        if not (set(rest) <= set(call.kwargs) and all(map(_is_whole, placed))):
            return
        if len(placed) == 2:
            _refuse_new_names(call)
        sizes = (*placed, *(call.kwargs[name] for name in rest))
        call.is_old = True
        if first and new not in call.kwargs:
            call.args = (*first, sizes)
        else:
            call.rename(rest[0], new, sizes)
        call.kwargs = {name: value for name, value in call.kwargs.items() if name not in rest}

    return Rule(change, parts, by_position=True)


def _is_whole(value: Any) -> bool:
    return not isinstance(value, (str, tuple, list, dict, float))


def _refuse_new_names(call: OldCall) -> None:
    found = [name for name in ("padding", "strides", "data_format") if name in call.kwargs]
    if found:
        raise ValueError(
            f"{call.name} got the sizes of its kernel one by one, as in Keras 1, but {found[0]} by "
            f"its name in Keras 2. Write the kernel as one: kernel_size={call.args[1:3]!r}."
        )


@on("input_dim")
def input_shape_of_sequences(call: OldCall) -> None:
    """`input_dim` and `input_length` are one shape."""
    length = call.kwargs.pop("input_length", None)
    call.kwargs.pop("input_shape", None)
    call.rename("input_dim", "input_shape", (length or None, call.kwargs["input_dim"]))


@on("forget_bias_init")
def forget_bias(call: OldCall) -> None:
    """The forget gate's bias starts at one, or as the others do."""
    value = call.kwargs["forget_bias_init"]
    if value == "one":
        call.rename("forget_bias_init", "unit_forget_bias", True)
    else:
        call.take("forget_bias_init")
        call.notes.append(
            f"forget_bias_init={shown(value)} has no effect: the forget gate starts at one, or as "
            "bias_initializer says where unit_forget_bias=False."
        )


@on("consume_less")
def implementation_of_cpu(call: OldCall) -> None:
    """The way of 'cpu' is that of 'mem' now, and warns of itself under its own number."""
    if call.kwargs["consume_less"] == "cpu":
        call.rename("consume_less", "implementation", 0)
        call.written["implementation"] = 1


@on("consume_less")
def no_implementation(call: OldCall) -> None:
    """There is one way to compute it."""
    call.take("consume_less")


_KNOWN_SHAPES = ("image_shape", "volume_shape", "filter_shape")


@on(*_KNOWN_SHAPES)
def no_shapes(call: OldCall) -> None:
    """Shapes are known from the tensors."""
    for name in set(_KNOWN_SHAPES).intersection(call.kwargs):
        call.take(name)


@on("dropout")
def no_dropout(call: OldCall) -> None:
    """Whole words are dropped by a layer of its own."""
    note = "dropout has no effect here: add SpatialDropout1D or Dropout behind."
    call.drop("dropout", note)


@on("mode")
def normalization_mode(call: OldCall) -> None:
    """There is one mode left."""
    mode = call.kwargs["mode"]
    if mode == 0:
        call.take("mode")
        return
    why = {
        1: "mode 1 normalized each sample by itself",
        2: "mode 2 took the statistics of the batch in testing as well",
    }
    raise TypeError(
        f"{call.name} has no mode={mode!r}: {why.get(mode, 'it is unknown')}. Keras 2 knows the "
        "former mode 0 alone, which takes each channel's statistics over the batch; leave mode "
        "out, or write the formula into a Lambda layer."
    )


@on("output_shape", by_position=True)
def no_output_shape(call: OldCall) -> None:
    """The shape of the output follows from the options."""
    if "output_shape" in call.kwargs:
        call.take("output_shape")
    elif len(call.args) == 4 and isinstance(call.args[3], (tuple, list)):
        call.is_old, call.args = True, call.args[:3]


@on("init")
def initializer_of_both(call: OldCall) -> None:
    """One initializer was that of both kernels."""
    value = call.take("init")
    call.put("init", "depthwise_initializer", value)
    call.put("init", "pointwise_initializer", value)


_SIDES = ("top_pad", "bottom_pad", "left_pad", "right_pad")


@on("padding", by_position=True, unlike=(dict,))
def named_paddings(call: OldCall) -> None:
    """Paddings by side are two pairs."""
    padding = call.args[0] if call.args else call.kwargs.get("padding")
    if not isinstance(padding, dict) or not set(padding) <= set(_SIDES):
        return
    top, bottom, left, right = (padding.get(side, 0) for side in _SIDES)
    call.is_old, pairs = True, ((top, bottom), (left, right))
    if call.args:
        call.args = (pairs, *call.args[1:])
    else:
        call.kwargs["padding"] = pairs


@on("show_accuracy")
def no_accuracy(call: OldCall) -> None:
    """The accuracy is a metric, for `compile`; Keras 1 itself ignored the argument in the end."""
    raise TypeError(
        f"{call.name} has no 'show_accuracy'. Leave it out, and write metrics=['accuracy'] in "
        "compile."
    )


@on("class_mode")
def no_class_mode(call: OldCall) -> None:
    """The loss says of which kind the targets are, since Keras 1.0."""
    raise ValueError(
        f"{call.name} has no 'class_mode', which Keras 1.0 dropped. Leave it out: the loss says "
        "what the targets are, and predict_classes of a Sequential gives classes."
    )


# What counted samples, with what counts batches now, and the argument that gives these.
_COUNTS = {
    "samples_per_epoch": ("steps_per_epoch", "generator"),
    "val_samples": ("steps", "generator"),
    "nb_val_samples": ("validation_steps", "validation_data"),
}


@on(*_COUNTS)
def steps_of_samples(call: OldCall) -> None:
    """Samples were counted, where batches are now."""
    is_by_position = len(call.args) > 1
    if "samples_per_epoch" in call.kwargs and not is_by_position:
        call.kwargs.pop("steps_per_epoch", None)
    for old, (new, giver) in _COUNTS.items():
        if old in call.kwargs and not (new == "steps_per_epoch" and is_by_position):
            batches = call.args[0] if giver == "generator" and call.args else call.kwargs.get(giver)
            call.rename(old, new, _steps(call, old, new, batches))


def _steps(call: OldCall, old: str, new: str, batches: Any) -> Any:
    """How many batches there are, as Keras 2.3.1 has it, but one at least."""
    samples = call.kwargs[old]
    if samples is None or isinstance(batches, (tuple, list)):
        return samples
    size = getattr(batches, "batch_size", None) if old == "samples_per_epoch" else None
    if size is None:
        call.notes.append(
            f"{new} counts batches, where {old} counted samples: divide it by the size of a batch."
        )
        return samples
    steps = samples // size
    return max(1, steps) if isinstance(steps, int) and samples > 0 else steps


def overriding(old: str, new: str) -> Rule:
    """A rule for an old name that counts where both are given."""

    def change(call: OldCall) -> None:
        call.kwargs.pop(new, None)
        call.rename(old, new, call.kwargs[old])

    return Rule(change, (old,))


_AFTER_SHAPE = ("initializer", "name", "trainable", "regularizer", "constraint")


@on(by_position=True, unlike=(tuple, list))
def shape_before_name(call: OldCall) -> None:
    """The shape of a weight came first, before its initializer."""
    if call.args and isinstance(call.args[0], (tuple, list)):
        shape, *rest = call.args
        call.is_old, call.args = True, ()
        call.kwargs["shape"] = shape
        for name, value in zip(_AFTER_SHAPE, rest):
            call.put(name, name, value)


@on("constraints", by_position=True, unlike=(list, tuple))
def loss_before_params(call: OldCall) -> None:
    """Parameters came before the loss, and constraints, which variables have now, between them."""
    call.kwargs.pop("constraints", None)
    if call.args and isinstance(call.args[0], (list, tuple)):
        params, *rest = call.args
        call.kwargs["params"] = params
        call.args = () if "loss" in call.kwargs else tuple(rest[-1:])


@on(by_position=True)
def data_format(call: OldCall) -> None:
    """The order of the axes of images has other words."""
    words = {"tf": "channels_last", "th": "channels_first"}
    call.name, call.is_old = "set_image_data_format", True
    call.args = tuple(words.get(a, a) if isinstance(a, str) else a for a in call.args)


@on("atrous_rate")
def dilation(call: OldCall) -> None:
    """Convolutions with holes are no layers of their own."""
    call.rename("atrous_rate", "dilation_rate", call.kwargs["atrous_rate"])
