"""A rate limit in Redis with a defined answer when Redis is away."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import lru_cache

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.kernel import services

log = structlog.get_logger()

# Generic cell rate algorithm: one stored number, the theoretical arrival time of the next conforming call.
_SCRIPT = """
local tat = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
local now, step, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if tat < now then tat = now end
if tat + step - now > burst then return 0 end
redis.call('SET', KEYS[1], tat + step, 'PX', math.ceil(burst) + 1000)
return 1
"""


class Limiter:
    """Allows `limit` calls per period and key, spread as the caller likes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._check = redis.register_script(_SCRIPT)

    def allow(self, key: str, limit: int, per: timedelta, *, fail_open: bool = False) -> bool:
        """Say whether one more call under `key` is within `limit` per `per`, and count it.

        `fail_open` is the answer when Redis cannot be asked: closed for sign-ups, open for leaving.
        """
        burst = per.total_seconds() * 1000
        try:
            return bool(self._check(keys=[f"limit:{key}"], args=[time.time() * 1000, burst / limit, burst]))
        except (RedisError, OSError):
            log.warning("limiter.away", fail_open=fail_open)
            return fail_open


def limiter() -> Limiter:
    """Return this process's limiter. Asked for where visitors come in; whoever sends mail carries no Redis client."""
    return _at(services.services().settings.redis_url)


@lru_cache(maxsize=4)
def _at(redis_url: str) -> Limiter:
    return Limiter(Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2))
