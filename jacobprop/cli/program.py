"""The command `jacobprop`: a group whose first command is the demo."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Any, NoReturn

import click

from .chain_command import chain_command
from .check_command import check_command
from .demo_command import demo_command
from .diagnose_command import diagnose_command
from .experiment_command import experiment_command
from .failures import ClosedPipeError, exit_code
from .fit_command import fit_command
from .plan_command import plan_command


def _show_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Print the installed version and end."""
    if wanted:
        try:
            click.echo(f"jacobprop {metadata.version('jacobprop')}")
        except metadata.PackageNotFoundError:
            click.echo("jacobprop, not installed: run from its sources")
        context.exit()


class Program(click.Group):
    """Runs the demo unless a command is named, and ends in one line whatever goes wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `demo` in front of options that are the demo's."""
        own = {"-h", "--help", "--version"}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["demo", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a closed pipe goes past click, which would make it a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ClosedPipeError from error

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run, and exit with the code that the failure has."""
        kwargs["standalone_mode"] = False
        run = super().main
        sys.exit(exit_code(lambda: run(*args, **kwargs)))


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Without a command the demo runs.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version)
def program() -> None:
    """Every gradient with its factors, its proof, its price and its picture."""


program.add_command(demo_command)
program.add_command(chain_command)
program.add_command(plan_command)
program.add_command(check_command)
program.add_command(diagnose_command)
program.add_command(fit_command)
program.add_command(experiment_command)
