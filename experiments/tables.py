"""What tables of records share: their form, and the line that says where their numbers come from."""

from experiments.registry import RESULTS
from spikejax.runs import record


def markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def read(name: str) -> dict:
    return record.read(RESULTS / f"{name}.json")


def origin(result: dict) -> str:
    facts = result["provenance"]
    versions = facts["versions"]
    return (
        f"{facts['device'].split(':')[0].upper()}, {facts['processors']} cores, Python {facts['python']}, "
        f"jax {versions['jax']}, commit {facts['commit']}"
    )
