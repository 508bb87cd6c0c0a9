"""Graphs that other tools wrote and read, recorded; see README.md."""
