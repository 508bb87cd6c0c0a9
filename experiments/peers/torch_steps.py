"""The steps of the libraries in PyTorch, given their modules: training, one layer, streaming, a grid.

A library provides a module for one time step, `(x, state) -> (output, state)` with None for the first state, which
`OverTime` loops over, and optionally a module that takes all time steps at once. With the option "compile" the former
is compiled by `torch.compile`: one step only, since a loop would be unrolled. All cores are used, or the GPU
if there is one.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import workload as common
from torch import nn
from torch.nn import functional
from worker import Program, serve

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class OverTime(nn.Module):
    """Runs a module over inputs `[T, B, ...]` step by step; returns the outputs of all steps."""

    def __init__(self, step: nn.Module, compiled: bool):
        super().__init__()
        self.step = torch.compile(step) if compiled else step

    def forward(self, inputs):
        outputs, state = [], None
        # Never inputs[t]: the gradient of an index is as large as all inputs.
        for x in inputs.unbind(0):
            output, state = self.step(x, state)
            outputs.append(output)
        return torch.stack(outputs)


Make = Callable[[common.Workload, float], nn.Module]


class Library(NamedTuple):
    """What a library provides.

    Args:
      step: `(workload, decay)` to a module for one time step: of a network, a block of convolution and normalisation,
        or neurons alone, depending on the kind of the workload.
      spiking: classes of modules whose outputs are spikes.
      whole: `(workload, decay)` to a module for all time steps at once, if there is one.
      reset: resets the state of a module.
      scale: factor by which the neurons' currents must be multiplied.
      at_once: whether all time steps at once is the library's way. The option "at_once" says otherwise, and that the
        module for all of them is compiled with "compile".
    """

    step: Make
    spiking: tuple[type, ...]
    whole: Make | None = None
    reset: Callable[[nn.Module], None] = lambda module: None
    scale: float = 1.0
    at_once: bool = True

    def over_time(self, workload, options, decay=common.DECAY) -> nn.Module:
        compiled = options.get("compile", False)
        if self.whole is not None and options.get("at_once", self.at_once and not compiled):
            made = self.whole(workload, decay).to(DEVICE)
            return torch.compile(made) if compiled else made
        return OverTime(self.step(workload, decay), compiled).to(DEVICE)


def linear(kernel: np.ndarray, bias: np.ndarray, made: nn.Module | None = None) -> nn.Module:
    """A linear layer with these weights; the library's own, if it has one."""
    made = nn.Linear(*kernel.shape) if made is None else made
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(kernel.T))
        made.bias.copy_(torch.from_numpy(bias))
    return made


def convolved(kernel: np.ndarray, made: nn.Module) -> nn.Module:
    """A convolution with this kernel `[*window, C, D]`, and no bias yet."""
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(kernel).permute(3, 2, 0, 1))
        made.bias.zero_()
    return made


def channels_first(readout: common.Layer, channels: int) -> np.ndarray:
    """The kernel of a read-out whose inputs are in the order channels, height, width."""
    apart = readout.kernel.reshape(-1, channels, readout.kernel.shape[1])
    return apart.swapaxes(0, 1).reshape(readout.kernel.shape)


def update(library, module, optimizer, loss_of):
    library.reset(module)
    optimizer.zero_grad()
    loss = loss_of()
    loss.backward()
    optimizer.step()
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return float(loss.detach())


def measure_rates(library, module, inputs) -> list[float]:
    """Mean output of each of the library's spiking modules."""
    seen: dict[str, list[float]] = {}

    def note(name):
        def hook(module, operands, output):
            spikes = output[0] if isinstance(output, tuple) else output
            seen.setdefault(name, []).append(float(spikes.mean()))

        return hook

    for name, part in module.named_modules():
        if isinstance(part, library.spiking):
            part.register_forward_hook(note(name))
    library.reset(module)
    # A compiled module has no hooks.
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        module(inputs)
    return [float(np.mean(values)) for values in seen.values()]


def learner(library, module, loss_of, inputs) -> Program:
    """A step of Adam; the loss is `loss_of(outputs)`."""
    optimizer = torch.optim.Adam(module.parameters(), common.LEARNING_RATE)
    return Program(
        lambda: update(library, module, optimizer, lambda: loss_of(module(inputs))),
        lambda: measure_rates(library, module, inputs),
        lambda: torch.cuda.max_memory_allocated() if DEVICE == "cuda" else None,
    )


def tensors(workload):
    labels = torch.from_numpy(common.labels(workload)).long()
    return torch.from_numpy(common.inputs(workload)).to(DEVICE), labels.to(DEVICE)


def cross_entropy(labels):
    return lambda logits: functional.cross_entropy(logits.sum(0), labels)


def training(library, workload, options):
    inputs, labels = tensors(workload)
    module = library.over_time(workload, options)
    return learner(library, module, cross_entropy(labels), inputs)


def images(workload):
    """Inputs `[T, B, C, H, W]`, and labels."""
    inputs, labels = tensors(workload)
    return inputs.permute(0, 1, 4, 2, 3).contiguous(), labels


def convolution(library, workload, options):
    module = library.over_time(workload, options)
    inputs, _ = images(workload)
    return learner(library, module, lambda spikes: ((spikes.sum(0) - 1) ** 2).mean(), inputs)


def vgg(library, workload, options):
    inputs, labels = images(workload)
    module = library.over_time(workload, options)
    return learner(
        library, module, lambda logits: functional.cross_entropy(logits.mean(0), labels), inputs
    )


def neuron(library, workload, options):
    module = library.over_time(workload, options)
    currents = tensors(workload)[0] * library.scale
    currents.requires_grad_()
    weights = torch.from_numpy(common.neuron_weights(workload)).to(DEVICE)

    def take():
        library.reset(module)
        module.zero_grad()
        currents.grad = None
        value = (module(currents).sum(0) * weights).sum()
        value.backward()
        return float(value.detach())

    return Program(take, lambda: measure_rates(library, module, currents))


def streaming(library, workload, options):
    step = library.step(workload, common.DECAY).to(DEVICE)
    step, state, total = torch.compile(step) if options.get("compile") else step, None, 0.0
    pieces = itertools.cycle(list(tensors(workload)[0]))

    @torch.inference_mode()
    def take():
        nonlocal state, total
        logits, state = step(next(pieces), state)
        total += float(logits.abs().sum())
        return total

    return Program(take)


def grid(library, workload, options):
    inputs, labels = tensors(workload)
    loss = cross_entropy(labels)

    def train(decay):
        module = library.over_time(workload, options, decay)
        optimizer = torch.optim.Adam(module.parameters(), common.LEARNING_RATE)
        for _ in range(workload.updates):
            value = update(library, module, optimizer, lambda: loss(module(inputs)))
        return value

    return Program(lambda: float(np.mean([train(decay) for decay in workload.decays])))


BUILDERS = {
    "training": training,
    "neuron": neuron,
    "convolution": convolution,
    "vgg": vgg,
    "streaming": streaming,
    "grid": grid,
}


def serve_torch(packages: Sequence[str], library: Library) -> None:
    """Answers one job; `packages` are those whose versions are reported."""
    torch.set_num_threads(os.cpu_count() or 1)
    if DEVICE == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32, the default of JAX on such a device

    def builder(build):
        return lambda workload, options: build(library, workload, options)

    serve(
        {kind: builder(build) for kind, build in BUILDERS.items()},
        (*packages, "torch", "numpy"),
        lambda: {"threads": torch.get_num_threads()},
    )
