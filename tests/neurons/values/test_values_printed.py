"""The neurons against the printed traces, to the last printed digit."""

import numpy as np
import pytest

import golden
from printed_traces import PRINTED

pytestmark = pytest.mark.usefixtures("float64")


TABLES = [(model, table) for model, (_, tables) in PRINTED.items() for table in tables]


@pytest.mark.parametrize("model, table", TABLES, ids=lambda x: x if isinstance(x, str) else "")
def test_printed_numbers_are_reproduced(model, table):
    """To the last digit that is printed."""
    found = PRINTED[model][0](table)
    for name in table.columns:
        np.testing.assert_allclose(
            found[name], table.column(name), rtol=0, atol=golden.TOLERANCE, err_msg=name
        )
