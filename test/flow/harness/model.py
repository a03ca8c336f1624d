"""What the policy says of each person and list, as plain Python: the model that random sequences are held to.

It knows no database. `mailboxes` are spellings of an address; a person is a key. What outlives a restore is an event: it is applied
when it happens, and again, in its order, to the state that a backup brings back.
"""
import copy
import dataclasses

DAY = 86400
VALID = 366 * DAY  # 12 months of 30 days and a half


def fresh():
    return dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class State:
    number: int = 0               # of the last mailbox, in the order in which they came
    mailboxes: dict = fresh()     # spelling: (number, key, bounced)
    members: dict = fresh()       # list: {spelling: True}
    consent: dict = fresh()       # (spelling, project): the newest action
    ended: dict = fresh()         # (key, project): withdrawn once
    valid: dict = fresh()         # spelling: (accepted, until)
    out: dict = fresh()           # key: (at, way)
    kept: dict = fresh()          # (key, project)
    mailings: dict = fresh()      # those whose links work


class Model:
    """lists: {list: project}. keys: {spelling: key}."""

    def __init__(self, lists, keys):
        self.lists, self.keys, self.state, self.events = lists, keys, State(members={name: {} for name in lists}), []

    # --- what it says ---

    def why(self, name, spelling, now):
        s, key, project = self.state, self.keys[spelling], self.lists[name]
        if key in s.out and (key, project) not in s.kept:
            return "opted-out"
        if s.consent.get((spelling, project)) != "given":
            return "no-consent"
        if s.mailboxes[spelling][2]:
            return "bounced"
        if spelling not in s.valid:
            return "not-validated"
        accepted, until = s.valid[spelling]
        return "rejected" if not accepted else "lapsed" if until <= now else ""

    def members(self, name, now):
        return {spelling: self.why(name, spelling, now) for spelling in self.state.members[name]}

    def waiting(self, name, now):
        """Who is to be looked at before the list is signed off."""
        return [a for a in self.state.members[name] if a not in self.state.valid or self.state.valid[a][1] <= now]

    def of(self, key):
        """Spellings that are held, the oldest first."""
        return sorted((a for a, box in self.state.mailboxes.items() if box[1] == key), key=lambda a: self.state.mailboxes[a][0])

    # --- what outlives a restore ---

    def event(self, *event):
        self.events.append(event)
        self.apply(event)

    def apply(self, event):
        what, key, at, *more = event
        getattr(self, f"_{what}")(key, at, *more)

    def _out(self, key, at, way):
        before = self.state.out.setdefault(key, (at, way))
        if way == "erasure":
            self.state.out[key] = (before[0], way)
        self.state.kept = {k: v for k, v in self.state.kept.items() if k[0] != key}

    def _keep(self, key, at, project):
        self.state.kept[key, project] = True

    def _undo(self, key, at):
        if self.is_fresh(key, at):
            del self.state.out[key]

    def _withdraw(self, key, at, project):
        s = self.state
        for a in self.of(key):
            on_list = any(self.lists[name] == project and a in people for name, people in s.members.items())
            if (a, project) in s.consent or on_list:
                s.consent[a, project] = "withdrawn"
        s.ended[key, project] = True

    def _erase(self, key, at):
        s = self.state
        for a in self.of(key):
            del s.mailboxes[a]
            s.valid.pop(a, None)
            s.consent = {k: v for k, v in s.consent.items() if k[0] != a}
            for people in s.members.values():
                people.pop(a, None)

    def is_fresh(self, key, now):
        at, way = self.state.out.get(key, (0, "erasure"))
        return way != "erasure" and now - at <= DAY

    def snapshot(self):
        return copy.deepcopy(self.state), len(self.events)

    def restore(self, snapshot):
        self.state = copy.deepcopy(snapshot[0])
        for event in self.events[snapshot[1]:]:
            self.apply(event)

    # --- what does not ---

    def hold(self, spelling):
        """The mailbox is known from now on."""
        if spelling not in self.state.mailboxes:
            self.state.number += 1
            self.state.mailboxes[spelling] = (self.state.number, self.keys[spelling], False)

    def _on_list(self, name, key):
        return [a for a in self.state.members[name] if self.keys[a] == key]

    def load(self, name, rows):
        """An import of (spelling, with evidence) in the order of the file."""
        first, taken = {}, []
        for spelling, evidence in rows:
            known = 0 if self.keys[spelling] not in first else 1 if first[self.keys[spelling]] == spelling else 2
            first.setdefault(self.keys[spelling], spelling)
            there = self._on_list(name, self.keys[spelling])
            if there:  # then who is on the list counts, and not the order in the file
                known = 1 if spelling in there else 2
            taken.append((spelling, evidence, known))
        for spelling, _, known in taken:
            if known == 0:
                self.hold(spelling)
                self.state.members[name][spelling] = True
        project = self.lists[name]
        for spelling, evidence, known in taken:
            if (evidence and known < 2 and spelling in self.state.members[name] and (spelling, project) not in self.state.consent
                    and (self.keys[spelling], project) not in self.state.ended):
                self.state.consent[spelling, project] = "given"

    def confirm(self, spelling, name, now):
        """A sign-up to the list's study, confirmed."""
        s, key, project = self.state, self.keys[spelling], self.lists[name]
        there = [a for a in self.of(key) if a in s.members[name] and (not s.mailboxes[a][2] or a == spelling)]
        mailbox = spelling if spelling in there or not there else there[0]
        self.hold(mailbox)
        s.members[name][mailbox] = True
        number, _, bounced = s.mailboxes[mailbox]
        if bounced:
            s.mailboxes[mailbox] = (number, key, False)
            s.valid.pop(mailbox, None)
        s.consent[mailbox, project] = "given"
        if key in s.out:
            self.event("keep", key, now, project)

    def bounce(self, spelling):
        number, key, _ = self.state.mailboxes[spelling]
        self.state.mailboxes[spelling] = (number, key, True)
