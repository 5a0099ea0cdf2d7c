"""Territories, their law as regimes in machine terms, and where a visitor is."""
