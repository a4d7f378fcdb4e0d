"""Known architectures for pictures, with the weights that their authors published.

A module a family, as in Keras 2. Each has its architectures, the `preprocess_input` that fits their
weights, and `decode_predictions`.
"""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from keras_core import namespaces
from keras_core.applications import (
    densenet,
    imagenet_utils,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    nasnet,
    resnet,
    resnet50,
    resnet_v2,
    vgg16,
    vgg19,
    xception,
)
from keras_core.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from keras_core.applications.inception_resnet_v2 import InceptionResNetV2
from keras_core.applications.inception_v3 import InceptionV3
from keras_core.applications.mobilenet import MobileNet
from keras_core.applications.mobilenet_v2 import MobileNetV2
from keras_core.applications.nasnet import NASNetLarge, NASNetMobile
from keras_core.applications.resnet import ResNet101, ResNet152
from keras_core.applications.resnet50 import ResNet50
from keras_core.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
from keras_core.applications.vgg16 import VGG16
from keras_core.applications.vgg19 import VGG19
from keras_core.applications.xception import Xception

__all__ = [
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "VGG19",
    "Xception",
    "densenet",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "keras_modules_injection",
    "mobilenet",
    "mobilenet_v2",
    "nasnet",
    "resnet",
    "resnet50",
    "resnet_v2",
    "vgg16",
    "vgg19",
    "xception",
]

__dir__ = namespaces.listing(__all__)

Function = TypeVar("Function", bound=Callable[..., Any])


def keras_modules_injection(base_fun: Function) -> Function:
    """What told the modules of keras_applications which Keras is around them; here it adds nothing.

    Args:
        base_fun: function that makes a model.

    Example:
        >>> applications.keras_modules_injection(applications.VGG16) is applications.VGG16
        True
    """
    return base_fun
