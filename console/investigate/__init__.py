"""Reads curves: where they left their usual range."""
