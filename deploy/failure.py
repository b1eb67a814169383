"""The one way in which starting fails: with a sentence for the person at the terminal."""


class CannotStart(Exception):
    """Says what is missing or what went wrong, and what to do about it. Command lines print it without a traceback."""
