"""Lanes of chained frames: memory, outbox and evidence of an incident."""
