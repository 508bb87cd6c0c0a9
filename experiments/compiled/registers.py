"""What the assembler for GPUs reports of fused kernels: registers, and what did not fit into them."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

REPORT = re.compile(
    r"Compiling entry function '(forward|backward)(?:__\d+)?'.*?(\d+) bytes stack frame, (\d+) bytes spill stores"
    r".*?Used (\d+) registers",
    re.DOTALL,
)


def usage(log: str) -> dict[str, dict[str, int]]:
    """The most registers of a thread, and the most bytes that it moves to memory, of forward and backward kernels.

    >>> log = '''
    ... ptxas info    : Compiling entry function 'loop_add_fusion' for 'sm_90a'
    ...     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
    ... ptxas info    : Used 9 registers, used 0 barriers
    ... ptxas info    : Compiling entry function 'backward__1' for 'sm_90a'
    ...     160 bytes stack frame, 152 bytes spill stores, 168 bytes spill loads
    ... ptxas info    : Used 255 registers, used 1 barriers'''
    >>> usage(log)
    {'backward': {'registers': 255, 'stack_bytes': 160, 'spilled_bytes': 152}}
    """
    found = {}
    for direction, stack, spilled, registers in sorted(REPORT.findall(log), reverse=True):
        own = {"registers": registers, "stack_bytes": stack, "spilled_bytes": spilled}
        before = found.get(direction, {})
        found[direction] = {key: max(int(x), before.get(key, 0)) for key, x in own.items()}
    return dict(sorted(found.items(), reverse=True))


@contextlib.contextmanager
def logged() -> Iterator[list[str]]:
    """What the compiler writes to standard error inside, one text once it is left; errors of Python among it."""
    log = []
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield log
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            log.append(file.read().decode(errors="replace"))
