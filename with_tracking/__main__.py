"""`python -m with_tracking`: the command line."""

from with_tracking.cli.main import main

if __name__ == "__main__":
    main()
