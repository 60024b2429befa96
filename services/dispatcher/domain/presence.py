"""Whether a gateway has the streams that are bound to it here (rule 4.7).

A fold knows no offsets of its own log, and its state is ahead of what a gateway has read. So a
digest is compared only when nothing that the gateway learns from facts has changed since the time
of the last record that it read; what it reports itself, stands in the commands before its digest.
A question is a barrier: the answer knows every binding that stands in the log before it.
"""

from collections.abc import Sequence

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor
from services.dispatcher.domain.moment import Moment


def gateway_alive(
    floor: Floor, command: inputs.GatewayAlive, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """Take a sign of life; ask which streams a gateway has whose digest is another one."""
    ours = floor.bindings.get(item.boot_id)
    if ours is None or command.digest is None:
        return (facts.GatewaySeen(item.boot_id),)
    comparable = ours.changed_at_ms < command.facts_at_ms
    agrees = comparable and command.digest == ours.digest
    seen = facts.GatewaySeen(item.boot_id, agrees)
    now_ms = moment.written_at_ms
    unsure = now_ms - ours.agreed_at_ms >= floor.limits.presence_unsure_ms
    unanswered = ours.asked and now_ms - ours.asked_at_ms < floor.limits.presence_ask_again_ms
    if agrees or unanswered or moment.behind or not (comparable or unsure):
        return (seen,)
    return (seen, facts.PresenceListAsked(item.boot_id, floor.ordinal))


def presence_list(
    floor: Floor, command: inputs.PresenceList, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """End the bindings that only one side has.

    What the gateway lacks becomes suspect here; what is over here, it is told to give up.
    """
    del moment
    ours = floor.bindings.get(item.boot_id)
    if ours is None or command.number != ours.asked:
        return ()  # lost meanwhile, or an answer to an earlier question
    listed = set(command.nonces)
    lacking = [
        session.nonce
        for session in floor.sessions.values()
        if session.boot_id == item.boot_id
        and session.bound_ordinal <= command.number
        and session.nonce not in listed
        and command.first <= session.nonce
        and (session.nonce < command.behind or not command.behind)
        and session.is_present
    ]
    over = [nonce for nonce in command.nonces if nonce not in floor.by_nonce]
    return (facts.StreamEnded((*lacking, *over)),) if lacking or over else ()
