"""A mail server that keeps nothing: takes messages fast, tells what it took, and misbehaves on request.

    python -m bench.sink [--port 0] [--dump FILE] [--rules JSON] [--offer PIPELINING,CHUNKING]

Prints the port it listens on. With --dump, one line per accepted message: sender, recipient, Message-ID.
A rule is {"at": stage, "to": text, "reply": "550 5.1.1 no such user", "drop": false, "delay": 0.0, "times": n}:
stage is connect, ehlo, mail, rcpt, data, body or dot; `to` limits it to recipients containing that text.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

END = b"\r\n.\r\n"


class Session:
    """One client's connection and how far its present message came."""

    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self.sink = sink
        self.connection = connection
        self.buffer = bytearray()
        self.out = bytearray()
        self.sender = b""
        self.recipient = b""
        self.is_refused = False
        self.has_sender = False
        self.in_body = False
        self.chunk = -1
        self.searched = 0
        self.is_over = False
        self.answer("connect", b"220 sink ready")

    def answer(self, stage: str, usual: bytes) -> bool:
        """Give the usual answer unless a rule says otherwise; return whether the usual one was given."""
        rule = self.sink.rule(stage, self.recipient)
        if rule is None:
            self.out += usual + b"\r\n"
            return True
        if rule.get("delay"):
            self.flush()
            time.sleep(rule["delay"])
        if rule.get("drop"):
            self.is_over = True
            return False
        self.out += rule.get("reply", usual.decode()).encode() + b"\r\n"
        return "reply" not in rule

    def feed(self) -> None:
        """Take every whole command and body that has arrived."""
        while not self.is_over and (self.take_chunk() if self.chunk >= 0 else self.take_line_or_body()):
            pass
        self.flush()

    def take_line_or_body(self) -> bool:
        return self.take_body() if self.in_body else self.take_line()

    def take_line(self) -> bool:
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end]).rstrip(b"\r")
        del self.buffer[: end + 1]
        self.command(line[:4].upper(), line)
        return True

    def command(self, verb: bytes, line: bytes) -> None:
        if verb == b"MAIL":
            self.sender, self.recipient, self.is_refused = line[10:].strip(b"<>"), b"", True
            self.has_sender = self.answer("mail", b"250 2.1.0 ok")
        elif verb == b"RCPT" and not self.has_sender:
            self.out += b"503 5.5.1 MAIL first\r\n"
        elif verb == b"RCPT":
            self.recipient = line[8:].strip(b"<>")
            self.is_refused = not self.answer("rcpt", b"250 2.1.5 ok")
        elif verb == b"DATA":
            self.data()
        elif verb == b"BDAT":
            self.chunk = int(line.split()[1])
        elif verb == b"EHLO":
            offers = [f"250-{word}" for word in self.sink.offers]
            self.answer("ehlo", "\r\n".join(["250-sink", *offers, "250 HELP"]).encode())
        elif verb == b"QUIT":
            self.out += b"221 bye\r\n"
            self.flush()
            self.is_over = True
        else:
            self.sender = self.recipient = b""
            self.out += b"250 ok\r\n"

    def data(self) -> None:
        if self.is_refused and not self.sink.is_eager:
            self.out += b"554 5.5.1 no valid recipients\r\n"
        elif self.answer("data", b"354 go on"):
            self.in_body, self.searched = True, 0

    def take_body(self) -> bool:
        if self.sink.rule("body", self.recipient) is not None:
            self.is_over = True
            return False
        if self.searched == 0 and self.buffer.startswith(b".\r\n"):
            at, length = 0, 3
        else:
            at, length = self.buffer.find(END, max(0, self.searched - 4)), len(END)
            if at < 0:
                self.searched = len(self.buffer)
                return False
        head = bytes(self.buffer[: min(at, 8192)])
        del self.buffer[: at + length]
        self.in_body = False
        self.accept(head)
        return True

    def take_chunk(self) -> bool:
        if len(self.buffer) < self.chunk:
            return False
        head = bytes(self.buffer[: min(self.chunk, 8192)])
        del self.buffer[: self.chunk]
        self.chunk = -1
        self.accept(head)
        return True

    def accept(self, head: bytes) -> None:
        if self.is_refused:
            self.out += b"503 5.5.1 no valid recipients\r\n"
            return
        if self.sink.rule_would_refuse("dot", self.recipient):
            self.answer("dot", b"250 ok")
            return
        self.sink.taken(self.sender, self.recipient, head)
        self.answer("dot", b"250 2.0.0 taken")

    def flush(self) -> None:
        while self.out:
            try:
                sent = self.connection.send(self.out)
            except BlockingIOError:
                select.select([], [self.connection], [], 1)
                continue
            except OSError:
                self.is_over = True
                return
            del self.out[:sent]


