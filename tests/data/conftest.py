"""The fixtures of this folder."""

from cifar_files import official  # noqa: F401
from files import places, serve, small  # noqa: F401
from tiny_imagenet_files import photographs  # noqa: F401
