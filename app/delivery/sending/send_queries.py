"""Published questions to sends and messages, for rooms that report on what they sent."""

from __future__ import annotations

from sqlalchemy import Select, select

from app.delivery.models import Message, MessageState, Send


def states_query(workspace_id: int) -> Select[int, str, str | None]:
    """Select (send_id, state, pause_reason) of every send."""
    return select(Send.id.label("send_id"), Send.state, Send.pause_reason).where(Send.workspace_id == workspace_id)


def sent_query(workspace_id: int) -> Select[int, int]:
    """Select (send_id, customer_id) of every message that was sent."""
    return select(Message.send_id, Message.customer_id).where(
        Message.workspace_id == workspace_id, Message.state == MessageState.SENT
    )
