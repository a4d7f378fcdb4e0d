"""TensorBoard with the signature that Keras 2 gives it besides TensorFlow 2."""

from __future__ import annotations

from typing import Any

from keras_core.callbacks import tensorboard

__all__ = ["TensorBoard"]


class TensorBoard(tensorboard.TensorBoard):
    """As `keras_core.callbacks.TensorBoard`; takes no further keywords.

    Args:
        log_dir, histogram_freq, write_graph, write_grads, write_images: as there.
        batch_size: as there; 32 for None.
        embeddings_freq, embeddings_layer_names, embeddings_metadata, embeddings_data: as there.
        update_freq: as there.
        **kwargs: nothing; for the error message.

    Raises:
        TypeError: an unknown keyword.
    """

    def __init__(
        self,
        log_dir: str = "./logs",
        histogram_freq: int = 0,
        batch_size: int | None = None,
        write_graph: bool = True,
        write_grads: bool = False,
        write_images: bool = False,
        embeddings_freq: int = 0,
        embeddings_layer_names: Any = None,
        embeddings_metadata: Any = None,
        embeddings_data: Any = None,
        update_freq: Any = "epoch",
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"TensorBoard: unknown keywords {sorted(kwargs)}.")
        super().__init__(
            log_dir,
            histogram_freq,
            batch_size or 32,
            write_graph,
            write_grads,
            write_images,
            embeddings_freq,
            embeddings_layer_names,
            embeddings_metadata,
            embeddings_data,
            update_freq,
        )
