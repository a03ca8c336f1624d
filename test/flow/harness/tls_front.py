"""tls_front.py ADDRESS PORT CERT KEY HOW: https on ADDRESS:443, which hands each GET on to the web role on 127.0.0.1:PORT.

The file HOW may say how to misbehave, in words: `404 PATH`, `500 PATH`, `replace OLD NEW`, `redirect PATH TO`, `plain`, `large`.
"""
import http.client
import http.server
import pathlib
import ssl
import sys

ADDRESS, PORT, CERT, KEY, HOW = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], pathlib.Path(sys.argv[5])


class Front(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        how = HOW.read_text().split()
        if how[:1] in (["404"], ["500"]) and how[1] == self.path:
            return self.reply(int(how[0]), "text/html", b"<p>An error</p>")
        if how[:1] == ["redirect"] and how[1] == self.path:
            self.send_response(302)
            self.send_header("Location", how[2])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        inner = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
        inner.request("GET", self.path, headers={"Host": self.headers["Host"]})
        answer = inner.getresponse()
        body = answer.read()
        if how[:1] == ["replace"]:
            body = body.replace(how[1].encode(), how[2].encode())
        if how[:1] == ["large"]:
            body += b" " * 2**21
        return self.reply(answer.status, "text/plain" if how[:1] == ["plain"] else answer.getheader("Content-Type"), body)

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # who fetches may have had enough

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer((ADDRESS, 443), Front)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("ready", flush=True)
server.serve_forever()
