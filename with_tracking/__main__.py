"""`python -m with_tracking`: the command line."""

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while all this is loaded ends it without a traceback

from with_tracking.cli.main import main

if __name__ == "__main__":
    main()
