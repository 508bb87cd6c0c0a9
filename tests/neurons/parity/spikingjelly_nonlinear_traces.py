"""Traces of SpikingJelly's neurons with nonlinear dynamics, a second variable or gates.

QIFNode, EIFNode, IzhikevichNode, ComplementaryLIFNode, GatedLIFNode and RAFNode; run by `spikingjelly_traces.py`.
"""

import torch
from drive import BATCH, FEATURES, STEPS, Drive, parameter
from spikingjelly.activation_based import neuron, surrogate
from spikingjelly_case import by_prefix, case, constructed

IMAGE = (STEPS, BATCH, FEATURES, 1, 2)  # what GatedLIFNode takes: [T, B, C, H, W]


def nonlinear(record):
    for name, v_reset in {"hard": -0.1, "soft": None}.items():
        node, settings = constructed(neuron.QIFNode, v_reset=v_reset)
        drive = Drive(0.8, 0.6)
        note = "the membrane starts at v_reset, at 0 if there is none"
        case(record, f"qif_{name}", "quadratic_lif", node, settings, drive, ("v",), note=note)
        node, settings = constructed(neuron.EIFNode, v_reset=v_reset)
        drive = Drive(0.8, 0.2)
        case(record, f"eif_{name}", "exponential_lif", node, settings, drive, ("v",), note=note)


def izhikevich(record):
    note = (
        "not Izhikevich 2003: dimensionless, the quadratic term is a0 (v - v_rest)(v - v_c) over "
        "tau; w follows a (h - v_rest) with time constant tau_w, h being the membrane before the "
        "reset and not the one before the step; w is subtracted from the current before tau, and "
        "a spike adds b to w (Izhikevich's d), with the surrogate's gradient; the default a = b = "
        "0 leaves w at 0"
    )
    for name, numbers_ in {
        "default": {},
        "adaptive": {"a": 0.3, "b": 0.2},
    }.items():
        node, settings = constructed(neuron.IzhikevichNode, **numbers_)
        drive = Drive(0.8, 0.8)
        case(
            record,
            f"izhikevich_{name}",
            "izhikevich",
            node,
            settings,
            drive,
            ("v", "w"),
            note=note,
        )


def clif(record):
    rectangle = (-0.5, 0.5)
    node, settings = constructed(neuron.ComplementaryLIFNode)
    case(
        record,
        "clif",
        "clif",
        node,
        settings,
        Drive(0.7, 0.6),
        ("v", "m"),
        borders=rectangle,
        note="the membrane decays to 0 and the reset is soft and not detached, by v_threshold + "
        "sigmoid(m) with the m of after the step",
    )
    smooth = surrogate.Sigmoid(alpha=4.0)
    node, settings = constructed(neuron.ComplementaryLIFNode, tau=3.0, surrogate_function=smooth)
    case(record, "clif_sigmoid", "clif", node, settings, Drive(0.7, 0.6), ("v", "m"))


def glif(record):
    for name, inplane in {"layer": None, "channel": FEATURES}.items():
        node, settings = constructed(neuron.GatedLIFNode, T=STEPS, inplane=inplane)
        for key, value in node.named_parameters():
            shape = tuple(value.shape)
            if key in ("alpha", "beta", "gamma"):  # the library draws them without a seed
                value.data = torch.from_numpy(parameter(f"glif_{key}", shape, 1.0))
            else:  # its own start, moved apart so that channels and steps differ
                value.data += torch.from_numpy(parameter(f"glif_{key}", shape, 0.5))
        case(
            record,
            f"glif_{name}",
            "glif",
            node,
            settings,
            Drive(1.0, 0.5, shape=IMAGE),
            ("v",),
            by_prefix,
            note="parameters are raw, the sigmoid of them is used; conduct is one a step; the "
            "spike that resets is the one of the step before, 0 at the first; v is before it is "
            "reset",
        )


def resonate_and_fire(record):
    for name, v_reset in {"hard": 0.0, "soft": None}.items():
        node, settings = constructed(neuron.RAFNode, v_reset=v_reset)
        note = "only v is reset, u is not"
        drive = Drive(1.0, 0.6)
        case(
            record, f"raf_{name}", "resonate_and_fire", node, settings, drive, ("v", "u"), note=note
        )
