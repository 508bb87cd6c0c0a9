"""Other libraries, measured: one worker script for each, run by the interpreter of its own environment.

`environments` makes an environment a library, `workload` says what is computed and draws its numbers, `worker` is the
side of the protocol that a script needs, `process` the side of who asks. Scripts and `workload` need NumPy and their
library, not spikejax.
"""
