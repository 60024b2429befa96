"""What hands do with dead letters: requeue and drop; each deed is a record of the same log.

A requeue is said before and after it is sent. Said before, it keeps others away; said after, it
closes the letter. What dies in between is completed by the same command: it looks for the copy
behind the place that was noted first, and sends only what is not there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from services.cli.domain.dead import HOLD_MS, Case, Copy, DeadFold, Deed, How, LetterId
from services.cli.domain.requeue import Original, Plan, Refusal, Sending, plan
from services.cli.errors import NotDoneError, StackAwayError
from services.cli.ports.dead import Appended, DeadLog, Originals, Standings
from services.cli.ports.signature import Signature
from services.runtime.clock import Clock

AT_ONCE = 100
"""Letters that are begun, sent and closed together."""
SEND_WITHIN_MS = HOLD_MS // 2
"""After that, somebody else might soon take a begun requeue for interrupted."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters a command is about."""

    letters: Sequence[LetterId] = ()
    reason: str = ""
    """When no letter is named: everything open that has this reason; empty: everything open."""

    def of(self, fold: DeadFold) -> list[Case]:
        """Return the cases, the oldest first.

        Raises:
            NotDoneError: A letter that is named is not there.
        """
        if self.letters:
            missing = [str(each) for each in self.letters if fold.case(each) is None]
            if missing:
                raise NotDoneError(
                    f"ID: no dead letter {', '.join(missing)}; see `seatline dead list --all`"
                )
            named = {case.letter.id: case for each in self.letters if (case := fold.case(each))}
            return list(named.values())
        return [
            case for case in fold.cases() if case.waits and self.reason in ("", case.letter.reason)
        ]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one letter."""

    case: Case
    did: str
    """requeued, dropped, already, refused; before it is done: would_requeue, would_drop."""
    text: str
    copy: Copy | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be sent again."""

    case: Case
    original: Original
    sending: Sending
    value: bytes
    since: Copy
    """The place from which on its copy will lie."""

    @property
    def record(self) -> tuple[str, int, bytes]:
        return self.sending.topic, self.sending.partition, self.value


