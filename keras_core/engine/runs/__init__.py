"""Runs over data: training, evaluation, prediction, and what is told of them."""
