"""``python -m benchmarks``."""

import os
import sys

from .command import main

if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # the reader of a pipe has gone, as in ``| head``
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except OSError as error:  # a full disk, as in ``> /dev/full``
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"cannot write {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
        status = 2
    sys.exit(status)
