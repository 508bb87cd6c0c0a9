"""Graphs of snnTorch and what it makes of ours, run by `record.py`."""

import drive
import numpy as np
import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir
from torch import nn

FEATURES, HIDDEN, OUTPUTS = drive.SIZES


def linear(name, outputs, inputs):
    layer = nn.Linear(inputs, outputs)
    weight, bias = drive.weights(name, outputs, inputs)
    layer.weight.data, layer.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    return layer


def full(value, *shape):
    # A scalar makes a node without a shape, which the graph's types do not fit.
    return torch.full(shape, value)


def settings(size, **more):
    return {
        "beta": full(drive.DECAY, size),
        "threshold": full(drive.THRESHOLD, size),
        "init_hidden": True,
        **more,
    }


ZERO = {"reset_mechanism": "zero", "reset_delay": False}


def leaky(**more):
    return nn.Sequential(
        linear("layer 0", HIDDEN, FEATURES),
        snn.Leaky(**settings(HIDDEN, **more)),
        linear("layer 1", OUTPUTS, HIDDEN),
    )


def synaptic():
    return nn.Sequential(
        linear("layer 0", HIDDEN, FEATURES),
        snn.Synaptic(alpha=full(drive.SYNAPTIC, HIDDEN), **settings(HIDDEN, **ZERO)),
        linear("layer 1", OUTPUTS, HIDDEN),
    )


def recurrent():
    neurons = snn.RLeaky(linear_features=HIDDEN, **settings(HIDDEN, **ZERO))
    weight, bias = drive.weights("feedback", HIDDEN, HIDDEN)
    neurons.recurrent.weight.data = torch.from_numpy(weight)
    neurons.recurrent.bias.data = torch.from_numpy(bias)
    return nn.Sequential(
        linear("layer 0", HIDDEN, FEATURES), neurons, linear("layer 1", OUTPUTS, HIDDEN)
    )


def convolutional():
    channels, rows, columns = drive.IMAGE
    conv = nn.Conv2d(channels, drive.CHANNELS, 3, padding=1)
    conv.weight.data = torch.from_numpy(drive.draws("kernel", tuple(conv.weight.shape), 0.5))
    conv.bias.data = torch.from_numpy(drive.draws("kernel b", (drive.CHANNELS,), 0.2))
    shape = drive.CHANNELS, rows, columns
    neurons = snn.Leaky(
        beta=full(drive.DECAY, *shape),
        threshold=full(drive.THRESHOLD, *shape),
        init_hidden=True,
        **ZERO,
    )
    readout = linear("images", OUTPUTS, drive.CHANNELS * rows * columns // 4)
    return nn.Sequential(conv, neurons, nn.AvgPool2d(2), nn.Flatten(), readout)


NETWORKS = {
    "lif": lambda: leaky(**ZERO),
    "lif subtract": leaky,
    "cuba": synaptic,
    "recurrent": recurrent,
    "convolutional": convolutional,
}


def outputs(net, x):
    """The outputs of a network whose neurons hold their state."""
    found = []
    for step in x:
        out = net(step)
        found.append((out[0] if isinstance(out, tuple) else out).detach().numpy())
    return np.stack(found)


def main():
    record = drive.Record("snntorch", "snntorch", "torch", "nirtorch")
    torch.manual_seed(0)
    for name, network in NETWORKS.items():
        x = torch.from_numpy(drive.currents(images=name == "convolutional"))

        def write(name=name, network=network, x=x):
            graph = export_to_nir(network(), x[0], ignore_dims=[0])
            record.wrote(name, graph, outputs(network(), x))

        record.attempt(name, write)
    for name, graph in drive.graphs().items():
        x = torch.from_numpy(drive.currents(images=name == "convolutional"))

        def read(name=name, graph=graph, x=x):
            record.read(name, outputs(import_from_nir(graph), x))

        record.attempt(f"spikejax {name}", read)
    record.save()


if __name__ == "__main__":
    main()
