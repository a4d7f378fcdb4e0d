"""The conformance kit: what every backend must compute, as cases and checks.

    pytest --pyargs keras_core.testing --backend NAME
    keras-core check-backend NAME

A check has a name, `case/check` such as 'dot_batch/gradient' or `family/test` such as
'random/seed_repeats_a_run', which the patterns of a backend's limitations are matched with.
"""
