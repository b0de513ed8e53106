"""The nouns: frozen, typed, without input or output."""
