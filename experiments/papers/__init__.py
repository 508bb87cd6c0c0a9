"""Tables and figures of publications."""
