"""Reads the text of a compiled program: its kernels in each time step, and its collectives."""

import re

KERNELS = ("fusion", "custom-call", "dot", "convolution", "copy")
COLLECTIVES = (
    "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute|collective-broadcast"
)
INSTRUCTION = re.compile(r"\s+(?:ROOT )?%\S+ = .*? ([a-z][a-z-]*)\(")


def count_kernels(text: str) -> int:
    """Kernels in the bodies of the innermost loops of a compiled program, each loop's body counted once.

    The innermost loops of a network over time are those over its steps, one per layer and pass, so this is the number
    of kernels per time step.

    >>> text = '''
    ... %inner (s: f32[]) -> f32[] {
    ...   %a = f32[] fusion(%s), kind=kLoop, calls=%fused
    ... }
    ... %outer (s: f32[]) -> f32[] {
    ...   %b = f32[] while(%s), condition=%c, body=%inner
    ...   %d = f32[] fusion(%b), kind=kLoop, calls=%fused
    ... }
    ... ENTRY %main (s: f32[]) -> f32[] {
    ...   %e = f32[] while(%s), condition=%c, body=%outer
    ... }
    ... '''
    >>> count_kernels(text)
    1
    """
    loops, calls, kernels, name = {}, {}, {}, ""
    for line in text.splitlines():
        if line.endswith("{") and not line.startswith(" "):
            name = line.removeprefix("ENTRY ").split(" ")[0]
            loops[name], calls[name], kernels[name] = [], [], 0
        found = INSTRUCTION.match(line)
        if found is None:
            continue
        if found[1] == "while":
            loops[name] += re.findall(r"body=(%[\w.-]+)", line)
        elif found[1] in ("call", "async-start"):
            calls[name] += re.findall(r"(?:to_apply|calls)=(%[\w.-]+)", line)
        elif found[1] in KERNELS:
            kernels[name] += 1

    def total(name):
        return kernels[name] + sum(total(callee) for callee in calls[name])

    return sum(total(body) for bodies in loops.values() for body in bodies if not loops[body])


def count_collectives(text: str) -> int:
    """Collectives of a compiled program; one that the compiler split into several instructions counts once.

    >>> count_collectives("%a = f32[] all-reduce-start(%b), channel_id=3")
    1
    """
    lines = re.findall(rf" (?:{COLLECTIVES})(?:-start)?\(.*", text)
    return len({re.findall(r"channel_id=\d+", line)[0] for line in lines})
