"""Instruments are data: their items, scores, bands and cut-offs stand in instruments/*.toml, each with its source."""

from collections.abc import Mapping

import msgspec

TOTAL = "total"
"""The scale of all items together."""

BAND, POSITIVE = "band.", "positive."
"""What a figure is named that counts sheets in a band, or positive on a subscale."""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    text: str


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    score: int
    text: str


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range of totals, both ends included, and what it is called."""

    name: str
    lowest: int
    highest: int


class Subscale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some of the items; a sum from `cut_off` up counts as positive."""

    name: str
    items: tuple[str, ...]
    cut_off: int


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    source: str
    licence: str
    question: str
    items: tuple[Item, ...]
    options: tuple[Option, ...]
    bands: tuple[Band, ...]
    subscales: tuple[Subscale, ...] = ()

    def wrong_answers(self, answers: Mapping[str, int]) -> list[tuple[str, str]]:
        """The items answered wrongly and why; none for a complete sheet. What isn't an item stands under ''."""
        items, scores = [item.id for item in self.items], {option.score for option in self.options}
        wrong = [(item, "isn't answered") for item in items if item not in answers]
        wrong += [(item, f"must be one of {sorted(scores)}") for item in items if answers.get(item, min(scores)) not in scores]
        if answers.keys() - set(items):
            wrong.append(("", f"has more than the instrument's items: {', '.join(items)}"))
        return wrong

    def sums(self, answers: Mapping[str, int]) -> dict[str, int]:
        """The sum of each scale, TOTAL among them."""
        sums = {scale.name: sum(answers[item] for item in scale.items) for scale in self.subscales}
        return {TOTAL: sum(answers[item.id] for item in self.items), **sums}

    def figures(self, answers: Mapping[str, int]) -> dict[str, int]:
        """What one sheet adds to a tally: the sums of its scales, one in its band, one for each subscale it is positive on."""
        sums = self.sums(answers)
        positive = {POSITIVE + scale.name: 1 for scale in self.subscales if sums[scale.name] >= scale.cut_off}
        return {**sums, BAND + self.band_of(sums[TOTAL]): 1, **positive}

    def band_of(self, total: int) -> str:
        """Raises StopIteration for a total that no complete sheet has."""
        return next(band.name for band in self.bands if band.lowest <= total <= band.highest)


def read_instrument(toml: str) -> Instrument:
    """Raises msgspec's ValidationError, or ValueError where bands leave a total out or a subscale names a strange item."""
    instrument = msgspec.toml.decode(toml, type=Instrument)
    scores = [option.score for option in instrument.options]
    totals = range(len(instrument.items) * min(scores), len(instrument.items) * max(scores) + 1)
    banded = [total for band in instrument.bands for total in range(band.lowest, band.highest + 1)]
    if banded != list(totals):
        raise ValueError(f"{instrument.id}: the bands must cover {totals[0]} to {totals[-1]} once, in order")
    if not {item for scale in instrument.subscales for item in scale.items} <= {item.id for item in instrument.items}:
        raise ValueError(f"{instrument.id}: a subscale names an item that isn't there")
    return instrument
