"""Programs compiled for devices that need not be present."""
