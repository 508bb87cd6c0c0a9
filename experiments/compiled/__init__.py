"""Programs, devices and compilers of `experiments/aot.py`."""
