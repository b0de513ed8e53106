"""``python -m console`` is ``warroom``."""

from console.cli import main

main()
