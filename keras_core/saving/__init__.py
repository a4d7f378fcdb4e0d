"""Reading and writing of models and weights."""
