"""The oracles of neurons published since 2022 with the parameters at which their gradients are compared."""

from oracle_inputs import CURRENTS, VECTOR, Case, case
from oracles import (
    adlif,
)

CASES: dict[str, Case] = {}
CASES["adlif"] = case(
    adlif,
    currents=4.0 * CURRENTS,
    decay=VECTOR,
    adaptation_decay=0.9,
    a=-0.1,
    b=0.5,
    threshold=0.8,
)
