"""Incident command's own acts: declare, state, severity, notes, who commands."""
