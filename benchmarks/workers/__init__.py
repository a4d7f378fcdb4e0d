"""What runs in the contenders' own processes, on Python 3.7 and later: `-m benchmarks.workers.X`.

A worker imports nothing but the standard library until its clock runs.
"""
