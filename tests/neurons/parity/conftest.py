"""The scripts of this folder need the peers: no tests to collect in them."""

collect_ignore_glob = ["*_traces.py", "*_case.py", "record.py"]
