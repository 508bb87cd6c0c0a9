"""What is said where a kernel cannot run."""


class Refused(Exception):
    """A step that a kernel cannot run; the text completes "… runs as a scan, not as a fused kernel: "."""


class KernelFallback(UserWarning):
    """Something ran as a scan although a kernel was wanted; the text names the reason."""
