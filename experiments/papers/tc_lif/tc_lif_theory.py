"""TC-LIF's analysis of gradients over time: its formulas, the true derivatives, and what the library computes.

Reproduces: TC-LIF (AAAI 2024), Eq. 13-16, and the couplings of Table 7 before and after training. Nothing is trained.

- Eq. 14 is not the derivative of Eq. 10 and 11, see `theory.py`. Both it and the true Jacobian have determinant 1; in
  the second quadrant (β1 < 0 < β2) all eigenvalues of both lie on the unit circle, so that gradients neither vanish nor
  explode there, and in the first and third those of the true one do not: they explode in both. The paper says that they
  vanish in the third, where its Eq. 15 is below 1.
- Eq. 15 is the larger sum of a column with its signs, "column infinite norm". With absolute values, as in a norm, the
  other column is larger for four of the pairs of Table 7.
- Eq. 16, the form with a single compartment, follows from Eq. 10 and 11; the released code, whose β1 acts on the soma
  after its reset, has another factor of the spikes in it: β2 γ + V_th + β1 β2 V_th.
Command: python -m experiments run tc_lif_theory
Expected: automatic differentiation over a silent run equals the product of the true Jacobians to 1e-10, and Eq. 16 a
run with spikes to 1e-10, both in float64; Table 7's "before" to 0.0005, its "after" to 0.0015, since β is printed with
three digits, but for (−0.6, 0.8), where 1.704 is printed and 1.702 follows.
Time: half a minute on 2 CPU cores.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.tc_lif import theory
from experiments.papers.tc_lif.published import TABLE_7
from spikejax import plot
from spikejax.analysis import jacobian
from spikejax.dynamics import unroll
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.runs import record

STEPS = 784
PAIRS = [row.before for row in TABLE_7]
QUADRANTS = {1: (1, 1), 2: (-1, 1), 3: (-1, -1), 4: (1, -1)}


def run(request: Request) -> dict[str, Any]:
    side = 21 if request.quick else 201
    with jax.enable_x64(True):
        metrics = {
            "steps": STEPS,
            "automatic": _automatic(),
            "single_compartment": {order: _single(order) for order in ("paper", "code")},
            "lif": {str(decay): decay**STEPS for decay in (0.8, 0.9, 0.99)},
            "quadrants": {str(number): _quadrant(*signs) for number, signs in QUADRANTS.items()},
            "table_7": _table_7(),
        }
    draw(side, request.out / "theory.png")
    facts = {"seed": 0, "data": None}
    return {
        **record.begin("tc_lif_theory", {"quick": request.quick}, facts),
        "metrics": metrics,
        "complete": True,
    }


def _automatic() -> dict[str, float]:
    """The largest relative difference between automatic differentiation and the product of true Jacobians."""
    silent = jnp.zeros((STEPS, 1))
    found = {}
    for order in ("paper", "code"):
        differences = []
        for beta1, beta2 in PAIRS:
            neuron = TCLIF.from_beta(beta1, beta2, order=order)
            ours = np.asarray(jacobian(neuron.step, neuron.init_state(silent[0]), silent)[0])
            product = np.linalg.matrix_power(
                theory.true_jacobian(np.array(beta1), np.array(beta2)), STEPS
            )
            differences.append(np.abs(ours - product).max() / np.abs(product).max())
        found[order] = float(max(differences))
    lif = LIF(decay=0.9)
    ours = float(jacobian(lif.step, lif.init_state(silent[0]), silent)[0, 0, 0])
    return {**found, "lif": abs(ours / 0.9**STEPS - 1)}


def _single(order: str) -> float:
    """The largest difference between a run of the neuron and its form with a single compartment, over spikes."""
    currents = jax.random.normal(jax.random.key(0), (200, 64)) + 0.3
    beta1, beta2, gamma, threshold = -0.6, 0.4, 0.5, 1.0
    neuron = TCLIF.from_beta(beta1, beta2, gamma=gamma, threshold=threshold, order=order)

    def save(state, spikes):
        return state.dendrite, state.soma, spikes

    _, (dendrite, soma, spikes) = unroll(
        neuron.step, neuron.init_state(currents[0]), currents, save=save
    )
    # The paper's variables are those before the resets, which follow a step later; of U alone in "code".
    before = soma + threshold * spikes
    taken = gamma if order == "code" else gamma - beta1 * threshold
    whole = dendrite + taken * spikes
    factor = beta2 * gamma + threshold + (beta1 * beta2 * threshold if order == "code" else 0.0)
    expected = (
        (1 + beta1 * beta2) * before[:-1]
        + beta2 * whole[:-1]
        + beta2 * currents[1:]
        - factor * spikes[:-1]
    )
    return float(jnp.abs(before[1:] - expected).max())


def _quadrant(sign1: int, sign2: int) -> dict[str, Any]:
    """What the two Jacobians are like in a quadrant, from a grid of its inner points."""
    values = np.linspace(0.05, 0.95, 19)
    beta1, beta2 = sign1 * values[:, None], sign2 * values[None]
    true, paper = (f(beta1, beta2) for f in (theory.true_jacobian, theory.paper_jacobian))
    eq15 = theory.paper_norm(beta1, beta2)
    return {
        "spectral_radius": _range(theory.spectral_radius(true)),
        "spectral_radius_eq14": _range(theory.spectral_radius(paper)),
        "eq15": _range(eq15),
        "log10_norm_of_product": _range(np.log10(theory.power_norm(true, 100))),
        "determinant": _range(np.linalg.det(true)),
    }


def _range(values):
    return [float(values.min()), float(values.max())]


def _table_7() -> list[dict[str, Any]]:
    rows = []
    for row in TABLE_7:
        before, after = (np.asarray(pair) for pair in (row.before, row.after))
        matrix = theory.paper_jacobian(*before)
        rows.append(
            {
                "before": list(row.before),
                "printed_before": row.norm_before,
                "eq15_before": float(theory.paper_norm(*before)),
                "column_norm_before": float(theory.column_norm(matrix)),
                "true_column_norm_before": float(theory.column_norm(theory.true_jacobian(*before))),
                "after": list(row.after),
                "printed_after": row.norm_after,
                "eq15_after": float(theory.paper_norm(*after)),
            }
        )
    return rows


def draw(side: int, path: Any) -> None:
    """Eq. 15, the spectral radius and the norm of a product, over the plane of β1 and β2."""
    values = np.linspace(-1, 1, side)
    beta1, beta2 = np.meshgrid(values, values)
    true = theory.true_jacobian(beta1, beta2)
    # Products grow beyond what a float holds; 100 steps show the same regions.
    norms = np.log10(np.maximum(theory.power_norm(true, 100), 1e-12))
    panels = (
        ("Eq. 15 of the paper; line: 1", theory.paper_norm(beta1, beta2), 1.0, (0.0, 4.0)),
        ("spectral radius of the true Jacobian", theory.spectral_radius(true), None, (1.0, 2.0)),
        (r"$\log_{10}$ of the norm of 100 true steps", norms, None, (0.0, 4.0)),
    )
    made, axes = plot.figure(columns=len(panels), width=10.5, height=3.4)
    for axis, (title, found, line, (low, high)) in zip(axes[0], panels, strict=True):
        shown = axis.pcolormesh(
            values, values, found, vmin=low, vmax=high, cmap="viridis", rasterized=True
        )
        if line is not None:
            axis.contour(values, values, found, levels=[line], colors="white")
        axis.axhline(0, color="white", lw=0.5)
        axis.axvline(0, color="white", lw=0.5)
        axis.set_title(title, fontsize=8)
        axis.set_xlabel("β1")
        axis.set_ylabel("β2")
        axis.grid(False)
        made.colorbar(shown, ax=axis, extend="max")
    plot.save(made, path)


def _largest(key: str, printed: str, but: tuple[float, float] | None = None):
    """The largest difference between Eq. 15 and a printed column."""
    return lambda m: max(
        abs(row[key] - row[printed])
        for row in m["table_7"]
        if but is None or tuple(row["before"]) != but
    )


SOURCE = "TC-LIF, Table 7"
EXPERIMENT = Experiment(
    claim="TC-LIF's Eq. 13-16: its Jacobian, the true one, automatic differentiation, and Table 7's norms",
    time="half a minute on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "automatic differentiation and the true Jacobians, 784 silent steps, relative difference",
            lambda m: max(m["automatic"].values()),
            high=1e-10,
        ),
        Expectation(
            "single-compartment form and a run with spikes, largest difference",
            lambda m: max(m["single_compartment"].values()),
            high=1e-10,
            source="TC-LIF, Eq. 16",
        ),
        Expectation(
            "second quadrant: largest spectral radius of the true Jacobian, minus 1",
            lambda m: m["quadrants"]["2"]["spectral_radius"][1] - 1,
            high=1e-12,
        ),
        Expectation(
            "Table 7, before training: largest difference",
            _largest("eq15_before", "printed_before"),
            high=0.0005,
            source=SOURCE,
        ),
        Expectation(
            "Table 7, after training, without (−0.6, 0.8): largest difference",
            _largest("eq15_after", "printed_after", but=(-0.6, 0.8)),
            high=0.0015,
            source=SOURCE,
        ),
    ),
    figure="theory.png",
)
