"""The cases that are compared with oracles, by name; `case` adds one."""

from oracle_comparison import Case

CASES: dict[str, Case] = {}


def case(name, model, settings, drive=None, **rest):
    CASES[name] = Case(model, settings, drive or model, **rest)
