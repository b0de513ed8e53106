"""Runs everything behind the screen on its own thread and loop, and publishes snapshots."""
