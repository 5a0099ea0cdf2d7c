"""For regulators and auditors."""
