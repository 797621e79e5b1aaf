"""Tells everybody who looks on how far the demonstration has got, on every page of staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from babel.dates import format_date

from app.kernel import announcements
from app.kernel.announcements import Announcement


@dataclass(frozen=True)
class Act:
    """One part of the demonstration; `weight` is about how many seconds of 200 it takes."""

    title: str
    chinese: str
    weight: int


ACTS = (
    Act("A small shop brings its customers", "一家小店带来它的客户", 25),
    Act("A segment, and a first campaign to it", "一个细分，以及发给它的第一次活动", 35),
    Act("A second campaign, to everybody, scheduled for the next night", "第二次活动，发给所有人，定在第二天夜里", 50),
    Act("Two mails to people who had a mail this week", "给本周已收到邮件的人再发两封", 25),
    Act("Twelve weeks with those who bought once, lately", "与最近只买过一次的人相处十二周", 65),
)


@dataclass
class Announcer:
    """Writes where the demonstration stands into the installation's announcement."""

    file: Path | None
    number: int = 0

    def tell(self, now: datetime, *, within: float = 0.0) -> None:
        """Tell of the act under way, done to the share `within`, and of the moved clock."""
        if self.file is None or not self.number:
            return
        act = ACTS[self.number - 1]
        done = sum(earlier.weight for earlier in ACTS[: self.number - 1]) + act.weight * within
        texts = {
            "en": f"The demonstration is playing, part {self.number} of {len(ACTS)}: {act.title}. "
            f"Its clock stands at {format_date(now, 'd MMMM y', locale='en')} and moves on to today.",
            "zh": f"演示正在进行，第 {self.number} 部分，共 {len(ACTS)} 部分：{act.chinese}。"
            f"它的时钟现在是 {format_date(now, 'y年M月d日', locale='zh')}，会一直走到今天。",
        }
        announcements.announce(self.file, Announcement(texts, share=done / sum(act.weight for act in ACTS)))

    def end(self) -> None:
        """Tell nothing any more."""
        if self.file is not None:
            announcements.withdraw(self.file)
