"""What `compile` makes of its arguments: losses, metrics, objective and programs."""
