"""Traces of SpikingJelly's neurons without a state, which take all steps at once.

PSN, MaskedPSN and SlidingPSN; run by `spikingjelly_traces.py`.
"""

import copy

import numpy as np
import torch
from drive import STEPS, Drive, parameter
from spikingjelly.activation_based import neuron
from spikingjelly_case import at_once, case, constructed
from torch_case import array


def psn(record):
    def weighted(node, name, scale, offset):
        shape = tuple(node.weight.shape)
        node.weight.data = torch.from_numpy(parameter(f"{name}_weight", shape, scale, offset))
        shape = tuple(node.bias.shape)
        node.bias.data = torch.from_numpy(parameter(f"{name}_bias", shape, 0.3, -1.0))

    note = "spikes have excess = weight @ currents + bias at or above 0; no state"
    node, settings = constructed(neuron.PSN, T=STEPS)
    weighted(node, "psn", 0.4, 0.0)
    case(record, "psn", "psn", node, settings, Drive(1.0, 0.5), (), at_once, note)
    for lambda_ in (0.0, 0.4, 1.0):
        node, settings = constructed(neuron.MaskedPSN, k=2, T=STEPS, lambda_init=lambda_)
        node.step_mode = "m"
        weighted(node, "masked_psn", 0.6, 0.0)
        name = f"masked_psn_{lambda_}"
        note = (
            "as psn with weight (lambda mask + 1 - lambda); the mask keeps the diagonal and k - 1 "
            "below it"
        )
        case(record, name, "masked_psn", node, settings, Drive(2.0, 0.5), (), at_once, note)
    node, settings = constructed(neuron.SlidingPSN, k=3)
    node.step_mode = "m"
    weighted(node, "sliding_psn", 0.2, 0.5)
    note = "weight[-1] is for the current of the step itself, weight[0] for the oldest"
    case(record, "sliding_psn", "sliding_psn", node, settings, Drive(1.0, 0.6), (), at_once, note)
    single = copy.deepcopy(node)
    single.step_mode = "s"
    currents = torch.from_numpy(Drive(1.0, 0.6).currents())
    np.testing.assert_array_equal(
        array(torch.stack([single(current) for current in currents])),
        record.arrays["sliding_psn/spikes"],
    )
