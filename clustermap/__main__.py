"""``python -m clustermap``: the command line where no script is on the path."""

from clustermap.cli import main

if __name__ == "__main__":
    main()
