"""The table under the names that `keras.legacy.interfaces` has for it in Keras 2.

Each `legacy_..._support` decorates a constructor or method so that it takes the old calls of one
kind of layer; each preprocessor is what has to be done before names are replaced. Layers of
keras_core need none of them: the table reaches these where they are defined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from keras_core.legacy.call import OldCall, both_given
from keras_core.legacy.calls import taking_old_calls
from keras_core.legacy.rules import Rule
from keras_core.legacy.table import CLASSES, METHODS, Row

Method = Callable[..., Any]
Preprocessor = Callable[[Any, Any], tuple[Any, Any, Any]]


def generate_legacy_interface(
    allowed_positional_args: Iterable[str] | None = None,
    conversions: Iterable[tuple[str, str]] | None = None,
    preprocessor: Preprocessor | None = None,
    value_conversions: Mapping[str, Mapping[Any, Any]] | None = None,
    object_type: str = "class",
) -> Callable[[Method], Method]:
    """A decorator for a constructor or method that shall take the calls of Keras 1 too.

    Args:
        allowed_positional_args: names of the arguments that may come by position; None allows all.
        conversions: pairs of an old name and its new one.
        preprocessor: function of `(args, kwargs)`, with the object itself first in `args`, that
            returns both as they are to be and a list, empty where nothing was old.
        value_conversions: dict from an old name to a dict from old values to new ones.
        object_type: 'class' names the class in warnings, 'method' the method.
    """
    row = Row(
        None if allowed_positional_args is None else tuple(allowed_positional_args),
        dict(conversions or ()),
        value_conversions or {},
        () if preprocessor is None else (_rule(preprocessor),),
        always=preprocessor is not None,
    )
    return _support(row, object_type)


def raise_duplicate_arg_error(old_arg: str, new_arg: str) -> None:
    """Refuses an argument that is given under both of its names.

    Raises:
        TypeError: always.
    """
    raise both_given("The call", old_arg, new_arg)


def _support(row: Row, object_type: str = "class") -> Callable[[Method], Method]:
    def legacy_support(func: Method) -> Method:
        owner, _, method = getattr(func, "__qualname__", func.__name__).rpartition(".")
        name = owner.rpartition(".")[2] if object_type == "class" else method
        return taking_old_calls(name or method, row, func)

    return legacy_support


def _rule(preprocessor: Preprocessor) -> Rule:
    def change(call: OldCall) -> None:
        args, call.kwargs, old = preprocessor((None, *call.args), call.kwargs)
        call.args = tuple(args[1:])
        call.is_old = call.is_old or bool(old)

    return Rule(change, (), by_position=True)


def _preprocessor(row: Row) -> Preprocessor:
    def preprocess(args: Any, kwargs: Any) -> tuple[Any, Any, Any]:
        """Applies the rules that no list of names can say.

        Args:
            args: the positional arguments, the object itself first.
            kwargs: the keyword arguments.

        Returns:
            Both as they are to be, and a list of pairs, the old names and the new ones.
        """
        call = OldCall("The call", tuple(args[1:]), kwargs)
        for rule in row.rules:
            rule(call)
        gone, come = set(kwargs) - set(call.kwargs), set(call.kwargs) - set(kwargs)
        pairs = [(", ".join(sorted(gone)), ", ".join(sorted(come)))] if call.is_old else []
        return (*args[:1], *call.args), call.kwargs, pairs

    return preprocess


def _of(name: str) -> Callable[[Method], Method]:
    return _support(CLASSES[name])


_GENERATORS = METHODS["Model"]["fit_generator"]
_UPDATES = METHODS["Optimizer"]["get_updates"]
_ADD_WEIGHT = METHODS["WeightOwner"]["add_weight"]

legacy_add_weight_support = _support(_ADD_WEIGHT, "method")
legacy_batchnorm_support = _of("BatchNormalization")
legacy_conv1d_support = _of("Conv1D")
legacy_conv2d_support = _of("Conv2D")
legacy_conv3d_support = _of("Conv3D")
legacy_convlstm2d_support = _of("ConvLSTM2D")
legacy_cropping2d_support = _of("Cropping2D")
legacy_cropping3d_support = _of("Cropping3D")
legacy_deconv2d_support = _of("Conv2DTranspose")
legacy_dense_support = _of("Dense")
legacy_dropout_support = _of("Dropout")
legacy_embedding_support = _of("Embedding")
legacy_gaussiandropout_support = _of("GaussianDropout")
legacy_gaussiannoise_support = _of("GaussianNoise")
legacy_generator_methods_support = _support(_GENERATORS, "method")
legacy_get_updates_support = _support(_UPDATES, "method")
legacy_global_pooling_support = _of("GlobalMaxPooling2D")
legacy_input_support = _of("InputLayer")
legacy_lambda_support = _of("Lambda")
legacy_model_constructor_support = _of("Network")
legacy_pooling1d_support = _of("MaxPooling1D")
legacy_pooling2d_support = _of("MaxPooling2D")
legacy_pooling3d_support = _of("MaxPooling3D")
legacy_prelu_support = _of("PReLU")
legacy_recurrent_support = _of("LSTM")
legacy_separable_conv2d_support = _of("SeparableConv2D")
legacy_spatialdropout1d_support = _of("SpatialDropout1D")
legacy_spatialdropoutNd_support = _of("SpatialDropout2D")
legacy_upsampling1d_support = _of("UpSampling1D")
legacy_upsampling2d_support = _of("UpSampling2D")
legacy_upsampling3d_support = _of("UpSampling3D")
legacy_zeropadding2d_support = _of("ZeroPadding2D")
legacy_zeropadding3d_support = _of("ZeroPadding3D")

add_weight_args_preprocessing = _preprocessor(_ADD_WEIGHT)
batchnorm_args_preprocessor = _preprocessor(CLASSES["BatchNormalization"])
conv1d_args_preprocessor = _preprocessor(CLASSES["Conv1D"])
conv2d_args_preprocessor = _preprocessor(CLASSES["Conv2D"])
conv3d_args_preprocessor = _preprocessor(CLASSES["Conv3D"])
convlstm2d_args_preprocessor = _preprocessor(CLASSES["ConvLSTM2D"])
deconv2d_args_preprocessor = _preprocessor(CLASSES["Conv2DTranspose"])
embedding_kwargs_preprocessor = _preprocessor(CLASSES["Embedding"])
generator_methods_args_preprocessor = _preprocessor(_GENERATORS)
get_updates_arg_preprocessing = _preprocessor(_UPDATES)
recurrent_args_preprocessor = _preprocessor(CLASSES["LSTM"])
separable_conv2d_args_preprocessor = _preprocessor(CLASSES["SeparableConv2D"])
zeropadding2d_args_preprocessor = _preprocessor(CLASSES["ZeroPadding2D"])
