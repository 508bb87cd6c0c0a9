"""Traces of SpikingJelly's neurons whose output has more levels than two.

ILIFNode and TernaryLIFNode; run by `spikingjelly_traces.py`.
"""

from drive import Drive
from spikingjelly.activation_based import neuron, surrogate
from spikingjelly_case import case, constructed


def i_lif(record):
    for detach in (False, True):
        node, settings = constructed(neuron.ILIFNode, detach_reset=detach)
        case(
            record,
            "i_lif" + "_detached" * detach,
            "i_lif",
            node,
            settings,
            Drive(1.2, 0.2),
            ("v",),
            note="the excess is the membrane over the threshold; it has D = 4 levels",
            borders=(0.5, 1.5, 2.5, 3.5, 4.0),
            emitted=(0, 1, 2, 3, 4),
        )


def ternary_lif(record):
    for name, v_reset in {"hard": 0.0, "soft": None}.items():
        node, settings = constructed(
            neuron.TernaryLIFNode,
            decay_input=False,
            v_reset=v_reset,
            surrogate_function=surrogate.PiecewiseQuadratic(alpha=1.0),
        )
        case(
            record,
            f"ternary_lif_{name}",
            "ternary_lif",
            node,
            settings,
            Drive(1.5, 0.5),
            ("v",),
            note="the excess is that of the upper threshold, then that of the lower one, in every step",
            borders=(-1.0, 1.0),
            emitted=(-1, 0, 1),
        )
