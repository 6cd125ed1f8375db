"""A server of one page for this machine alone."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[str, str]
"""A text and its type."""
Routes = Mapping[str, Callable[[dict[str, str]], Answer]]
"""What answers a question by the last part of its address; it is given the query."""


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that was closed before its answer came."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """Answers in a thread that ends with the process, on a free port of 127.0.0.1.

    Its address holds a random word, so that neither other users of the machine nor pages from
    elsewhere in the user's browser can guess it.

    Args:
        routes: What there is; a `LookupError` or `ValueError` of theirs is "not found".

    Attributes:
        address: Where it is.
    """

    def __init__(self, routes: Routes) -> None:
        word = secrets.token_urlsafe(12)
        self._server = _Quiet(("127.0.0.1", 0), _handler(f"/{word}/", routes))
        self.address = f"http://127.0.0.1:{self._server.server_port}/{word}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name=self.address, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(prefix: str, routes: Routes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            name = address.path.removeprefix(prefix)
            if not address.path.startswith(prefix) or name not in routes:
                self.send_error(404)
                return
            query = {key: last for key, [*_, last] in parse_qs(address.query).items()}
            try:
                text, kind = routes[name](query)
            except (LookupError, ValueError) as error:
                self.send_error(404, explain=str(error))
                return
            data = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words: Any) -> None:
            """Nothing: nobody asked for a line per second."""

    return Handler
