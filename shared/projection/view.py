"""A read model: a pure fold over one topic, and the columns in which its states are kept.

The key of a state follows from the key of the record (the subject), so that whoever owns a partition owns its states.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.events import PublicEvent

S = TypeVar("S")
Key = tuple[Any, ...]
"""The values of a state's key columns."""

Effect = Any
"""What a fold calls upon to be done; only a live reader does it."""


@dataclass(frozen=True)
class View(Generic[S]):
    """`key` and `columns` give SQL types by column name; an event whose `key_of` is None is no business of the view.

    `fold` is given None where there is no state yet, and gives None where none is to be kept. `version` goes up with every
    change of what the fold or the columns mean: the view is then built anew beside the live one.
    """

    name: str
    version: int
    topic: str
    key: Mapping[str, str]
    columns: Mapping[str, str]
    key_of: Callable[[PublicEvent], Key | None]
    fold: Callable[[S | None, PublicEvent], tuple[S | None, Sequence[Effect]]]
    to_row: Callable[[S], tuple[Any, ...]]
    from_row: Callable[..., S]
    """`to_row` gives the values of `columns`; `from_row` is given those of `key` and `columns`."""

    indexes: tuple[str, ...] = ()
    """Further indexes, each as its columns."""

    subject: str | None = None
    """The key column that is a member's id: of whoever is erased no generation keeps a row."""

    blanked: Mapping[str, str] = field(default_factory=dict)
    """Where the row has to stay: the columns that are set to so (SQL) instead, as if nothing had been said."""

    unless: str | None = None
    """SQL about a row `new` that isn't kept although the fold gave it, since another topic took its subject away."""

    def __hash__(self) -> int:
        return hash(self.name)
