"""Norse 1.1.0 as documented: `SequentialState` of linear layers and cells, looped over time.

Its layers that loop by themselves index the currents of all steps, so their backward pass grows with the square of
T; at T = 784 they are several times slower.

The neuron is its box model with soft reset. The step multiplies currents by 1 − decay, so the weights are divided by
it; the learned parameter is 1/τ, the threshold must be exceeded, and the surrogate is its default, SuperSpike, since it
has no arctangent. With feedback it is `LIFRecurrentCell`, which has no soft reset, no biases and no feedback of a
neuron to itself; its synapse's time constant of one step leaves the current no memory. The normalisation's statistics
are those of a single time step.
"""

import norse.torch as norse
import numpy as np
import torch
import workload as common
from norse.torch.functional.lif_box import LIFBoxParameters
from norse.torch.functional.reset import reset_subtract
from torch import nn
from torch_steps import Library, linear, serve_torch

DT = 0.001


class Neurons(norse.LIFBoxCell):
    """Its box cell, with a learned time constant."""

    def __init__(self, decay):
        inverse = nn.Parameter(torch.tensor((1 - decay) / DT))
        parameters = LIFBoxParameters(
            tau_mem_inv=inverse,
            v_th=torch.tensor(common.THRESHOLD),
            reset_method=reset_subtract,
        )
        super().__init__(parameters, dt=DT)
        self.inverse = inverse


class RecurrentNeurons(norse.LIFRecurrentCell):
    """Its recurrent cell, with a learned time constant."""

    def __init__(self, weights, decay):
        inverse = nn.Parameter(torch.tensor((1 - decay) / DT))
        scale = np.float32(1 - decay)
        parameters = norse.LIFParameters(
            tau_syn_inv=torch.tensor(1 / DT),
            tau_mem_inv=inverse,
            v_th=torch.tensor(common.THRESHOLD),
        )
        super().__init__(
            *weights.kernel.shape,
            parameters,
            input_weights=nn.Parameter(torch.from_numpy(weights.kernel.T / scale)),
            recurrent_weights=nn.Parameter(torch.from_numpy(weights.feedback.T / scale)),
            dt=DT,
        )
        self.inverse = inverse


def modules(workload, decay):
    if workload.kind == "neuron":
        yield Neurons(decay)
        return
    if workload.kind == "convolution":
        _, _, inward, outward = workload.sizes
        normalisation = nn.BatchNorm2d(outward)
        # The neuron's own scale of currents.
        nn.init.constant_(normalisation.weight, 1 / (1 - decay))
        yield from (nn.Conv2d(inward, outward, 3, padding="same"), normalisation, Neurons(decay))
        return
    scale = np.float32(1 - decay)
    *hidden, last = common.layers(workload)
    for weights in hidden:
        if weights.feedback is not None:
            yield RecurrentNeurons(weights, decay)
        else:
            yield linear(weights.kernel / scale, weights.bias)
            yield Neurons(decay)
    yield linear(last.kernel, last.bias)


def step(workload, decay):
    return norse.SequentialState(*modules(workload, decay))


if __name__ == "__main__":
    spiking = Neurons, RecurrentNeurons
    serve_torch(("norse",), Library(step, spiking, scale=1 / (1 - common.DECAY)))
