"""The scripts of this folder set up devices of their own: no tests to collect in them."""

collect_ignore_glob = ["*.py"]
