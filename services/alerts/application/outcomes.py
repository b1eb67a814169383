"""From the events of a step to everything that is written with them: the one place where offers become owed webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.alerts.domain.alert import Alert
from services.alerts.domain.claims import ClaimLinks
from services.alerts.domain.eligibility import Pool
from services.alerts.domain.events import Offered
from services.alerts.domain.notices import body, notices
from services.alerts.domain.timers import timers_after
from services.alerts.views import alert_rows, roster
from services.alerts.views.alert_rows import Owed
from shared.store.event_store import Write
from shared.store.events import PrivateEvent


@dataclass(frozen=True)
class Outcomes:
    """Needs to know only where a claim link leads: its token is put in when it is sent."""

    links: ClaimLinks

    def rows(self, alert: Alert, events: Sequence[PrivateEvent], pool: Pool) -> tuple[Write, ...]:
        """The rows that go with an alert's events; `alert` is its state after the last of them."""
        if not events:
            return ()
        owed = [
            Owed(notice, endpoint, body(notice, self.links.open_url(notice.alert)))
            for notice in notices(alert, events)
            for endpoint in pool.endpoints_of(notice.supporter)
        ]
        held = roster.hold_reachable([event.supporter for event in events if isinstance(event, Offered)])
        timers = alert_rows.set_timers(timers_after(alert, events))
        return (held, alert_rows.put_alert(alert), alert_rows.owe(owed), timers, alert_rows.wake)
