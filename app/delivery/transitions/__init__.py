"""The state machines of sending, and every statement that moves a message, a batch or a send from state to state.

Messages. Whoever moves one names the state it moves from, and results name the attempt, so a late word moves nothing:

    enqueue --------> queued        launching.queueing
    enqueue --------> skipped       no permission, suppressed, held out
    queued ---------> handed        a worker, just before the final dot (handoff)
    queued ---------> queued, due   the gate: it waits; a result: it is tried again (handoff)
    queued ---------> skipped       the gate drops it (handoff); cancelled, withdrawn, journey ended (messages)
    skipped --------> queued, due   staff undo a cancelling (messages)
    handed ---------> sent, refused, queued, in doubt    the server's answer (handoff)
    handed ---------> skipped       it cannot be rendered for this person (handoff)
    handed ---------> in doubt      its worker died or lost the answer (batches); a transactional mail is queued again
    in doubt -------> sent, refused a late answer of the same attempt (handoff)
    in doubt -------> sent          it was opened, clicked or answered, so it had arrived (messages)
    in doubt -------> queued, due   staff have it sent once more (messages)
    handed, sent, in doubt -> refused    the mail came back (messages)

Batches: queued -> leased (claim) -> done, or queued again (close, recover); done also when their send is cancelled.

Sends: preparing -> running (launch, add) <-> paused (staff, journeys, a refused content, an outage) -> cancelled ->
running or paused again (undo); preparing -> paused (a journey that pauses before a step's first mail), cancelled;
running -> done when nothing of a campaign waits.

Lock order, for whoever holds more than one: occasion, sends by id, batch, messages by customer, engagement. Leases run
by the database's clock, everything else by the time handed down.
"""
