#!/usr/bin/env python3
"""The whole job through cmg-onboard-web, with the standard library alone.

    cmg-onboard-web --against emulator --json | python3 job.py [--approve] [DRAFT.json]

The address with its key comes on standard input, so that no key is on a command line. Without --approve it shows the plan
and writes nothing. It ends with 0 if the connection is in place, with 1 otherwise.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

DRAFT = {
    "name": "Contoso CMG",
    "serverApp": {"create": {"name": "ConfigMgr Server"}},
    "clientApp": {"create": {"name": "ConfigMgr Client"}},
    "discovery": {"users": {}},
}


class Service:
    def __init__(self, address):
        parts = urllib.parse.urlsplit(address)
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.key = urllib.parse.parse_qs(parts.query)["key"][0]

    def open(self, method, path, body=None):
        """Every refusal has a problem as its body: code, message, what to do, and the wrong fields."""
        request = urllib.request.Request(f"{self.base}/api/{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            return urllib.request.urlopen(request, timeout=90)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            wrong = [f"{one['path']}: {one['message']}" for one in problem.get("violations", [])]
            sys.exit("\n".join([problem["message"], problem.get("help", ""), *wrong]))

    def call(self, method, path, body=None):
        with self.open(method, path, body) as answer:
            return json.load(answer)

    def job(self, session, name, body):
        """Starts a job, tells what happens, and gives the session as it is at the end of the job."""
        session = self.call("POST", f"sessions/{session['id']}/{name}", body)
        return self.follow(session) if session["job"] else session

    def follow(self, session):
        """Tells each event of a job, and gives the session as it is at its end."""
        at = f"sessions/{session['id']}"
        with self.open("GET", f"{at}/events?after={session['lastSequence']}") as stream:
            for line in stream:
                data = json.loads(line[6:]) if line.startswith(b"data: ") else {}
                event = data.get("event", {})
                if event.get("event") in ("stepStarted", "stepDone", "stepFailed", "retried", "waitingForReplication"):
                    print(f"{data['sequence']:5} {event['event']:22} {event.get('step', '')} {event.get('error', '')}")
                if "job" in data and data["job"] is None:
                    break
                if "job" in data:
                    code = self.call("GET", at)["signIn"].get("deviceCode")
                    print(code["message"] if code else f"under way: {data['job']['kind']}")
        return self.call("GET", at)


def main(arguments):
    files = [argument for argument in arguments if argument != "--approve"]
    draft = json.load(open(files[0], encoding="utf-8")) if files else DRAFT
    service = Service(json.loads(sys.stdin.readline())["address"])
    session = service.call("POST", "sessions", {"draft": draft})
    at = f"sessions/{session['id']}"
    way = service.call("GET", "service")["signInWays"][0]
    session = service.job(session, "sign-in", {"way": way})
    for attempt in ("first", "second"):
        session = service.job(session, "plan", {})
        plan = session["pages"][3]["plan"]
        if session["problem"] or not plan:
            break
        print(plan["text"])
        if "--approve" not in arguments:
            return 0
        service.call("POST", f"{at}/approve", {"planId": plan["id"]})
        session = service.job(session, "apply", {"planId": plan["id"]})
        if session["phase"] == "done":
            completion = session["pages"][5]
            print(completion["ccmsetupProperties"], *(step["message"] for step in completion["nextSteps"]), sep="\n")
            return 0
        print(f"The {attempt} run: {session['problem']['message']}. What is there stays, and a new plan goes on from it.")
    print(session["problem"]["message"], session["problem"].get("help", ""), sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