@dataclass(slots=True)
class DeadHandler:
    """Lists, requeues and drops, over one fold of the log."""

    log: DeadLog
    originals: Originals
    standings: Standings
    appended: Appended
    clock: Clock
    progress: Callable[[str], None]
    fold: DeadFold = field(default_factory=DeadFold)

    def read(self) -> DeadFold:
        """Read the log up to its end."""
        self.progress("reading dead letters")
        return self.fold.take_all(self.log.news())

    async def plan(self, case: Case) -> tuple[Plan, Original | None]:
        """Return what a requeue of a case would do, and its original."""
        original = self.originals.find(case.letter)
        entry = None if original is None else original.entry
        standing = None
        if entry is not None:
            standing = await self.standings.of(entry)
            if entry.dispatcher is not None:
                gave_up = self.originals.gave_up(case.letter, entry.dispatcher)
                standing = replace(standing, set_aside=gave_up)
        return plan(case, original, standing, self.clock.wall_ms()), original

    async def requeue(self, choice: Choice, signature: Signature, *, dry_run: bool) -> list[Result]:
        """Send inputs again, each once; what is closed already stays as it is.

        Raises:
            NotDoneError: The stack is away, or a letter is not there.
        """
        results: list[Result] = []
        chosen = choice.of(self.read())
        for number, part in enumerate(_parts(chosen)):
            self.progress(f"requeueing {number * AT_ONCE} of {len(chosen)}")
            jobs: list[_Job] = []
            for case in part:
                found = await self._prepared(case)
                if isinstance(found, _Job) and dry_run:
                    results.append(Result(case, "would_requeue", found.sending.what))
                elif isinstance(found, _Job):
                    jobs.append(found)
                elif isinstance(found, Copy):
                    results.append(self._complete(case, found, signature, dry_run=dry_run))
                else:
                    results.append(found)
            results += self._carry_out(jobs, signature)
        return results

    def drop(self, choice: Choice, signature: Signature, *, dry_run: bool) -> list[Result]:
        """Give inputs up for good.

        Raises:
            NotDoneError: The stack is away, or a letter is not there.
        """
        results: list[Result] = []
        for part in _parts(choice.of(self.read())):
            free: list[Case] = []
            for case in part:
                why = self._undroppable(case)
                if why is not None:
                    results.append(why)
                elif dry_run:
                    results.append(Result(case, "would_drop", "it is given up for good"))
                else:
                    free.append(case)
            deeds = [
                Deed(case.letter.id, How.DROPPED, signature.by, signature.why) for case in free
            ]
            for case, counts in self._noted(free, deeds):
                did = Result(case, "dropped", "given up for good") if counts else _closed(case)
                results.append(did)
        return results

    def _undroppable(self, case: Case) -> Result | None:
        """Say why a case cannot be dropped: it is closed, or was sent again after all."""
        if not case.waits:
            return _closed(case)
        original = self.originals.find(case.letter) if case.deeds else None
        with suppress(NotDoneError):  # what cannot be told any more can only be dropped
            if original is not None and self._sent_before(case, original) is not None:
                why = "it was sent again, which is not noted: `seatline dead requeue` completes it"
                return Result(case, "refused", why)
        return None

    async def _prepared(self, case: Case) -> _Job | Copy | Result:
        """Return what to send, or the copy that was sent, or why neither."""
        if not case.waits:
            return _closed(case)
        try:
            planned, original = await self.plan(case)
            there = None if original is None else self._sent_before(case, original)
        except StackAwayError:
            raise
        except NotDoneError as error:
            return Result(case, "refused", str(error))
        if there is not None:
            return there
        if isinstance(planned, Refusal) or original is None:
            why = planned.why if isinstance(planned, Refusal) else "its original is gone"
            return Result(case, "refused", why)
        since = Copy(
            planned.topic,
            planned.partition,
            self.originals.end(planned.topic, planned.partition),
            planned.release,
            planned.valid_until_ms,
        )
        value = self.originals.copy_of(case, original, planned)
        return _Job(case, original, planned, value, since)

    def _sent_before(self, case: Case, original: Original) -> Copy | None:
        """Return the copy that an interrupted requeue sent; see `Originals.sent`."""
        begun = [deed.copy for deed in case.deeds if deed.copy is not None]
        found = (self.originals.sent(copy, original) for copy in begun)
        return next((copy for copy in found if copy is not None), None)

    def _complete(self, case: Case, copy: Copy, by: Signature, *, dry_run: bool) -> Result:
        if dry_run:
            return Result(case, "would_requeue", "it was sent already, which is noted", copy)
        self._noted([case], [Deed(case.letter.id, How.REQUEUED, by.by, by.why, copy)])
        return Result(case, "requeued", "it had been sent already", copy)

    def _carry_out(self, jobs: Sequence[_Job], by: Signature) -> list[Result]:
        began_ms = self.clock.monotonic_ms()
        begun = [Deed(job.case.letter.id, How.BEGUN, by.by, by.why, job.since) for job in jobs]
        counted = self._noted([job.case for job in jobs], begun)
        mine = [job for job, (_, counts) in zip(jobs, counted, strict=True) if counts]
        results = [_closed(case) for case, counts in counted if not counts]
        copies = self._sent(mine, began_ms)
        done = [
            Deed(job.case.letter.id, How.REQUEUED, by.by, by.why, copy)
            for job, copy in zip(mine, copies, strict=True)
        ]
        self._noted([job.case for job in mine], done)
        return results + [
            Result(job.case, "requeued", job.sending.what, copy)
            for job, copy in zip(mine, copies, strict=True)
        ]

    def _sent(self, jobs: Sequence[_Job], began_ms: int) -> list[Copy]:
        """Send what is not there yet; return where each copy lies.

        Who was taken for interrupted may have sent it while this looked for the first time.
        """
        known = {
            job.case.letter.id: self._sent_before(job.case, job.original)
            for job in jobs
            if _was_begun(job.case)
        }
        if self.clock.monotonic_ms() - began_ms > SEND_WITHIN_MS:
            raise NotDoneError(
                "this took too long, and nothing was sent: repeat the command in half a minute"
            )
        missing = [job for job in jobs if known.get(job.case.letter.id) is None]
        offsets = self.appended([job.record for job in missing]) if missing else ()
        for job, offset in zip(missing, offsets, strict=True):
            known[job.case.letter.id] = replace(job.since, offset=offset)
        return [copy for job in jobs if (copy := known[job.case.letter.id]) is not None]

    def _noted(self, cases: Sequence[Case], deeds: Sequence[Deed]) -> list[tuple[Case, bool]]:
        """Append deeds, read the log on, and tell of each whether it counts."""
        if not deeds:
            return []
        noted = self.log.note(deeds)
        self.read()
        return [
            (case, case.last is not None and case.last.at == deed.at)
            for case, deed in zip(cases, noted, strict=True)
        ]


def _was_begun(case: Case) -> bool:
    """Tell whether somebody had begun before the deed that counts now."""
    return len(case.deeds) > 1


def _parts(cases: Sequence[Case]) -> Iterator[Sequence[Case]]:
    for start in range(0, len(cases), AT_ONCE):
        yield cases[start : start + AT_ONCE]


def _closed(case: Case) -> Result:
    last = case.last
    if last is None:
        return Result(case, "refused", "the log does not say so: repeat the command")
    if last.how is How.BEGUN:
        why = f"{last.by} is requeueing it: repeat the command in half a minute"
        return Result(case, "refused", why)
    return Result(case, "already", f"{last.how.value} by {last.by}", last.copy)
