"""SpikingJelly 2.0.0 in its documented fast mode: layers in multi-step mode, which process all steps at once.

Its kernels are for NVIDIA GPUs; on a CPU the neurons loop over time in PyTorch. `ParametricLIFNode` with undecayed
input and soft reset has exactly the common dynamics; what it learns is σ⁻¹(1 − decay). Feedback is its container for
element-wise recurrence around a neuron, which runs step by step, unlike the linear layer before it. Streaming and the
compiled variant use its single-step mode. The neuron of VGG-SNN is its `LIFNode`.
"""

import workload as common
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import nn
from torch_steps import Library, channels_first, convolved, linear, serve_torch


def neurons(decay, step_mode):
    return neuron.ParametricLIFNode(
        init_tau=1 / (1 - decay),
        decay_input=False,
        v_threshold=common.THRESHOLD,
        v_reset=None,
        surrogate_function=surrogate.ATan(2.0),
        step_mode=step_mode,
    )


def vgg(workload, step_mode):
    kernels, readout = common.vgg_weights(workload)
    left = iter(kernels)
    for widths in common.VGG:
        if widths == common.POOL:
            yield layer.AvgPool2d(2, step_mode=step_mode)
            continue
        kernel = next(left)
        made = layer.Conv2d(*kernel.shape[2:], 3, padding=1, step_mode=step_mode)
        yield convolved(kernel, made)
        yield layer.BatchNorm2d(kernel.shape[3], step_mode=step_mode)
        yield neuron.LIFNode(
            tau=1 / (1 - common.VGG_DECAY),
            decay_input=False,
            v_threshold=common.THRESHOLD,
            v_reset=0.0,
            surrogate_function=surrogate.ATan(2.0),
            detach_reset=True,
            step_mode=step_mode,
        )
    yield layer.Flatten(step_mode=step_mode)
    made = layer.Linear(*readout.kernel.shape, step_mode=step_mode)
    yield linear(channels_first(readout, kernels[-1].shape[3]), readout.bias, made)


class Feedback(nn.Module):
    """The current of a neuron: its input and, through a linear layer, its spikes of the previous step."""

    def __init__(self, weights):
        super().__init__()
        self.synapse = linear(weights.feedback, 0 * weights.bias)

    def forward(self, spikes, currents):
        return currents + self.synapse(spikes)


def modules(workload, decay, step_mode):
    if workload.kind == "neuron":
        yield neurons(decay, step_mode)
        return
    if workload.kind == "convolution":
        _, _, inward, outward = workload.sizes
        yield layer.Conv2d(inward, outward, 3, padding="same", step_mode=step_mode)
        yield layer.BatchNorm2d(outward, step_mode=step_mode)
        yield neurons(decay, step_mode)
        return
    if workload.kind == "vgg":
        yield from vgg(workload, step_mode)
        return

    def dense(weights):
        made = layer.Linear(*weights.kernel.shape, step_mode=step_mode)
        return linear(weights.kernel, weights.bias, made)

    *hidden, last = common.layers(workload)
    for weights in hidden:
        yield dense(weights)
        if weights.feedback is None:
            yield neurons(decay, step_mode)
        else:
            yield layer.ElementWiseRecurrentContainer(
                neurons(decay, "s"), Feedback(weights), step_mode=step_mode
            )
    yield dense(last)


class Step(nn.Module):
    """A time step; the state is in the modules."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, state):
        return self.net(x), state


def step(workload, decay):
    return Step(nn.Sequential(*modules(workload, decay, "s")))


def whole(workload, decay):
    return nn.Sequential(*modules(workload, decay, "m"))


if __name__ == "__main__":
    spiking = (neuron.ParametricLIFNode, neuron.LIFNode)
    serve_torch(("spikingjelly",), Library(step, spiking, whole, functional.reset_net))
