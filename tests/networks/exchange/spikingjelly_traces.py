"""Graphs of SpikingJelly and what it makes of ours, run by `record.py`."""

import drive
import numpy as np
import torch
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange.from_nir import import_from_nir
from spikingjelly.activation_based.nir_exchange.to_nir import export_to_nir
from torch import nn

FEATURES, HIDDEN, OUTPUTS = drive.SIZES
TAU = 1 / (1 - drive.DECAY)


def linear(name, outputs, inputs):
    made = layer.Linear(inputs, outputs)
    weight, bias = drive.weights(name, outputs, inputs)
    made.weight.data, made.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    return made


def around(neurons):
    return nn.Sequential(
        linear("layer 0", HIDDEN, FEATURES), neurons, linear("layer 1", OUTPUTS, HIDDEN)
    )


def lif(**settings):
    return neuron.LIFNode(TAU, v_threshold=drive.THRESHOLD, **settings)


def convolutional():
    channels, rows, columns = drive.IMAGE
    conv = layer.Conv2d(channels, drive.CHANNELS, 3, padding=1)
    conv.weight.data = torch.from_numpy(drive.draws("kernel", tuple(conv.weight.shape), 0.5))
    conv.bias.data = torch.from_numpy(drive.draws("kernel b", (drive.CHANNELS,), 0.2))
    readout = linear("images", OUTPUTS, drive.CHANNELS * rows * columns // 4)
    neurons = lif(decay_input=False)
    return nn.Sequential(conv, neurons, layer.AvgPool2d(2), layer.Flatten(), readout)


def cuba():
    decays = {"c_decay": drive.SYNAPTIC, "v_decay": drive.DECAY}
    return around(neuron.CUBALIFNode(**decays, v_threshold=drive.THRESHOLD, v_reset=0.0))


NETWORKS = {
    "lif": lambda: around(lif(decay_input=False)),
    "lif complement": lambda: around(neuron.LIFNode(TAU, v_threshold=0.25)),
    "lif soft": lambda: around(lif(v_reset=None)),
    "if": lambda: around(neuron.IFNode(drive.THRESHOLD)),
    "cuba": cuba,
    "convolutional": convolutional,
}


def main():
    record = drive.Record("spikingjelly", "spikingjelly", "torch", "nirtorch")
    for name, network in NETWORKS.items():
        x = torch.from_numpy(drive.currents(images=name == "convolutional"))

        def write(name=name, network=network, x=x):
            net = network()
            graph = export_to_nir(net, x[0])
            functional.reset_net(net)
            record.wrote(name, graph, np.stack([net(step).detach().numpy() for step in x]))

        record.attempt(name, write)
    for name, graph in drive.graphs().items():
        x = torch.from_numpy(drive.currents(images=name == "convolutional"))

        def read(name=name, graph=graph, x=x):
            net, state, found = import_from_nir(graph), None, []
            for step in x:
                out, state = net(step, state)
                found.append(out.detach().numpy())
            record.read(name, np.stack(found))

        record.attempt(f"spikejax {name}", read)
    record.save()


if __name__ == "__main__":
    main()
