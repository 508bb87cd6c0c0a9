"""Traces of SpikingJelly's integrate-and-fire neurons, with a leak and without.

IFNode, LIFNode, ParametricLIFNode, KLIFNode, CUBALIFNode and NonSpikingLIFNode; run by `spikingjelly_traces.py`.
"""

from itertools import product

import torch
from drive import Drive
from spikingjelly.activation_based import neuron
from spikingjelly_case import case, constructed
from torch_case import torch_case


def integrate_and_fire(record):
    for name, v_reset in {"soft": None, "hard": 0.0}.items():
        node, settings = constructed(neuron.IFNode, v_reset=v_reset)
        case(record, f"if_{name}", "integrate_and_fire", node, settings, Drive(0.5, 0.3), ("v",))


def lif(record):
    for decay_input, v_reset, detach_reset in product((True, False), (0.0, None), (False, True)):
        node, settings = constructed(
            neuron.LIFNode, decay_input=decay_input, v_reset=v_reset, detach_reset=detach_reset
        )
        name = f"lif_{charge(decay_input)}_{reset(v_reset)}{'_detached' if detach_reset else ''}"
        case(record, name, "lif", node, settings, charged(decay_input), ("v",))
    for decay_input in (True, False):
        node, settings = constructed(
            neuron.LIFNode, tau=3.0, decay_input=decay_input, v_threshold=0.8, v_reset=-0.2
        )
        name = f"lif_{charge(decay_input)}_hard_below"
        drive = Drive(1.5, 1.0) if decay_input else Drive(0.5, 0.3)
        note = "the membrane starts at v_reset and decays to it"
        case(record, name, "lif", node, settings, drive, ("v",), note=note)


def charge(decay_input: bool) -> str:
    return "decayed" if decay_input else "plain"


def reset(v_reset: float | None) -> str:
    return "soft" if v_reset is None else "hard"


def charged(decay_input: bool) -> Drive:
    return Drive(1.3, 1.1, seed=1) if decay_input else Drive(0.6, 0.5)


def plif(record):
    for decay_input, (v_reset, init_tau) in product(
        (True, False), ((0.0, 2.0), (0.0, 1.5), (None, 1.5))
    ):
        node, settings = constructed(
            neuron.ParametricLIFNode, init_tau=init_tau, decay_input=decay_input, v_reset=v_reset
        )
        name = f"plif_{charge(decay_input)}_{reset(v_reset)}_{init_tau}"
        note = "1 / tau = sigmoid(w)"
        case(record, name, "plif", node, settings, charged(decay_input), ("v",), note=note)


def klif(record):
    for decay_input, v_reset, scale_reset in product((True, False), (0.0, None), (False, True)):
        node, settings = constructed(
            neuron.KLIFNode, scale_reset=scale_reset, decay_input=decay_input, v_reset=v_reset
        )
        node.k.data.fill_(1.25)
        name = f"klif_{charge(decay_input)}_{reset(v_reset)}{'_scaled' if scale_reset else ''}"
        drive = Drive(1.0, 0.6) if decay_input else Drive(0.5, 0.3)
        note = "k is 1 at the start; it is 1.25 here, so that scale_reset shows"
        case(record, name, "klif", node, settings, drive, ("v",), note=note)
        # relu(k h) has a kink at 0
        excess = record.arrays[f"{name}/excess"]
        above = excess[excess > -settings["v_threshold"]] + settings["v_threshold"]
        assert above.min() > 1e-5


def cuba_lif(record):
    for name, v_reset in {"hard": 0.0, "soft": None}.items():
        node, settings = constructed(neuron.CUBALIFNode, v_reset=v_reset)
        case(
            record,
            f"cuba_lif_{name}",
            "cuba_lif",
            node,
            settings,
            Drive(0.3, 0.1),
            ("v", "c"),
            borders=(-0.5, 0.5),
            note="Rect is the default surrogate",
        )


def leaky_integrator(record):
    node, settings = constructed(neuron.NonSpikingLIFNode, tau=2.5)
    torch_case(
        record,
        "leaky_integrator",
        lambda currents: {"v": torch.stack(node(currents))},
        Drive(1.0, 0.5),
        {},
        model="leaky_integrator",
        source="neuron.NonSpikingLIFNode",
        settings=settings,
    )
