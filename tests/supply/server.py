#!/usr/bin/python3
"""A small HTTP server that can be as unreliable as a real one.

    server.py FOLDER [--cut BYTES] [--log FILE] [--whole]

Serves FOLDER on the loopback, on a port the kernel chooses, and says "port N".
--cut ends each answer's connection after so many bytes of its body; --whole
ignores ranges, as some servers do. --log gets a line for each request: method,
path, range asked for or "-", status.
"""
import argparse
import http.server
import os
import re
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    def log_message(self, *_):
        pass

    def note(self, status):
        if self.options.log:
            with open(self.options.log, "a", encoding="utf-8") as log:
                asked = self.headers.get("Range", "-")
                log.write(f"{self.command} {self.path} {asked} {status}\n")

    def fail(self, status):
        self.note(status)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def start(self):
        """How far into the file the client already is, or None."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found and not self.options.whole else None

    def do_GET(self):
        path = os.path.normpath(self.options.folder + "/" + self.path.split("?")[0])
        if not path.startswith(self.options.folder) or not os.path.isfile(path):
            return self.fail(404)
        with open(path, "rb") as stream:
            body = stream.read()
        start = self.start()
        if start is not None and start >= len(body):
            return self.fail(416)
        self.note(200 if start is None else 206)
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.options.cut and len(body) > self.options.cut:
            self.wfile.write(body[: self.options.cut])
            self.close_connection = True
        else:
            self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=os.path.realpath)
    parser.add_argument("--cut", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--whole", action="store_true")
    Handler.options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
