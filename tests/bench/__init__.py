"""Figures: each prints JSON; ``make bench`` runs them all and compares within one run."""
