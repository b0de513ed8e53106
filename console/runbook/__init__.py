"""Loads, checks and runs runbooks; the format of the files stands in README.md."""
