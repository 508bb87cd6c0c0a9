"""Short traces of the neurons, to be reproduced to the last printed digit.

They were worked out from the equations, not by this library, and rounded to six decimals (trailing
zeros are left out).  The parameters bear the papers' symbols; `decay` is k_tau of AR-LIF.
"""

from typing import NamedTuple

TOLERANCE = 0.5e-6 + 1e-9  # half a unit of the last digit; the rest is for exact ties


class Golden(NamedTuple):
    source: str  # the paper and the equations, or their variant
    parameters: dict[str, float]
    options: dict[str, object]  # what selects the variant
    currents: tuple[float, ...]
    columns: tuple[str, ...]  # `x_after` is x after the reset, `x` alone is before it
    rows: tuple[tuple[float, ...], ...]  # one for each time step

    def column(self, name: str) -> list[float]:
        return [row[self.columns.index(name)] for row in self.rows]


TC_LIF_CURRENTS = (1, 0.5, 1.5, 0, 2, 1, 0.3, 1.2)
TC_LIF_PARAMETERS = {"beta1": -0.5, "beta2": 0.5, "gamma": 0.5, "threshold": 1.0}
TC_LIF_COLUMNS = ("dendrite", "soma", "spikes")

TC_LIF_PAPER = Golden(
    "TC-LIF (AAAI 2024), Eq. 10-12",
    TC_LIF_PARAMETERS,
    {"order": "paper"},
    TC_LIF_CURRENTS,
    TC_LIF_COLUMNS,
    (
        (1, 0.5, 0),
        (1.25, 1.125, 1),
        (1.6875, 0.96875, 0),
        (1.203125, 1.570312, 1),
        (1.917969, 1.529297, 1),
        (1.65332, 1.355957, 1),
        (0.775342, 0.743628, 0),
        (1.603528, 1.545392, 1),
    ),
)

TC_LIF_CODE = Golden(
    "TC-LIF (AAAI 2024), Eq. 10-12 with the soma reset before it feeds the dendrite, "
    "as in the code released with the paper",
    TC_LIF_PARAMETERS,
    {"order": "code"},
    TC_LIF_CURRENTS,
    TC_LIF_COLUMNS,
    (
        (1, 0.5, 0),
        (1.25, 1.125, 1),
        (2.1875, 1.21875, 1),
        (1.578125, 1.007812, 1),
        (3.074219, 1.544922, 1),
        (3.301758, 2.195801, 1),
        (2.503857, 2.447729, 1),
        (2.479993, 2.687726, 1),
    ),
)

AR_LIF_CURRENTS = (1.2, -0.4, 0.9, 0.6, 1.5, -1, 0.2, 0.8)

AR_LIF_CODE = Golden(
    "AR-LIF (arXiv 2507.20746), Eq. 5-7 with the reset gated by the spike, "
    "as in the code released with the paper",
    {"alpha": 1.0, "beta": 0.3, "decay": 0.5},
    {"order": "code"},
    AR_LIF_CURRENTS,
    ("membrane", "threshold", "spikes", "memory", "membrane_after"),
    (
        (1.2, 1.250096, 0, -0.768525, 1.2),
        (0.2, 0.886015, 0, -0.861419, 0.2),
        (1.0, 1.214889, 0, -0.959943, 1.0),
        (1.1, 1.161115, 0, -0.985806, 1.1),
        (2.05, 1.271544, 1, 0.637738, 0.124214),
        (-0.937893, 0.771522, 0, -0.097427, -0.937893),
        (-0.268947, 1.059213, 0, -0.593692, -0.268947),
        (0.665527, 1.199211, 0, -0.874034, 0.665527),
    ),
)

AR_LIF_FORGETFUL = Golden(
    "AR-LIF (arXiv 2507.20746), as above, but r starts from 0 at every step and the spike needs "
    "h > V_th, as in the code released with the paper for event-camera data",
    {"alpha": 1.0, "beta": 0.3, "decay": 0.2},
    {"order": "code", "carry": False, "strict": True},
    AR_LIF_CURRENTS,
    ("membrane", "spikes", "memory", "membrane_after"),
    (
        (1.2, 0, -0.768525, 1.2),
        (-0.16, 0, -0.401312, -0.16),
        (0.868, 0, -0.71095, 0.868),
        (0.7736, 0, -0.645656, 0.7736),
        (1.65472, 1, 0.817574, -0.310546),
        (-1.062109, 0, -0.268941, -1.062109),
        (-0.012422, 0, -0.549834, -0.012422),
        (0.797516, 0, -0.689974, 0.797516),
    ),
)

AR_LIF_PAPER = Golden(
    "AR-LIF (arXiv 2507.20746), Eq. 8 to the letter",
    {"alpha": 1.0, "beta": 0.3, "decay": 0.5},
    {"order": "paper"},
    AR_LIF_CURRENTS,
    ("membrane", "spikes", "reset_voltage", "membrane_after"),
    (
        (1.2, 0, -0.768525, 0.718428),
        (-0.040786, 0, -0.401312, -0.525489),
        (0.637256, 0, -0.71095, 0.133316),
        (0.666658, 0, -0.645656, 0.151199),
        (1.5756, 1, 0.817574, -0.513519),
        (-1.25676, 0, -0.268941, -1.75934),
        (-0.67967, 0, -0.549834, -1.189049),
        (0.205476, 0, -0.689974, -0.303761),
    ),
)

CLIF = Golden(
    "CLIF (Huang et al., arXiv 2402.04663), as in the code released with the paper",
    {"tau": 2.0, "threshold": 1.0},
    {},
    AR_LIF_CURRENTS[:6],
    ("membrane", "spikes", "memory", "membrane_after"),
    (
        (1.2, 1, 1, -0.531059),
        (-0.665529, 0, 0.417568, -0.665529),
        (0.567235, 0, 0.238195, 0.567235),
        (0.883618, 0, 0.144987, 0.883618),
        (1.941809, 1, 1.105159, 0.190583),
        (-0.904708, 0, 0.429687, -0.904708),
    ),
)

TC_LIF = {"paper": TC_LIF_PAPER, "code": TC_LIF_CODE}
AR_LIF = {"code": AR_LIF_CODE, "forgetful": AR_LIF_FORGETFUL, "paper": AR_LIF_PAPER}
