"""Ingests, normalises, de-duplicates and groups alerts; acknowledges and silences them."""