class Sink:
    """The listening side: sessions, rules and the record of what was taken."""

    def __init__(self, rules: list[dict[str, Any]], offers: list[str], dump: str | None, is_eager: bool) -> None:
        self.rules = rules
        self.offers = offers
        self.is_eager = is_eager
        self.count = 0
        self.dump = os.open(dump, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if dump else -1

    def _matching(self, stage: str, recipient: bytes) -> dict[str, Any] | None:
        for rule in self.rules:
            if rule["at"] == stage and rule.get("to", "").encode() in recipient and rule.get("times", 1) > 0:
                return rule
        return None

    def rule(self, stage: str, recipient: bytes) -> dict[str, Any] | None:
        """The rule that applies now; one with `times` is used up by asking."""
        if not self.rules:
            return None
        rule = self._matching(stage, recipient)
        if rule is not None and "times" in rule:
            rule["times"] -= 1
        return rule

    def rule_would_refuse(self, stage: str, recipient: bytes) -> bool:
        rule = self._matching(stage, recipient) if self.rules else None
        return rule is not None and rule.get("reply", "2")[0] in "45"

    def taken(self, sender: bytes, recipient: bytes, head: bytes) -> None:
        self.count += 1
        if self.dump >= 0:
            at = head.lower().find(b"\nmessage-id:")
            message_id = head[at + 12 : head.find(b"\r\n", at + 12)].strip() if at >= 0 else b""
            os.write(self.dump, b"%b\t%b\t%b\n" % (sender, recipient, message_id))

    def serve(self, port: int) -> None:
        listener = socket.create_server(("127.0.0.1", port), backlog=256)
        listener.setblocking(False)
        print(listener.getsockname()[1], flush=True)
        poll = select.epoll()
        poll.register(listener, select.EPOLLIN)
        sessions: dict[int, Session] = {}
        while True:
            for number, _ in poll.poll():
                if number == listener.fileno():
                    self._admit(listener, poll, sessions)
                else:
                    self._hear(sessions[number], poll, sessions)

    def _admit(self, listener: socket.socket, poll: select.epoll, sessions: dict[int, Session]) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = sessions[connection.fileno()] = Session(self, connection)
        poll.register(connection, select.EPOLLIN)
        session.flush()
        if session.is_over:
            self._part(session, poll, sessions)

    def _hear(self, session: Session, poll: select.epoll, sessions: dict[int, Session]) -> None:
        try:
            data = session.connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            session.buffer += data
            session.feed()
        if not data or session.is_over:
            self._part(session, poll, sessions)

    def _part(self, session: Session, poll: select.epoll, sessions: dict[int, Session]) -> None:
        number = session.connection.fileno()
        poll.unregister(number)
        del sessions[number]
        session.connection.close()


def main() -> None:
    """Listen until told to end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dump")
    parser.add_argument("--rules", default="[]")
    parser.add_argument("--offer", default="PIPELINING,CHUNKING")
    parser.add_argument("--eager", action="store_true", help="answer 354 even when the recipient was refused")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    offers = [word for word in options.offer.split(",") if word]
    Sink(json.loads(options.rules), offers, options.dump, options.eager).serve(options.port)


if __name__ == "__main__":
    main()
