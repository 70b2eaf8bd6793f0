"""Where the command line begins, as ``clustermap`` and ``python -m clustermap``."""

import sys

_STOPPED = 130


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends it without a word."""
    try:
        from clustermap.cli import main as run  # noqa: PLC0415 -- what it imports takes a while

        run()
    except KeyboardInterrupt:
        sys.exit(_STOPPED)


if __name__ == "__main__":
    main()
