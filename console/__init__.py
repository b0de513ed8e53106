"""War-room: a terminal console from which an incident commander runs a whole incident."""
