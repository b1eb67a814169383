"""What follows from members coming and going."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.support.views import members, pseudonyms, requests
from services.support.views.members import Arrived, Effect
from shared.clock import Clock
from shared.http import idempotency
from shared.projection import forgetting
from shared.projection.reader import Changes
from shared.store import erasures
from shared.store.encryption import MemberKeys
from shared.store.erasures import Erased
from shared.store.event_store import EventStore, Write


@dataclass(frozen=True)
class Members:
    store: EventStore
    keys: MemberKeys
    clock: Clock

    def follow(self, effects: Sequence[Effect]) -> Changes:
        gone = [effect for effect in effects if isinstance(effect, Erased)]
        arrived = {effect.member for effect in effects if isinstance(effect, Arrived)} - {one.member for one in gone}
        return Changes((), [*self._keys_for(arrived), *self.forget(gone).writes])

    def forget(self, gone: Sequence[Erased]) -> Changes:
        """What follows from erasures, whether or not their events are folded yet."""
        if not gone:
            return Changes()
        who = [one.member for one in gone]
        dropped = [write for member in who for write in self._forget(member)]
        return Changes((), [erasures.put(gone, self.clock()), *dropped, forgetting.forget(who, [members.MEMBERS])])

    def _keys_for(self, arrived: set[UUID]) -> list[Write]:
        """A key for each member as soon as they are here: one that was made with a request would tell who made it."""
        if not arrived:
            return []
        with self.store.transaction() as cursor:
            absent = members.absent(cursor, arrived)
        return [self.keys.new(member)[1] for member in absent]

    def _forget(self, member: UUID) -> list[Write]:
        """Their pseudonyms are found by their key, so everything under these goes before it does."""
        key = self.keys.of([member]).get(member)
        if key is None:
            return [requests.forget([member]), idempotency.forget([member])]
        with self.store.transaction() as cursor:
            own = pseudonyms.of(cursor, key)
        subjects = [member, *own]
        destroyed = [self.keys.destroy(subject) for subject in subjects]
        return [requests.forget(subjects), pseudonyms.unlink(key, len(own)), idempotency.forget(subjects), *destroyed]
