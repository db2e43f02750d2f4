"""`python -m threescale_migrate`, and the console script."""

from __future__ import annotations

from .cli.main import main as main

if __name__ == "__main__":
    main()
