"""Command line, ASGI, worker: unpack what came, call one service."""
