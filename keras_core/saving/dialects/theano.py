"""What models that were trained on Theano keep of it: the convention of their layers."""

from __future__ import annotations

from typing import Any

_DIMENSIONS = ("1D", "2D", "3D")

# Layers that know the option `convention`, by their class.
_LAYERS = {
    *(f"{kind}{n}" for kind in ("Conv", "MaxPooling", "AveragePooling") for n in _DIMENSIONS),
    *("Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D"),
    *("DepthwiseConv2D", "ConvLSTM2D", "ConvLSTM2DCell", "SReLU"),
}


def translated(config: Any) -> Any:
    """The configuration of a model or layer, with Theano's convention.

    Args:
        config: what JSON can hold; not changed.
    """
    if isinstance(config, (list, tuple)):
        return [translated(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {name: translated(value) for name, value in config.items()}
    options = config.get("config")
    if isinstance(options, dict) and config.get("class_name") in _LAYERS:
        config["config"] = {"convention": "theano", **options}
    return config
