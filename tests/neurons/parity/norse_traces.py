"""Traces of Norse, run by `record.py`: all its neurons and surrogates."""

from functools import partial

import torch
from drive import FEATURES, Drive, Record, output, parameter
from norse.torch.functional import (
    iaf,
    izhikevich,
    leaky_integrator,
    leaky_integrator_box,
    lif,
    lif_adex,
    lif_box,
    lif_ex,
    lif_refrac,
    lsnn,
    reset,
)
from norse.torch.functional.threshold import threshold
from norse_case import learned, silent, spiking
from torch_case import derivative


def box(record):
    for name, method in {"value": reset.reset_value, "subtract": reset.reset_subtract}.items():
        spiking(
            record,
            f"lif_box_{name}",
            "lif",
            lif_box.lif_box_feed_forward_step,
            learned(lif_box.LIFBoxParameters, tau_mem_inv=300.0, reset_method=method),
            lambda fill: lif_box.LIFBoxFeedForwardState(v=fill(0)),
            Drive(2.0, 1.0),
            "decay 1 - dt tau_mem_inv, gain dt tau_mem_inv",
        )


def cuba(record):
    note = (
        "the current is added to i, v follows with this i, i decays afterwards: i is after the "
        "decay"
    )

    def initial(fill):
        return lif.LIFFeedForwardState(v=fill(0), i=fill(0))

    step = lif.lif_feed_forward_step
    made = learned(lif.LIFParameters)
    spiking(record, "lif", "cuba_lif", step, made, initial, Drive(2.5, 1.0), note)
    numbers = {"tau_mem_inv": 200.0, "v_leak": 0.2, "v_th": 0.9, "v_reset": -0.1}
    made = learned(lif.LIFParameters, **numbers)
    note += "; v starts at 0 and not at v_leak"
    spiking(record, "lif_shifted", "cuba_lif", step, made, initial, Drive(1.5, 0.4), note)


def refractory(record):
    note = (
        "rho, a step counter, is set to rho_reset by a spike and loses 1 a step; while it is above "
        "0, v is held, i goes on and spikes are suppressed, by the same threshold function of rho, "
        "so that its surrogate gives rho a gradient"
    )
    for rho_reset in (5.0, 2.0):
        parameters, leaves = learned(lif.LIFParameters, tau_mem_inv=300.0)
        rho = torch.tensor(rho_reset, requires_grad=True)
        spiking(
            record,
            f"lif_refrac_{rho_reset:.0f}",
            "cuba_lif",
            lif_refrac.lif_refrac_feed_forward_step,
            (lif_refrac.LIFRefracParameters(parameters, rho), leaves | {"rho_reset": rho}),
            lambda fill: lif_refrac.LIFRefracFeedForwardState(
                lif.LIFFeedForwardState(v=fill(0), i=fill(0)), rho=fill(0)
            ),
            Drive(2.0, 1.5),
            note,
            variables=lambda state: {**state.lif._asdict(), "rho": state.rho},
        )


def recurrent(record):
    weights = {
        name: torch.tensor(parameter(name, (FEATURES, FEATURES), scale, offset), requires_grad=True)
        for name, scale, offset in (("input_weights", 0.5, 0.5), ("recurrent_weights", 1.0, 0.0))
    }
    spiking(
        record,
        "lif_recurrent",
        "cuba_lif",
        lif.lif_step,
        learned(lif.LIFParameters),
        lambda fill: lif.LIFState(z=fill(0), v=fill(0), i=fill(0)),
        Drive(2.0, 0.8),
        "currents @ input_weights.T and spikes @ recurrent_weights.T, of the step before, are "
        "added to i; unlike the feed-forward step, the spike that resets is detached",
        weights,
    )


def integrate_and_fire(record):
    for name, v_reset in {"": 0.0, "_below": -0.25}.items():
        spiking(
            record,
            f"iaf{name}",
            "integrate_and_fire",
            iaf.iaf_feed_forward_step,
            learned(iaf.IAFParameters, v_reset=v_reset),
            lambda fill: iaf.IAFFeedForwardState(v=fill(0)),
            Drive(0.5, 0.3),
            "v starts at 0; dt has no part",
        )


def exponential(record):
    spiking(
        record,
        "lif_ex",
        "exponential_lif",
        lif_ex.lif_ex_feed_forward_step,
        learned(lif_ex.LIFExParameters),
        lambda fill: lif_ex.LIFExFeedForwardState(v=fill(0), i=fill(0)),
        Drive(2.0, 1.0),
        "the exponential's rheobase is v_th, the threshold of the spike; i as in lif",
    )


