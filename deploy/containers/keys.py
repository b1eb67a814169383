"""The keys of a composed system, in a volume: made once, and tokens signed with them for an hour of trying things out.

docker compose run --rm keys tokens              exports for a shell, as `.local/env` has them
docker compose run --rm keys token ROLE MEMBER   one person's token
docker compose run --rm keys rotate-kek          a new key-encryption key, before the old ones
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.failure import CannotStart
from deploy.keys import Keys

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)


def keys() -> Keys:
    return Keys(Path(os.environ["ALONGSIDE_KEYS"]))


@app.command()
def make() -> None:
    """Makes what is missing; never replaces a key."""
    keys().make()


@app.command("rotate-kek")
def rotate_kek() -> None:
    """A new key-encryption key, first in its file; then each service: `python -m services.NAME keys rewrap`."""
    keys().rotate()


@app.command()
def tokens() -> None:
    """Prints the programs' tokens as shell exports."""
    for name, token in keys().local_tokens().items():
        typer.echo(f"export {name}={token}")


@app.command()
def token(role: Annotated[str, typer.Argument()], member: Annotated[str, typer.Argument()]) -> None:
    """Prints a person's token, and nothing else."""
    typer.echo(keys().persons_token(role, member))


if __name__ == "__main__":
    try:
        app()
    except CannotStart as problem:
        sys.exit(str(problem))
