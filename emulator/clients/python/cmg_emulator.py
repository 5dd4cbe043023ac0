"""Starts cmg-emulator for tests in Python, and orders what a test needs of it. Only the standard library.

    with Emulator(preset="onboarded") as emulator:
        emulator.fault("POST /applications", "throttled", times=2, retry_after_seconds=1)

The program is found by the argument ``program``, the environment variable CMG_EMULATOR, or on the PATH. With pytest, put
``from cmg_emulator import emulator`` into conftest.py: the fixture starts one program for all tests, and resets it before each.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

__all__ = ["Emulator", "EmulatorError"]


class EmulatorError(Exception):
    """The program cannot be started, or refused an order."""


class Emulator:
    """A running program. Leaving its block ends it."""

    def __init__(self, preset=None, config=None, flags=(), program=None, log=None):
        """``config`` is a configuration as a dict; ``log`` a file for the line of each request."""
        program = program or os.environ.get("CMG_EMULATOR") or shutil.which("cmg-emulator")
        if not program:
            raise EmulatorError("cmg-emulator is not there: set CMG_EMULATOR to its path")
        self._scratch = tempfile.TemporaryDirectory(prefix="cmg-emulator-")
        words = [program, "--print-env", "--certificate", os.path.join(self._scratch.name, "trusted.pem"), *flags]
        if preset:
            words += ["--preset", preset]
        if config is not None:
            path = os.path.join(self._scratch.name, "config.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(config, file)
            words += ["--config", path]
        self._errors = log or open(os.path.join(self._scratch.name, "log"), "w+", encoding="utf-8")
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        line = self._first_line(20)
        if not line:
            self.close()
            raise EmulatorError("cmg-emulator did not start; what it said is on its standard error")
        self.environment = json.loads(line)

    def _first_line(self, seconds):
        lines = []
        reading = threading.Thread(target=lambda: lines.append(self._process.stdout.readline()), daemon=True)
        reading.start()
        reading.join(seconds)
        return lines[0] if lines else ""

    def __getattr__(self, name):
        """What --print-env gives: ``address``, ``authority``, ``graph``, ``tenantId``, ``clientId``, ``clientSecret``, ..."""
        if name.startswith("_") or name == "environment":
            raise AttributeError(name)
        try:
            return self.environment[name]
        except KeyError:
            raise AttributeError(name) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the program, gently at first."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        if not self._errors.closed:
            self._errors.close()
        self._scratch.cleanup()

    def ask(self, method, path, body=None):
        """A request to the admin API, as ``ask("PATCH", "clock", {"moveBySeconds": 60})``."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"x-emulator-key": self.environment["adminKey"], "content-type": "application/json"}
        request = urllib.request.Request(f"{self.environment['admin']}/{path}", data, headers, method=method)
        # No proxy of the environment stands between a test and this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *self._trusting())
        try:
            with opener.open(request, timeout=20) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise EmulatorError(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text else None

    def _trusting(self):
        import ssl

        file = self.environment["certificateFile"]
        return [urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=file))] if file else []

    def reset(self):
        """Goes back to what the program began with."""
        self.ask("POST", "reset")
        self.ask("DELETE", "requests")

    def seed(self, config):
        """Puts a configuration in the place of what there is."""
        self.ask("POST", "seed", config)

    def fault(self, request, fault, times=1, retry_after_seconds=None):
        """Lets the next requests of one kind meet with trouble, as ``"POST /applications"`` with ``"throttled"``."""
        order = {"request": request, "fault": fault, "times": times}
        if retry_after_seconds is not None:
            order["retryAfterSeconds"] = retry_after_seconds
        self.ask("POST", "faults", order)

    def requests(self):
        """The requests so far."""
        return self.ask("GET", "requests")["value"]

    def order_token(self, **order):
        """An access token, as ``order_token(application=..., roles=["Application.Read.All"])``."""
        return self.ask("POST", "tokens", order)["access_token"]


try:
    import pytest
except ImportError:
    pass
else:

    @pytest.fixture(scope="session")
    def _one_emulator():
        with Emulator() as running:
            yield running

    @pytest.fixture
    def emulator(_one_emulator):
        """One program for all tests, as new for each."""
        _one_emulator.reset()
        yield _one_emulator

    __all__.append("emulator")
