"""What is read out of text: categories of words that say how somebody is, and how much distress they express.

It never says what somebody has: it says which words were used. Pure and deterministic; the words are the packs'.
"""

from services.checkins.domain.language.analysing import Analysis, Finding, Match, analyse, has_safety_language
from services.checkins.domain.language.packs import WrongPack, read_pack

__all__ = ["Analysis", "Finding", "Match", "WrongPack", "analyse", "has_safety_language", "read_pack"]
