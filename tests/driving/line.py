"""A line between the command and a database server that counts what the command says, and breaks where it is told to.

It reads nothing of what goes by: the command and the server speak in turn, and a turn of the command's is what it says before the
server answers. With statements as text, sent one at a time, that is a statement; elsewhere it is less than one.
"""

import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

CHUNK = 1 << 16
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Break:
    """Where a line breaks: at which of the command's turns, counted from 1, and how far that one gets."""

    at: int
    # "before" it reaches the server, "during" its work there, "after" it is done and before the command hears of it.
    when: str
    # "killed": the command, by SIGKILL. "cut": this connection, and another can be had. "gone": the server, for good.
    how: str

    def __str__(self):
        return f"{self.how} {self.when} turn {self.at}"


@dataclass
class Line:
    """Listens on a free port of the loopback and carries on to a server, until it breaks or is closed."""

    host: str
    port_of_server: int
    to_break: Break | None = None
    # What the command said in each turn.
    turns: list = field(default_factory=list)
    broken: bool = False

    def __post_init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.known, self.process = threading.Event(), None
        self.turn = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop_listening()

    def carries(self, process):
        """Tells whose words these are: the process that a break kills."""
        self.process = process
        self.known.set()

    def _accept(self):
        # Closed: the site's turn is over.
        with suppress(OSError):
            while True:
                command, _ = self.listener.accept()
                threading.Thread(target=self._carry, args=[command], daemon=True).start()

    def _carry(self, command):
        try:
            server = socket.create_connection((self.host, self.port_of_server))
        except OSError:
            command.close()
            return
        with command, server, suppress(OSError):
            for socket_ in [command, server]:
                socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._converse(command, server)

    def _converse(self, command, server):
        """Carries words to and fro until one side hangs up, or the line breaks."""
        speaker = server
        while True:
            for heard in select.select([command, server], [], [])[0]:
                said = heard.recv(CHUNK)
                if not said:
                    return
                is_turn = heard is command and speaker is server
                speaker = heard
                to_break = self._counted(said) if is_turn else None
                if to_break is None:
                    (server if heard is command else command).sendall(said)
                    continue
                if to_break.when != "before":
                    server.sendall(said)
                if to_break.when == "after":
                    self._hear_answer(command, server)
                self._break(to_break.how)
                return

    @staticmethod
    def _hear_answer(command, server):
        """Waits for the server's answer. What it gives none to, such as that a statement is closed, is a turn of its own on a busy
        machine: then the command goes on speaking."""
        while server not in select.select([command, server], [], [])[0]:
            said = command.recv(CHUNK)
            if not said:
                return
            server.sendall(said)
        server.recv(CHUNK)

    def _counted(self, said):
        """Counts a turn, and gives the break that is due at it."""
        with self.turn:
            self.turns.append(said)
            due = not self.broken and self.to_break and self.to_break.at == len(self.turns)
            self.broken = self.broken or bool(due)
            return self.to_break if due else None

    def _break(self, how):
        if how == "killed":
            assert self.known.wait(PATIENCE_SECONDS), "nobody said whose line this is"
            self.process.kill()
            self.process.wait()
        elif how == "gone":
            self._stop_listening()

    def _stop_listening(self):
        with suppress(OSError):
            # Closing alone would leave who waits in `accept` waiting.
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
