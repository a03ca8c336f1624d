"""Postfix's smtp-sink: takes mail quickly, counts it, and throws it away or keeps it in one file a message."""
import os
import pathlib
import re

from .process import Process, answers, free_port


class Sink:
    """options: of smtp-sink(1), such as ["-f", "."] to answer the final dot with a 500. With keep=True messages() has
    what arrived; smtp-sink puts lines of its own (X-Mail-Args, X-Rcpt-Args, Received) above each."""

    SINK = "/usr/sbin/smtp-sink"

    def __init__(self, folder, options=(), keep=False):
        self.port = free_port()
        self.host = "127.0.0.1"
        self.folder = pathlib.Path(folder)
        (self.folder / "mail").mkdir(parents=True, exist_ok=True)
        argv = [self.SINK, "-c", *options]
        if os.geteuid() == 0:
            argv += ["-u", "root"]
        if keep:
            argv += ["-d", "mail/%M."]
        self.process = Process(argv + [f"{self.host}:{self.port}", "100"], self.folder / "sink.log", cwd=self.folder)
        self.process.wait_for(lambda: answers(self.port), 10, "smtp-sink accepts connections")

    def url(self):
        return f"smtp://{self.host}:{self.port}"

    def count(self):
        """How many messages came in."""
        seen = re.findall(r"mesg=(\d+)", self.process.output())
        return int(seen[-1]) if seen else 0

    def messages(self):
        return [f.read_bytes() for f in sorted((self.folder / "mail").iterdir())]

    def stop(self):
        self.process.stop()
