"""What the scripts of this folder share: how a flow is tried, and a program that is run against the emulator."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from cmg_emulator import Emulator  # noqa: E402
from host_names import NAMES  # noqa: E402

GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
DIRECTORY_READ_ALL = "7ab1d382-f21e-4acd-a863-ba3e13f7da61"


class NotHere(Exception):
    """What the emulator does not offer, and said so: a row of the table, no failure."""


def start(configuration, log=None):
    """An emulator that has Microsoft's host names in its certificate."""
    names = [word for name in NAMES for word in ("--name", name)]
    with open(configuration, encoding="utf-8") as file:
        return Emulator(config=json.load(file), flags=["--tls", *names], log=log)


def holds(condition, shown):
    if not condition:
        raise AssertionError(shown)


def tried(client, flow, job, language="Python", release=None):
    """Prints one line of JSON; ``release`` is the client's version if it is not a distribution of this Python."""
    try:
        job()
        result = {"passed": True}
    except NotHere as answer:
        result = {"passed": True, "notHere": str(answer)}
    except Exception as error:  # what a client throws is the result
        result = {"passed": False, "why": f"{type(error).__name__}: {error}"[:300]}
    line = {"client": f"{client} {release or version(client)}", "language": language, "flow": flow, **result}
    print(json.dumps(line), flush=True)


class Program:
    """A command line program."""

    def __init__(self, path, environment):
        self.path = path
        self._environment = {**os.environ, **environment}

    def start(self, *words):
        """Runs beside this script; all that it says comes from one pipe."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([self.path, *words], env=self._environment, **options)

    def sign_in_with_code(self, emulator, *words):
        """Runs a sign-in by device code, and approves the code that it shows."""
        login = self.start(*words)
        said = ""
        for line in login.stdout:
            said += line
            code = re.search(r"enter the code (\S+)", line)
            if code:
                emulator.ask("POST", f"device-codes/{code.group(1)}/approve")
        holds(login.wait(60) == 0, said)

    def finish(self, *words):
        """The answer after it ended: its code, what it wrote, and what it said on standard error."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 90}
        ended = subprocess.run([self.path, *words], env=self._environment, **options)
        return ended.returncode, ended.stdout, ended.stderr

    def __call__(self, *words):
        """What it writes as JSON."""
        code, written, said = self.finish(*words)
        if code != 0:
            raise AssertionError(f"{' '.join(words[:4])}: {(said or written).strip()[-250:]}")
        return json.loads(written) if written.strip() else None

    def refused(self, *words):
        """What it says if it is refused, which is expected."""
        code, written, said = self.finish(*words)
        holds(code != 0, f"{' '.join(words[:4])} passed: {written[:100]}")
        return said + written
