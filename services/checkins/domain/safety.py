"""Whether a note calls for crisis lines to be shown to its author, at once.

First storey: a short list of plain phrases, in English. It errs towards showing: a line too many costs a glance. It raises
no alert and nothing of it travels; the versioned rules with negation, person and tense come with the detection model.
"""

import re
import unicodedata

PHRASES = (
    "kill myself",
    "killing myself",
    "end my life",
    "ending my life",
    "end it all",
    "take my own life",
    "want to die",
    "wanna die",
    "better off dead",
    "wish i was dead",
    "wish i were dead",
    "no reason to live",
    "not worth living",
    "can't go on",
    "cannot go on",
    "suicide",
    "suicidal",
    "hurt myself",
    "hurting myself",
    "harm myself",
    "self-harm",
    "self harm",
    "cut myself",
    "overdose",
)
"""After the warning signs listed by 988 Suicide & Crisis Lifeline and Samaritans: talk of dying, of being a burden without
a way out, of harming oneself."""

_PATTERN = re.compile(r"\b(?:" + "|".join(re.escape(phrase) for phrase in PHRASES) + r")\b")


def calls_for_crisis_lines(note: str) -> bool:
    """True where the note has one of the phrases, whatever its case, spacing or kind of apostrophe."""
    plain = unicodedata.normalize("NFKC", note).lower().replace("\u2019", "'")
    return bool(_PATTERN.search(" ".join(plain.split())))
