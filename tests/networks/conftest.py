"""The scripts of `exchange` need other tools: no tests to collect in them."""

collect_ignore_glob = [
    "exchange/*_traces.py",
    "exchange/record.py",
    "exchange/spikejax_networks.py",
]
