"""Evidence that the console collects by itself: filed with one key, read again with another."""
