"""Loads, checks and runs runbooks."""
