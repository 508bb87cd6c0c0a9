"""The recorded cases of all peers as neurons of this library, by peer and name.

Each peer has a file of its own: settings, variables and parameters under the peer's names. Cases that are not listed
are in `NOT_OFFERED`, with the reason.
"""

from parity import norse_cases, snntorch_cases, spikingjelly_cases, spyx_cases
from parity.recorded import Case, load, run

__all__ = ["CASES", "NOT_OFFERED", "PEERS", "load", "run"]

MODULES = {
    "spikingjelly": spikingjelly_cases,
    "snntorch": snntorch_cases,
    "norse": norse_cases,
    "spyx": spyx_cases,
}
PEERS = tuple(MODULES)
CASES: dict[tuple[str, str], Case] = {
    (peer, name): case for peer, module in MODULES.items() for name, case in module.CASES.items()
}
NOT_OFFERED: dict[tuple[str, str], str] = {
    (peer, name): reason
    for peer, module in MODULES.items()
    for name, reason in module.NOT_OFFERED.items()
}
