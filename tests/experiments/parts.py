"""Parts of an experiment on a GPU that end well, in part, badly, not at all, and with the whole process."""

import os
import time

from experiments.gpu.sheet import OVER


def well(sheet):
    sheet.attempt("one", lambda: {"seconds": 0.5, "lost": float("nan")})
    sheet.attempt("two", lambda: 1 / 0)


def half(sheet):
    if sheet.lacks("kept"):
        sheet.note("kept", {"seconds": 4.0})
        sheet.note("more", {"error": OVER})
    else:
        sheet.attempt("more", lambda: {"seconds": 5.0})


def badly(sheet):
    sheet.note("kept", {"seconds": 1.0})
    raise ValueError("it broke\nin two lines")


def with_the_process(sheet):
    sheet.note("kept", {"seconds": 2.0})
    os._exit(3)


def never(sheet):
    sheet.note("kept", {"seconds": 3.0})
    time.sleep(600)
