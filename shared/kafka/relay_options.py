"""What may be said to a relay on its command line; apart from the relay, so that a `--help` loads nothing of Kafka's."""

from typing import Annotated

import typer

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="POSITION",
        help="Send again what was stored after POSITION (0, a sequence, or SERVICE:SEQUENCE), as an empty broker needs it;"
        " ends when all that was stored by now is acknowledged. Whoever reads passes over what they have taken.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="With --from: progress as JSON lines.")]


def sequence_in(position: str, service: str) -> int:
    """The sequence that a position of this service names. Raises typer.BadParameter, saying what is wrong with it."""
    name, colon, digits = position.rpartition(":")
    if colon and name != service:
        raise typer.BadParameter(f"{position} is a position of {name or 'no service'}; this is {service}", param_hint="--from")
    if not (digits.isascii() and digits.isdigit()):
        raise typer.BadParameter(f"{position} is not a position: say 0, a sequence, or {service}:SEQUENCE", param_hint="--from")
    return int(digits)
