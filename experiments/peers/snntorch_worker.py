"""snnTorch 1.0.0 as documented: a loop over time steps in Python, through the linear layers too.

Its neurons are `Leaky` and, with feedback, `RLeaky`, with a learned decay. A spike resets the membrane one step later,
that reset has no gradient, and the threshold must be exceeded. The normalisation's statistics are those of a single
time step. Its neurons without a loop over time have no reset, so none of them has these dynamics. A reset to zero comes
before the next decay, so that of VGG-SNN is the common one; with the option "at_once" its convolutions and
normalisations process all steps at once, with statistics of all of them, and only its neurons loop over time.
"""

import snntorch
import torch
import workload as common
from snntorch import surrogate
from torch import nn
from torch_steps import Library, channels_first, convolved, linear, serve_torch


def neuron(decay):
    return snntorch.Leaky(
        decay, common.THRESHOLD, spike_grad=surrogate.atan(alpha=2.0), learn_beta=True
    )


def recurrent(weights, decay):
    made = snntorch.RLeaky(
        decay,
        linear_features=len(weights.bias),
        threshold=common.THRESHOLD,
        spike_grad=surrogate.atan(alpha=2.0),
        learn_beta=True,
    )
    linear(weights.feedback, 0 * weights.bias, made.recurrent)
    return made


class Step(nn.Module):
    """A time step: synapses, each followed by neurons, and a read-out, if there is one."""

    def __init__(self, synapses, neurons, readout=None):
        super().__init__()
        self.synapses = nn.ModuleList(synapses)
        self.neurons = nn.ModuleList(neurons)
        self.readout = nn.Identity() if readout is None else readout

    def forward(self, x, state):
        after = []
        for i, (synapse, neurons) in enumerate(zip(self.synapses, self.neurons, strict=True)):
            currents = synapse(x)
            nothing = torch.zeros_like(currents)
            spikes, membrane = (nothing, nothing) if state is None else state[i]
            if isinstance(neurons, snntorch.RLeaky):
                x, membrane = neurons(currents, spikes, membrane)
            else:
                x, membrane = neurons(currents, membrane)
            after.append((x, membrane))
        return self.readout(x), after


class Layers(Step):
    """The same network over inputs `[T, B, ...]`, layer by layer."""

    def forward(self, x):
        for synapse, neurons in zip(self.synapses, self.neurons, strict=True):
            currents = synapse(x.flatten(0, 1)).unflatten(0, x.shape[:2])
            spikes, membrane = [], torch.zeros_like(currents[0])
            for current in currents.unbind(0):
                spike, membrane = neurons(current, membrane)
                spikes.append(spike)
            x = torch.stack(spikes)
        return self.readout(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def vgg(workload):
    """Synapses, neurons and read-out."""
    kernels, readout = common.vgg_weights(workload)
    synapses, before, left = [], [], iter(kernels)
    for widths in common.VGG:
        if widths == common.POOL:
            before.append(nn.AvgPool2d(2))
            continue
        kernel = next(left)
        made = convolved(kernel, nn.Conv2d(*kernel.shape[2:], 3, padding=1))
        synapses.append(nn.Sequential(*before, made, nn.BatchNorm2d(kernel.shape[3])))
        before = []
    neurons = [
        snntorch.Leaky(
            common.VGG_DECAY,
            common.THRESHOLD,
            spike_grad=surrogate.atan(alpha=2.0),
            reset_mechanism="zero",
        )
        for _ in synapses
    ]
    last = linear(channels_first(readout, kernels[-1].shape[3]), readout.bias)
    return synapses, neurons, nn.Sequential(*before, nn.Flatten(), last)


def whole(workload, decay):
    del decay
    return Layers(*vgg(workload))


def step(workload, decay):
    if workload.kind == "neuron":
        return Step([nn.Identity()], [neuron(decay)])
    if workload.kind == "convolution":
        _, _, inward, outward = workload.sizes
        convolution = nn.Conv2d(inward, outward, 3, padding="same")
        return Step([nn.Sequential(convolution, nn.BatchNorm2d(outward))], [neuron(decay)])
    if workload.kind == "vgg":
        return Step(*vgg(workload))
    *hidden, last = common.layers(workload)
    synapses = [linear(weights.kernel, weights.bias) for weights in hidden]
    neurons = [neuron(decay) if w.feedback is None else recurrent(w, decay) for w in hidden]
    return Step(synapses, neurons, linear(last.kernel, last.bias))


if __name__ == "__main__":
    spiking = (snntorch.Leaky, snntorch.RLeaky)
    serve_torch(("snntorch",), Library(step, spiking, whole, at_once=False))
