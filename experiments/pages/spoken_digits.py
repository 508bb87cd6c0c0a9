"""The network of `docs/spoken_digits.md` on spoken digits as spikes of 700 channels (fsd_shd, which is not SHD).

Shows: a user-defined Flax network, loss and metric, exactly as on the page, trained with three seeds. Two of the six
speakers are in the test part only.
Command: python -m experiments run spoken_digits
Expected: at least 60 % of the 500 test recordings, mean of three seeds; 10 % is chance.
Time: about 12 minutes on 2 CPU cores.
"""

import re
import sys
import types
from pathlib import Path
from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from spikejax import paths
from spikejax.runs import sweep
from spikejax.runs.several import over_seeds

PAGE = Path(__file__).parents[2] / "docs" / "spoken_digits.md"


def page() -> types.ModuleType:
    """The code of the page, up to the training, as a module."""
    found = re.search(
        r"```python\n(.*?)^trained", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    # Registered in `sys.modules`, so that what it defines can be imported again.
    module = sys.modules["spoken_digits_page"] = types.ModuleType("spoken_digits_page")
    exec(compile(found[1], str(PAGE), "exec"), module.__dict__)
    return module


def run(request: Request) -> dict[str, Any]:
    config, seeds = page().config, (0, 1, 2)
    if request.quick:
        # Without the recordings: shows that the page's network and loss run on digits as sequences.
        small = {"data": "digits", "encoder": None, "epochs": 1, "batch_size": 256}
        config, seeds = paths.replace(config, small), (0,)
    result = sweep(config, [{}], request.out, seeds=seeds, **request.options)
    return {**result, "metrics": over_seeds(result)} if result["complete"] else result


EXPERIMENT = Experiment(
    claim="the 25 lines of docs/spoken_digits.md on fsd_shd (not SHD), three seeds: 60 % of the test recordings",
    time="about 12 minutes on 2 CPU cores",
    run=run,
    expected=(Expectation("test accuracy", lambda m: m["test_right_at_its_peak"], low=0.6),),
    figure="learning_curves.png",
)
