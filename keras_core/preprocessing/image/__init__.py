"""Images as arrays: read, written, turned, shifted, and in batches made as training goes on.

Images are read and written with Pillow, and moved with SciPy; both come with
`pip install "keras-core[image]>=2.4,<3"`.
"""

from keras_core import missing, namespaces
from keras_core.preprocessing.image.array_iterator import NumpyArrayIterator
from keras_core.preprocessing.image.dataframe_iterator import DataFrameIterator
from keras_core.preprocessing.image.directory_iterator import DirectoryIterator
from keras_core.preprocessing.image.files import array_to_img, img_to_array, load_img, save_img
from keras_core.preprocessing.image.generator import ImageDataGenerator
from keras_core.preprocessing.image.iterator import Iterator
from keras_core.preprocessing.image.transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())
