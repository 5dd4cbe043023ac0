"""An example: a client that repeats what is throttled. Runs by `python -m unittest` and by pytest."""

import json
import time
import unittest
import urllib.error
import urllib.request

from cmg_emulator import Emulator, EmulatorError


def create_app(graph, token, name):
    """What is tested: creates an app registration, and waits as long as the service says if it throttles."""
    body = json.dumps({"displayName": name}).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(5):
        try:
            with opener.open(urllib.request.Request(f"{graph}/applications", body, headers), timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 429:
                raise
            time.sleep(int(error.headers["retry-after"]))
    raise RuntimeError("the service throttles without an end")


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.emulator = Emulator()
        cls.addClassCleanup(cls.emulator.close)

    def setUp(self):
        self.emulator.reset()

    def test_a_throttled_creation_is_repeated(self):
        self.emulator.fault("POST /applications", "throttled", times=2, retry_after_seconds=0)
        create_app(self.emulator.graph, self.emulator.token, "Repeated")
        statuses = [request["status"] for request in self.emulator.requests()]
        self.assertEqual(statuses, [429, 429, 201])

    def test_each_test_begins_as_new(self):
        apps = self.emulator.ask("GET", "state")["tenants"][0]["state"]["applications"]
        self.assertEqual(apps, [])

    def test_a_wrong_order_is_told(self):
        with self.assertRaisesRegex(EmulatorError, "400"):
            self.emulator.fault("POST /applications", "sleepy")


if __name__ == "__main__":
    unittest.main()
