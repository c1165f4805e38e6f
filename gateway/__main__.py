"""The command `gateway`, also as `python -m gateway`: it looks at its own installation first."""

from __future__ import annotations

import sys

from gateway.installed import conflict


def main() -> None:
    """Run the command; with a foreign package in the place of ours, say so in one line and stop."""
    if problem := conflict():
        sys.exit(f"gateway: {problem}")
    # Not at the top: with a foreign `schema` this import fails, and its error names no cause.
    from gateway.cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
