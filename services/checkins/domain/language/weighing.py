"""What a phrase counts where it stands: turned round by a negator, less about somebody else or what is past, more where it is
strengthened."""

from dataclasses import dataclass

from services.checkins.domain.language.lexicon import ANY, LEAF, Entry, Kind, Lexicon, Tree
from services.checkins.domain.language.sentences import Sentence

NEGATOR_REACHES = 4
"""Words."""

ANOTHER_PERSON, SAFETY_OF_ANOTHER, ANOTHERS_JOY, FIRST_PERSON = 0.2, 0.1, 0.6, 1.1
LONG_AGO, OVERCOME, LAST_TIME = 0.18, 0.35, 0.75
ABOUT_A_THING, LAUGHING, SAFETY_LAUGHING = 0.3, 0.4, 0.8
DENIED, NOT_SO_GOOD, SAFETY_DENIED = -0.2, -0.7, 0.02
BEFORE_BUT, AFTER_BUT = 0.7, 1.15

FRAME = frozenset({Kind.IDIOM, Kind.PAST})
FIRST = FRAME | {Kind.OVERCOME}


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a text: what it is and counts here, and its characters from `start` up to but without `end`."""

    entry: Entry
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Context:
    denied: list[bool]
    persons: list[str]
    past: set[int]
    now: set[int]
    overcome: bool
    things: bool
    laughing: bool
    but: int
    """The place of the sentence's last "but"; -1 where there is none."""


def weighed(sentence: Sentence, lexicon: Lexicon) -> list[Found]:
    phrases = _phrases(sentence, lexicon)
    context = _context(sentence, phrases, lexicon)
    found = [
        Found(entry, sentence.starts[start], sentence.ends[end - 1], _weight(sentence, context, start, end, entry, lexicon))
        for start, end, entry in phrases
        if entry.kind not in FRAME
    ]
    return found + [_sign(context, start, end, entry) for start, end, _, entry in sentence.signs]


def longest(words: list[str], at: int, tree: Tree) -> tuple[int, Entry] | None:
    """The longest phrase that begins there: its end, and what it is."""
    found: tuple[int, Entry] | None = None
    places = [(at, tree)]
    while places:
        place, node = places.pop()
        entry = node.get(LEAF)
        if entry is not None and (found is None or place > found[0]):
            found = (place, entry)
        if place < len(words):
            for next_ in (node.get(words[place]), node.get(ANY)):
                if next_ is not None:
                    places.append((place + 1, next_))
    return found


def _phrases(sentence: Sentence, lexicon: Lexicon) -> list[tuple[int, int, Entry]]:
    """The phrases that count, from left to right; of those that overlap the one that comes first in `_precedence`."""
    words, tree = sentence.words, lexicon.tree
    seen = []
    for at, word in enumerate(words):
        if word in tree and (found := longest(words, at, tree)) and (not found[1].alone or len(words) == found[0] - at):
            seen.append((at, *found))
    taken = bytearray(len(words))
    kept = []
    for start, end, entry in sorted(seen, key=_precedence):
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            kept.append((start, end, entry))
    return sorted(kept, key=lambda phrase: phrase[0])


def _precedence(phrase: tuple[int, int, Entry]) -> tuple[float, ...]:
    """Safety language of several words ("want to die for real"), then idioms and whatever is longer ("this job is killing me"),
    then what weighs most."""
    start, end, entry = phrase
    length = end - start
    if entry.kind is Kind.SAFETY and length > 2:
        return (0, -length, start)
    if entry.kind in FIRST:
        return (1, -length, 0, start)
    return (1, -length, 1, start) if length > 3 else (2, -abs(entry.weight), -length, start)


def _context(sentence: Sentence, phrases: list[tuple[int, int, Entry]], lexicon: Lexicon) -> _Context:
    words, marks = sentence.words, lexicon.marks
    inside = {place for start, end, entry in phrases if entry.turned for place in range(start, end)}
    past = {sentence.clauses[start] for start, _, entry in phrases if entry.kind is Kind.PAST}
    now = {clause for word, clause in zip(words, sentence.clauses, strict=True) if word in marks["now"]}
    return _Context(
        _denied(sentence, inside, lexicon),
        _persons(sentence, lexicon),
        past - now,
        now,
        any(entry.kind is Kind.OVERCOME for _, _, entry in phrases),
        not marks["things"].isdisjoint(words),
        any(sign in marks["laughter"] for _, _, sign, _ in sentence.signs) or not marks["laughter"].isdisjoint(words),
        max((place for place, word in enumerate(words) if word in marks["breaks"]), default=-1),
    )


