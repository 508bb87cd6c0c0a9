"""Records the peers' traces: `python tests/neurons/parity/record.py [PEER ...] [--environment DIR]`.

Each peer is installed, at the pinned version, into a virtual environment that is removed
afterwards; its script runs there and writes PEER.npz into this folder.
"""

import argparse
import os
import subprocess
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).parent
# What pip installs.  snntorch does not declare what it needs.
PINS = {
    "spikingjelly": ["spikingjelly==2.0.0", "numpy"],
    "snntorch": ["snntorch==1.0.0", "torch", "numpy"],
    "norse": ["norse==1.1.0", "numpy"],
    "spyx": ["spyx==1.0.0", "numpy"],
}
# One thread, on the CPU: the same sums in the same order.
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def run(environment: Path, *arguments: str) -> None:
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, *arguments], check=True, env={**os.environ, **SETTINGS}, cwd=HERE)


def record(peer: str, environment: Path) -> None:
    run(environment, str(HERE / f"{peer}_traces.py"), str(HERE / f"{peer}.npz"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", metavar="PEER", nargs="*", help=f"of {', '.join(PINS)}; all")
    parser.add_argument(
        "--environment",
        type=Path,
        metavar="DIR",
        help="an environment that has the peer already; nothing is installed",
    )
    arguments = parser.parse_args()
    peers = arguments.peers or list(PINS)
    if unknown := set(peers) - set(PINS):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    if arguments.environment and len(peers) != 1:
        parser.error("--environment goes with one peer")
    for peer in peers:
        if arguments.environment:
            record(peer, arguments.environment.absolute())
            continue
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            run(Path(folder), "-m", "pip", "install", "--quiet", *PINS[peer])
            record(peer, Path(folder))


if __name__ == "__main__":
    main()
