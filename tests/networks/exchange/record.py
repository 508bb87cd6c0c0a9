"""Records what other tools make of graphs: `python tests/networks/exchange/record.py [TOOL ...] [--environment DIR]`.

Each tool is installed, at the pinned version, into a virtual environment that is removed afterwards; its script runs
there and writes TOOL.npz into this folder.
"""

import argparse
import subprocess
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).parent
PINS = {
    "snntorch": ["snntorch==1.0.0", "torch", "numpy", "nir==1.0.8", "nirtorch==2.6"],
    "spikingjelly": ["spikingjelly==2.0.0", "torch", "numpy", "nir==1.0.8", "nirtorch==2.6"],
    "spyx": ["spyx==1.0.0", "numpy", "nir==1.0.8"],
}


def record(tool: str, environment: Path) -> None:
    """Runs the script of a tool in an environment that has it."""
    subprocess.run([environment / "bin" / "python", HERE / f"{tool}_traces.py"], check=True)


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", metavar="TOOL", nargs="*", help=f"of {', '.join(PINS)}; all")
    parser.add_argument("--environment", type=Path, help="one that has the tool already")
    arguments = parser.parse_args()
    for tool in arguments.tools or PINS:
        if arguments.environment:
            record(tool, arguments.environment.absolute())
            continue
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = Path(folder) / "bin" / "python"
            subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS[tool]], check=True)
            record(tool, Path(folder))


if __name__ == "__main__":
    main()
