"""Runs and their folders: what is trained, its record, its report."""
