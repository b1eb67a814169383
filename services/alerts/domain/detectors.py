"""The detectors, in the order in which their reasons are told. Those of change are in `detection`; each says why in words.

A detector is pure and looks at one event and at the member with it taken in, by the rules that it is given.
"""

from collections.abc import Callable, Sequence

from services.alerts.domain.detection.changes import is_unusual, lasting_change, missed_check_ins, one_item
from services.alerts.domain.members import Member
from services.alerts.domain.rules import RuleSet
from services.alerts.domain.signals import Signal
from shared.events.checkins import CheckInRecorded, DistressFlagged, NoteCategory, NoteFinding, Sign

Observed = CheckInRecorded | DistressFlagged
Detector = Callable[[RuleSet, Member, Observed], Signal | None]


def explicit_request(rules: RuleSet, _: Member, event: Observed) -> Signal | None:
    """Someone asks for a person."""
    if isinstance(event, CheckInRecorded) and event.wants_contact:
        return Signal("explicit_request", rules.points.explicit_request, "They asked to be contacted.")
    return None


def urgent_flag(rules: RuleSet, _: Member, event: Observed) -> Signal | None:
    """A colleague says that it is urgent."""
    if isinstance(event, DistressFlagged) and event.urgent:
        return Signal("urgent_flag", rules.points.urgent_flag, "A colleague is worried and called it urgent.")
    return None


def colleagues(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    """A concern that isn't urgent. Two named reporters are independent; without a name that can't be known."""
    if not isinstance(event, DistressFlagged) or event.urgent:
        return None
    seen = ", ".join(SEEN[sign] for sign in dict.fromkeys(event.signs)) or "nothing in particular"
    if len({report.reporter for report in member.reports if report.reporter}) > 1:
        return Signal("two_colleagues", rules.points.two_colleagues, f"Two colleagues are worried; noticed now: {seen}.")
    return Signal("colleagues_concern", rules.points.colleagues_concern, f"A colleague is worried and noticed: {seen}.")


SEEN = {
    Sign.MOOD_CHANGE: "a change of mood",
    Sign.BEHAVIOUR_CHANGE: "a change in how they behave",
    Sign.PERFORMANCE_CHANGE: "a change in how they work",
    Sign.APPEARANCE_CHANGE: "a change in how they look",
    Sign.HOPELESSNESS: "hopelessness",
    Sign.GUILT: "guilt",
    Sign.ANGER: "anger",
    Sign.ANXIETY: "anxiety",
}
"""The eight signs, as a reason names them."""


def lowest_mood(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    if not (member.may_be_analysed and isinstance(event, CheckInRecorded) and event.mood <= rules.cut_offs.mood_at_most):
        return None
    if not is_unusual(rules, member, 0, event):
        return None
    return Signal("lowest_mood", rules.points.lowest_mood, f"Their mood is {_low(event.mood)}.")


def lowest_energy(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    if not (member.may_be_analysed and isinstance(event, CheckInRecorded) and event.energy is not None):
        return None
    if event.energy > rules.cut_offs.energy_at_most or not is_unusual(rules, member, 1, event):
        return None
    return Signal("lowest_energy", rules.points.lowest_energy, f"Their energy is {_low(event.energy)}.")


def highest_stress(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    if not (member.may_be_analysed and isinstance(event, CheckInRecorded) and event.stress is not None):
        return None
    if event.stress < rules.cut_offs.stress_at_least or not is_unusual(rules, member, 2, event):
        return None
    return Signal("highest_stress", rules.points.highest_stress, f"Their stress is {_high(event.stress)}.")


def safety_language(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    """What checkins found in a note, which it looks into only with consent: which words were used, never what somebody has.

    Each category counts once, so that one theme alone, however often it comes back, calls nobody.
    """
    if not (member.may_be_analysed and isinstance(event, CheckInRecorded)):
        return None
    if any(_is_self_harm(rules, finding) for finding in event.findings):
        points = rules.points.self_harm_in_words
        return Signal("safety_language", points, "Their note has words of not wanting to live, or of hurting themselves.")
    about = sorted({finding.category for finding in event.findings} - {NoteCategory.EXPLICIT_REQUEST, NoteCategory.SELF_HARM})
    if not about:
        return None
    words = ", ".join(category.replace("_", " ") for category in about)
    return Signal("safety_language", rules.points.sign_in_words * len(about), f"Their note has words of: {words}.")


def written_request(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    """Someone asks for a person in their own words, and agreed to be contacted: as good as the question's yes."""
    if not (member.contact and isinstance(event, CheckInRecorded)) or event.wants_contact:
        return None
    if all(finding.category is not NoteCategory.EXPLICIT_REQUEST for finding in event.findings):
        return None
    return Signal("explicit_request", rules.points.explicit_request, "In their note they asked for somebody.")


def _is_self_harm(rules: RuleSet, finding: NoteFinding) -> bool:
    return finding.category is NoteCategory.SELF_HARM and finding.weight >= rules.cut_offs.self_harm_weight_at_least


def _low(value: int) -> str:
    return "1, the lowest of the scale of 1 to 5" if value == 1 else f"{value} on the scale of 1 to 5"


def _high(value: int) -> str:
    return "5, the highest of the scale of 1 to 5" if value == 5 else f"{value} on the scale of 1 to 5"


DETECTORS: Sequence[Detector] = (
    explicit_request,
    urgent_flag,
    colleagues,
    lowest_mood,
    lowest_energy,
    highest_stress,
    lasting_change,
    one_item,
    missed_check_ins,
    safety_language,
    written_request,
)


def detect(rules: RuleSet, member: Member, event: Observed) -> tuple[Signal, ...]:
    """Every signal that counts something, of those that the detectors see in this event."""
    return tuple(found for detector in DETECTORS if (found := detector(rules, member, event)) is not None and found.points)
