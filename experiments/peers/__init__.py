"""Benchmarks of other libraries: one worker script for each, run by the interpreter of its own environment.

`environments` makes one environment per library, `workload` defines what is computed and generates its inputs and
weights, `worker` is the worker's side of the protocol, `process` the other. Scripts and `workload` need NumPy and their
library, not spikejax.
"""
