"""Liveness and readiness endpoints for load balancers and supervisors."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.queueing import queue
from app.kernel.services import services
from app.web import guard

bp = Blueprint("health", __name__)


@bp.get("/health")
@guard.public("a load balancer asks without logging in")
def health() -> dict[str, str]:
    """Answer as long as the process can answer anything."""
    return {"status": "ok"}


@bp.get("/ready")
@guard.public("a load balancer asks without logging in")
def ready() -> tuple[dict[str, Any], int]:
    """Answer 200 when the database can be reached, 503 when not. Redis only wakes workers: it is told, not required."""
    found = {"database": _database_answers(), "redis": _redis_answers()}
    return found, 200 if found["database"] else 503


def _database_answers() -> bool:
    try:
        with services().database.transaction() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(queue.connect(services().settings.redis_url).ping())
    except (RedisError, OSError):
        return False