def adex(record):
    def initial(fill):
        return lif_adex.LIFAdExFeedForwardState(v=fill(0), i=fill(0), a=fill(0))

    note = "a follows the v of before the step; i as in lif"
    for name, numbers, drive in (
        ("", {}, Drive(2.0, 1.0)),
        ("_strong", {"adaptation_spike": 1.0, "tau_ada_inv": 50.0}, Drive(2.5, 1.6)),
    ):
        spiking(
            record,
            f"lif_adex{name}",
            "adex",
            lif_adex.lif_adex_feed_forward_step,
            learned(lif_adex.LIFAdExParameters, **numbers),
            initial,
            drive,
            note,
        )


def alif(record):
    note = (
        "b is the threshold itself and decays to v_th; the current is added to i after v has used "
        "it, a step later than in lif, and after the decay; not detached (the recurrent step is)"
    )
    for name, numbers, drive in (
        ("", {}, Drive(4.0, 3.0)),
        ("_fast", {"tau_adapt_inv": 100.0, "beta": 0.5, "tau_mem_inv": 200.0}, Drive(2.0, 1.0)),
    ):
        slow = "; tau_adapt_inv is 1 / 800 where dt is in seconds: b hardly decays"
        spiking(
            record,
            f"lsnn{name}",
            "alif",
            lsnn.lsnn_feed_forward_step,
            learned(lsnn.LSNNParameters, **numbers),
            lambda fill: lsnn.LSNNFeedForwardState(v=fill(0), i=fill(0), b=fill(1)),
            drive,
            note + ("" if name else slow),
        )


def quadratic(record):
    spiking(
        record,
        "izhikevich_tonic",
        "izhikevich",
        izhikevich.izhikevich_feed_forward_step,
        learned(izhikevich.IzhikevichParameters, **izhikevich.tonic_spiking_p._asdict()),
        lambda fill: izhikevich.IzhikevichState(v=fill(-70), u=fill(-14)),
        Drive(30.0, 90.0),
        "one Euler step of dt tau_inv = 0.25 ms, v and u both from the values before it; u starts "
        "at b v",
    )


SURROGATES = {
    "super": ("super", 100.0, "alpha has no part: (|x| + 1)^-2"),
    "super_1": ("super", 1.0, "the same curve as super"),
    "triangle": ("triangle", 0.3, ""),
    "triangle_2": ("triangle", 2.0, ""),
    "tanh": ("tanh", 1.0, "1 - tanh(k x)^2, without the factor k"),
    "tanh_3": ("tanh", 3.0, ""),
    "circ": ("circ", 0.5, "alpha^3 (alpha^2 + x^2)^-1.5"),
    "circ_2": ("circ", 2.0, ""),
    "heavi_erfc": ("heavi_erfc", 1.0, "2 / sqrt(pi) exp(-(k x)^2), without the factor k"),
    "heavi_erfc_3": ("heavi_erfc", 3.0, ""),
}


def surrogates(record):
    for name, (method, alpha, note) in SURROGATES.items():
        record.surrogate(
            name,
            source="functional.threshold.threshold",
            settings={"method": method, "alpha": alpha},
            derivative=derivative(partial(threshold, method=method, alpha=alpha)),
            note=note,
        )
    record.defect(
        "surrogate super",
        "alpha does not reach the derivative: (|x| + 1)^-2 whatever alpha is, where the paper has "
        "(alpha |x| + 1)^-2",
    )
    for method in ("logistic", "circ_dist"):
        try:
            threshold(torch.zeros(1), method, 1.0)
        except ValueError:
            text = "its spikes are random, and `threshold` does not know it: not recorded"
            record.defect(f"surrogate {method}", text)


def main():
    record = Record("norse", ("torch",))
    for group in (
        box,
        cuba,
        refractory,
        recurrent,
        integrate_and_fire,
        exponential,
        adex,
        alif,
        quadratic,
        surrogates,
    ):
        group(record)
    silent(
        record,
        "li",
        leaky_integrator.li_feed_forward_step,
        leaky_integrator.LIParameters,
        lambda fill: leaky_integrator.LIState(v=fill(0), i=fill(0)),
    )
    silent(
        record,
        "li_box",
        leaky_integrator_box.li_box_feed_forward_step,
        leaky_integrator_box.LIBoxParameters,
        lambda fill: leaky_integrator_box.LIBoxState(v=fill(0)),
    )
    record.save(output())


if __name__ == "__main__":
    main()
