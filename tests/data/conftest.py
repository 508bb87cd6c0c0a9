"""The fixtures of this folder."""

from files import places, small  # noqa: F401
