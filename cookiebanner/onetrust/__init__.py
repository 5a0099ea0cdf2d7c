"""The drop-in: OneTrust's paths, served by our artifacts."""
