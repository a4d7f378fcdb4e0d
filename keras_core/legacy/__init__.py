"""What serves programs and files of Keras 1."""
