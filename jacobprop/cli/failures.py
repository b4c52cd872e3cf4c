"""How a command ends: one line on stderr for what the user can mend, and the exit code for it.

0 done, 1 a check failed, 2 a wrong command line or input, 130 Ctrl-C, 141 a closed pipe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

from ..errors import CheckFailed, JacobpropError
from .escaping import printable


class ClosedPipeError(Exception):
    """Nobody reads the output any more. No OSError: click would turn that into exit code 1."""


def exit_code(command: Callable[[], object]) -> int:
    """Run a command of click in its own terms, and say in one line what went wrong."""
    try:
        code = command()
        sys.stdout.flush()
    except (BrokenPipeError, ClosedPipeError):
        _forget_stdout()
        return 141
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.ClickException as error:
        return _complain(_usage(error), 2)
    except CheckFailed as error:
        return _complain(str(error), 1)
    except JacobpropError as error:
        return _complain(str(error), 2)
    except MemoryError as error:
        return _complain(f"not enough memory: {error}", 2)
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}", 2)
    return code if isinstance(code, int) else 0


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return error.format_message()
    message = error.format_message().rstrip(".")
    stop = "" if message.endswith("?") else "."
    return f"{message}{stop} See: {context.command_path} --help"


def _complain(message: str, code: int) -> int:
    """One line on stderr, whatever characters the message has."""
    line = " ".join(message.split())
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    click.echo("jacobprop: " + printable(line, encoding), err=True)
    return code


def _forget_stdout() -> None:
    """Let the interpreter flush into nowhere at its end: nobody reads."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (closed with the process)
