"""Unmodified clients for Rust against a running emulator: one line of JSON for each flow that was tried.

python rust_clients.py CONFIGURATION PROGRAM, where PROGRAM is what was built in ../rust
"""

import json
import os
import subprocess
import sys
import tomllib

from host_names import HostNames
from trying import start


def main():
    configuration, program = sys.argv[1:3]
    lock = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rust", "Cargo.lock")
    with open(lock, "rb") as file:
        releases = {package["name"]: package["version"] for package in tomllib.load(file)["package"]}
    with start(configuration) as emulator, HostNames(emulator.address) as names:
        environment = {**os.environ, **names.environment(emulator.certificateFile)}
        given = "\n".join([emulator.tenantId, emulator.clientId, emulator.clientSecret])
        ended = subprocess.run([program], input=given, env=environment, stdout=subprocess.PIPE, text=True, timeout=90, check=True)
    for line in ended.stdout.splitlines():
        result = json.loads(line)
        print(json.dumps({**result, "client": f"{result['client']} {releases[result['client']]}", "language": "Rust"}))


main()
