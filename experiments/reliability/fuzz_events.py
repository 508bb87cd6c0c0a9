"""The readers of event cameras under many mutations of their files, real ones where SPIKEJAX_DATA_DIR has them.

Command: python -m experiments.reliability.fuzz_events --mutations 100000
Expected: no error but the library's own, no reader that does not end, no damage unnoticed where the format has a
checksum; memory as in the experiment of which this is one part.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from experiments.reliability import event_data, readers
from experiments.reliability.mutations import RANDOM
from experiments.reliability.outcomes import WRONG, joined

NAMES = (*event_data.FORMATS, "n_mnist", "dvs_gesture", "frame cache")


def fuzz(mutations: int, folder: Path) -> dict[str, Any]:
    """Shares the mutations among the readers and counts what became of them."""
    each = mutations // (len(NAMES) * len(RANDOM))
    batches = ({"reader": name, "quick": False, "trials": each} for name in NAMES)
    found = {}
    for batch in batches:
        found[batch["reader"]] = readers.run(batch, folder)
        shown = {key: x for key, x in found[batch["reader"]].items() if key != "failures"}
        print(batch["reader"], shown, flush=True)
    return {**joined(found.values()), "readers": {key: x["counts"] for key, x in found.items()}}


def main() -> int:
    """Prints the summary; 1 if a reader failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=100_000, help="over all readers")
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(parser.parse_args().mutations, Path(folder))
    print(json.dumps(found, indent=1))
    return int(any(found["counts"].get(kind, 0) for kind in WRONG))


if __name__ == "__main__":
    raise SystemExit(main())
