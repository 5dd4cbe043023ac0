"""An administration service for one test: takes Negotiate with a keytab, and answers with empty lists.

Writes its port into the file it is given. The version of its one site is the name of whoever signed in, so that the test
sees whose ticket it was.
"""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gssapi


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "negotiate":
            return self.answer(401, {}, "Negotiate")
        try:
            context = gssapi.SecurityContext(usage="accept")
            context.step(base64.b64decode(token))
            if not context.complete:
                raise ValueError("more than one leg")
            caller = str(context.initiator_name)
        except (gssapi.exceptions.GSSError, ValueError) as error:
            print("refused:", type(error).__name__, file=sys.stderr)
            return self.answer(401, {}, "Negotiate")
        rows = [{"SiteCode": "KRB", "Version": caller, "ReportingSiteCode": ""}] if "SMS_Site" in self.path else []
        return self.answer(200, {"value": rows})

    def answer(self, status, body, challenge=None):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A reader that has heard enough from another answer hangs up."""


server = Server(("127.0.0.1", 0), Service)
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(str(server.server_port))
server.serve_forever()
