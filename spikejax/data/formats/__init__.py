"""File formats that data sets are distributed in."""