def _denied(sentence: Sentence, inside: set[int], lexicon: Lexicon) -> list[bool]:
    denied, reaches, clause = [], -1, 0
    for place, word in enumerate(sentence.words):
        if sentence.clauses[place] != clause:
            reaches, clause = -1, sentence.clauses[place]
        denied.append(place <= reaches)
        if word in lexicon.marks["negators"] and place not in inside:
            reaches = place + NEGATOR_REACHES
    return denied


def _persons(sentence: Sentence, lexicon: Lexicon) -> list[str]:
    """Of whom each word tells: the nearest person before it."""
    first, third, before = (lexicon.marks[name] for name in ("first_person", "third_person", "prepositions"))
    persons, person, previous = [], "", ""
    for word in sentence.words:
        if word in first:
            person = "first"
        elif word in third and previous not in before:
            person = "third"
        persons.append(person)
        previous = word
    return persons


def _weight(sentence: Sentence, context: _Context, start: int, end: int, entry: Entry, lexicon: Lexicon) -> float:
    weight = entry.weight * max(sentence.boosts[start:end])
    if context.denied[start] and not entry.turned and entry.kind is not Kind.OVERCOME:
        return weight * _denial(entry)
    if entry.kind is Kind.OVERCOME:
        return weight
    weight *= _person(context.persons[start], entry, start > 0 and sentence.words[start - 1] in lexicon.marks["theirs"])
    clause = sentence.clauses[start]
    if clause in context.past:
        weight *= LONG_AGO if weight > 0 else -LONG_AGO
    elif clause not in context.now and any(
        word in lexicon.marks["weak_past"] for word in sentence.words[max(0, start - 3) : start]
    ):
        weight *= LAST_TIME
    if context.overcome and weight > 0:
        weight *= OVERCOME
    if weight > 0:
        weight *= _circumstances(sentence, context, start, end, entry, lexicon)
    return weight


def _denial(entry: Entry) -> float:
    if entry.kind is Kind.SAFETY:
        return SAFETY_DENIED
    return DENIED if entry.weight > 0 else NOT_SO_GOOD


def _person(person: str, entry: Entry, theirs: bool) -> float:
    if person == "first":
        return FIRST_PERSON
    if entry.kind is Kind.OTHERS:
        return ANOTHER_PERSON if theirs else 1.0
    if person != "third" or entry.own:
        return 1.0
    if entry.kind is Kind.SAFETY:
        return SAFETY_OF_ANOTHER
    return ANOTHER_PERSON if entry.weight > 0 else ANOTHERS_JOY


def _circumstances(sentence: Sentence, context: _Context, start: int, end: int, entry: Entry, lexicon: Lexicon) -> float:
    factor = 1.0
    if context.laughing:
        factor *= SAFETY_LAUGHING if entry.kind is Kind.SAFETY else LAUGHING
    if entry.kind is not Kind.SAFETY and _is_of_a_thing(sentence.words, context, start, end, entry, lexicon):
        factor *= ABOUT_A_THING
    if context.but >= 0 and entry.kind is not Kind.SAFETY:
        factor *= BEFORE_BUT if start < context.but else AFTER_BUT
    return factor


def _is_of_a_thing(words: list[str], context: _Context, start: int, end: int, entry: Entry, lexicon: Lexicon) -> bool:
    """As in "a pointless meeting" or "the coffee is awful", but not in "I feel awful since that meeting"."""
    things, felt = lexicon.marks["things"], lexicon.marks["felt"]
    if not things.isdisjoint(words[end : end + 2]):
        return True
    loose = entry.kind is Kind.VALENCE or entry.category == "anger"
    return context.things and loose and felt.isdisjoint(words[max(0, start - 3) : start + 1])


def _sign(context: _Context, start: int, end: int, entry: Entry) -> Found:
    weight = entry.weight * (LAUGHING if context.laughing and entry.weight > 0 else 1.0)
    return Found(entry, start, end, weight)
