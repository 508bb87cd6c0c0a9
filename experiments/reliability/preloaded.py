"""What children find imported: everything that a run imports on its way, and no device in use."""

import matplotlib.pyplot  # noqa: F401
import optax  # noqa: F401
import tyro  # noqa: F401
from orbax.checkpoint import v1  # noqa: F401

from experiments.reliability import subjects  # noqa: F401
from spikejax.cli import commands, train  # noqa: F401
from spikejax.cli import sweep as sweep_command  # noqa: F401
