"""The oracles against the traces of `golden`, to the last printed digit."""

import numpy as np
import pytest

import golden
from oracle_inputs import TRIANGLE, logit
from oracles import ar_lif, clif, tc_lif


def check_golden(trace, table):
    for name in table.columns:
        np.testing.assert_allclose(
            trace[name], table.column(name), rtol=0, atol=golden.TOLERANCE, err_msg=name
        )


@pytest.mark.parametrize("variant", golden.TC_LIF)
def test_tc_lif_golden(variant):
    table = golden.TC_LIF[variant]
    symbols = dict(table.parameters)
    c1, c2 = logit(-symbols.pop("beta1")), logit(symbols.pop("beta2"))
    trace = tc_lif(table.currents, TRIANGLE, c1=c1, c2=c2, **symbols, **table.options)
    check_golden(trace, table)


@pytest.mark.parametrize("variant", golden.AR_LIF)
def test_ar_lif_golden(variant):
    table = golden.AR_LIF[variant]
    symbols = dict(table.parameters)
    a, c = np.arctanh(symbols.pop("beta")), symbols.pop("alpha")
    check_golden(ar_lif(table.currents, TRIANGLE, a=a, c=c, **symbols, **table.options), table)


def test_clif_golden():
    check_golden(clif(golden.CLIF.currents, TRIANGLE, **golden.CLIF.parameters), golden.CLIF)
