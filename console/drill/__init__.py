"""The drill world: a separate process that speaks the backends' wire protocols on loopback."""
