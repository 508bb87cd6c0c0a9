"""Settings that a publication or this library trains with."""
