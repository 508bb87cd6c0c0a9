"""Reads the text of a compiled program: its kernels, of each time step and of each layer, and its collectives."""

import re
from typing import NamedTuple

KERNELS = ("fusion", "custom-call", "dot", "convolution", "copy")
FUSED = r"__gpu\$xla\.gpu\.triton|tpu_custom_call"
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
    found, _ = _parsed(text)

    def total(name):
        own = found[name]
        return len(own.kernels) + sum(total(callee) for callee in own.calls)

    bodies = [body for own in found.values() for body in own.bodies]
    return sum(total(body) for body in bodies if not found[body].bodies)


def count_fused(text: str) -> int:
    """Fused kernels of layers in a program, lowered or compiled, those inside a loop counted once.

    >>> count_fused('%a = f32[] custom-call(), custom_call_target="tpu_custom_call"')
    1
    >>> count_fused("%0 = stablehlo.custom_call @__gpu$xla.gpu.triton() : () -> tensor<f32>")
    1
    """
    return len(re.findall(rf'custom_call(?:_target="| @)(?:{FUSED})\b', text))


def kernels_of_layers(text: str) -> dict[str, int]:
    """Kernels of each layer of neurons forward and backward, those inside a loop counted once.

    >>> text = '''
    ... ENTRY %main () -> f32[] {
    ...   %a = f32[] fusion(), calls=%fused, metadata={op_name="jit(f)/jvp(MLP)/neuron_0/add"}
    ...   %b = f32[] custom-call(), metadata={op_name="jit(f)/transpose(jvp(MLP))/neuron_0/pallas_call"}
    ...   %c = f32[] fusion(), calls=%fused, metadata={op_name="jit(f)/transpose(jvp(MLP))/neuron_0/reduce_sum"}
    ... }
    ... '''
    >>> kernels_of_layers(text)
    {'neuron_0 forward': 1, 'neuron_0 backward': 2}
    """
    found, entry = _parsed(text)
    counts = {}

    def visit(name):
        own = found[name]
        for kernel in own.kernels:
            layer = re.search(r'op_name="([^"]*/((?:neuron|Spiking)_\d+)/[^"]*)"', kernel)
            if layer:
                key = f"{layer[2]} {'backward' if 'transpose(' in layer[1] else 'forward'}"
                counts[key] = counts.get(key, 0) + 1
        for callee in (*own.bodies, *own.calls):
            visit(callee)

    visit(entry)
    return counts


class Computation(NamedTuple):
    """What a computation of a program contains."""

    bodies: list[str]  # of its loops
    calls: list[str]
    kernels: list[str]  # lines


def _parsed(text):
    """The computations of a program by name, and the name of the one it begins with."""
    found, name, entry = {}, "", ""
    for line in text.splitlines():
        if line.endswith("{") and not line.startswith(" "):
            name = line.removeprefix("ENTRY ").split(" ")[0]
            found[name] = Computation([], [], [])
            entry = name if line.startswith("ENTRY ") else entry
        instruction = INSTRUCTION.match(line)
        if instruction is None:
            continue
        if instruction[1] == "while":
            found[name].bodies.extend(re.findall(r"body=(%[\w.-]+)", line))
        elif instruction[1] in ("call", "async-start"):
            found[name].calls.extend(re.findall(r"(?:to_apply|calls)=(%[\w.-]+)", line))
        elif instruction[1] in KERNELS:
            found[name].kernels.append(line)
    return found, entry


def count_collectives(text: str) -> int:
    """Collectives of a compiled program; one that the compiler split into several instructions counts once.

    >>> count_collectives("%a = f32[] all-reduce-start(%b), channel_id=3")
    1
    """
    lines = re.findall(rf" (?:{COLLECTIVES})(?:-start)?\(.*", text)
    return len({re.findall(r"channel_id=\d+", line)[0] for line in lines})
