"""Leads Microsoft's host names to a running emulator, for clients that have them compiled in.

A proxy on this machine, which clients find by HTTPS_PROXY. Nothing of the machine is changed for it, as its list of hosts would be, and
a request for any other host is refused and remembered: so it shows as well what a client asks for that is not here.
"""

import select
import socket
import socketserver
import threading
import urllib.parse

NAMES = ("graph.microsoft.com", "login.microsoftonline.com")


class HostNames:
    """A running proxy. Leaving its block ends it."""

    def __init__(self, address):
        """``address`` is the emulator's, by https; it has to be started with ``--name`` for each of NAMES."""
        parts = urllib.parse.urlsplit(address)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tunnel)
        self._server.daemon_threads = True
        self._server.emulator = (parts.hostname, parts.port)
        self._server.refused = self.refused = []
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def environment(self, certificate):
        """The variables by which clients find the proxy, and whom they have to trust."""
        trusted = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), certificate)
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), self.address)
        return {**trusted, **proxies, "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline(4096).decode("latin-1").split()
        while self.rfile.readline(4096) not in (b"\r\n", b"\n", b""):
            pass
        host, _, port = words[1].rpartition(":") if len(words) == 3 and words[0] == "CONNECT" else ("", "", "")
        if host not in NAMES or port != "443":
            self.server.refused.append(" ".join(words[:2]))
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with socket.create_connection(self.server.emulator, 10) as emulator:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._carry(emulator)

    def _carry(self, emulator):
        ends = {self.connection: emulator, emulator: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                try:
                    data = end.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    return
                ends[end].sendall(data)
