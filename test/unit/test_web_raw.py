"""Raw requests against a running demo of the public pages: what the HTTP library would let through and the gate must not,
the headers that every answer bears, and the contract of one-click opt-out.

usage: test_web_raw.py PROGRAM   (web_demo; it prints "listening ADDR:PORT", then "NAME TOKEN" lines, then "ready")
"""
import contextlib
import re
import socket
import subprocess
import sys
import threading
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None


class Demo:
    def __init__(self, *mode):
        self.process = subprocess.Popen([PROGRAM, "127.0.0.1:0", *mode], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL if mode else None, text=True)
        self.words = {}
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
            name, value = line.split()
            self.words[name] = value
        host, port = self.words["listening"].rsplit(":", 1)
        self.address = (host, int(port))

    def send(self, data, timeout=5):
        """Sends raw bytes, returns all that comes back until the other side closes or is silent."""
        with socket.create_connection(self.address, timeout=timeout) as s:
            s.sendall(data)
            got = b""
            try:
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    got += piece
            except (TimeoutError, ConnectionResetError):
                pass
        return got

    def ask(self, method, path, headers="", body=b""):
        length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
        raw = f"{method} {path} HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n{headers}{length}\r\n".encode() + body
        got = self.send(raw)
        head, _, rest = got.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = [line.split(": ", 1) for line in lines[1:]]
        return int(lines[0].split()[1]), {name.lower(): value for name, value in fields}, rest

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        return self.process.returncode


def is_open(s):
    """Has the other side not closed?"""
    try:
        return s.recv(65536) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Raw(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = Demo()

    @classmethod
    def tearDownClass(cls):
        code = cls.demo.stop()
        assert code == 0, f"the demo ended with {code}"

    def status(self, raw):
        got = self.demo.send(raw.replace(b"\n", b"\r\n"), 3)
        return int(got.split()[1]) if got else 0

    def test_gate(self):
        host = b"Host: x.example\nConnection: close\n"
        for what, raw, want in [
            ("plain", b"GET / HTTP/1.1\n" + host + b"\n", {200}),
            ("chunks and a length", b"POST /check HTTP/1.1\n" + host +
             b"Transfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n", {400}),
            ("two lengths", b"POST /check HTTP/1.1\n" + host + b"Content-Length: 0\nContent-Length: 5\n\n", {400}),
            ("two Hosts", b"GET / HTTP/1.1\n" + host + b"Host: y.example\n\n", {400}),
            ("signed length", b"POST /check HTTP/1.1\n" + host + b"Content-Length: +5\n\nabcde", {400}),
            ("Host with a blank", b"GET / HTTP/1.1\nHost : x.example\n\n", {400}),
            ("no Host", b"GET / HTTP/1.1\n\n", {400}),
            ("unknown coding", b"POST /check HTTP/1.1\n" + host + b"Transfer-Encoding: xchunked\n\n", {501}),
            ("control in a value", b"GET / HTTP/1.1\n" + host + b"X: a\x01b\n\n", {400}),
            ("control in the method", b"G\x01T / HTTP/1.1\n" + host + b"\n", {400}),
            ("1 MB header", b"GET / HTTP/1.1\n" + host + b"X: " + b"a" * 1000000 + b"\n\n", {0, 431}),
            ("100 fields", b"GET / HTTP/1.1\n" + host + b"X: a\n" * 100 + b"\n", {431}),
            ("long target", b"GET /" + b"a" * 5000 + b" HTTP/1.1\n" + host + b"\n", {414}),
            ("absolute target", b"GET http://x.example/ HTTP/1.1\n" + host + b"\n", {400}),
            ("a NUL in the path", b"GET /%00 HTTP/1.1\n" + host + b"\n", {400}),
            ("dots", b"GET /projects/../check HTTP/1.1\n" + host + b"\n", {400}),
            ("HTTP/3.0", b"GET / HTTP/3.0\n" + host + b"\n", {400, 505}),
            ("TRACE", b"TRACE / HTTP/1.1\n" + host + b"\n", {405}),
            ("declared too large", b"POST /complaint HTTP/1.1\n" + host + b"Content-Length: 70000\n\n", {413}),
            ("an upload too large", b"POST /check HTTP/1.1\n" + host + b"Content-Length: 1200000\n\n", {413}),
        ]:
            with self.subTest(what):
                self.assertIn(self.status(raw), want)

    def test_headers_everywhere(self):
        token = self.demo.words["opt-out"]
        for path, status in [("/", 200), ("/nowhere", 404), ("/check", 200), ("/privacy", 200), ("/check/0000-0000-0000", 404),
                             (f"/opt-out/{token}", 200), ("/opt-out/forged", 404), ("/projects//x", 400), ("/broken", 404),
                             ("/check/", 308), ("/robots.txt", 200), ("/healthz", 200), ("/assets/placet.css", 200)]:
            with self.subTest(path):
                got, fields, _ = self.demo.ask("GET", path)
                self.assertEqual(got, status)
                self.assertIn("default-src 'none'", fields["content-security-policy"])
                self.assertIn("frame-ancestors 'none'", fields["content-security-policy"])
                self.assertEqual(fields["x-content-type-options"], "nosniff")
                self.assertEqual(fields["cross-origin-opener-policy"], "same-origin")
                self.assertNotIn("set-cookie", fields)
                self.assertNotIn("server", fields)
                self.assertNotIn("strict-transport-security", fields)  # the demo is reached by http
                if "opt-out/" in path or "/check/" == path[:7] and len(path) > 7:
                    self.assertEqual(fields["referrer-policy"], "no-referrer")
                    self.assertEqual(fields["cache-control"], "no-store")
                    self.assertIn("noindex", fields["x-robots-tag"])

    def test_head_options_and_405(self):
        status, fields, body = self.demo.ask("HEAD", "/")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(fields["content-length"]), 500)
        status, fields, _ = self.demo.ask("OPTIONS", "/check")
        self.assertEqual((status, fields["allow"]), (204, "GET, HEAD, POST, OPTIONS"))
        status, fields, _ = self.demo.ask("PUT", "/")
        self.assertEqual((status, fields["allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_slow_ones_keep_nobody_out(self):
        """As many connections as there are places, which drip bytes of a header or of a body, and one opt-out."""
        path = "/opt-out/" + self.demo.words["opt-out"]
        body = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9000\r\n\r\na".encode()
        held = []
        for i in range(1000):
            s = socket.create_connection(self.demo.address, timeout=5)
            s.sendall(body if i % 2 else b"GET / HTTP/1.1\r\nX: a")
            s.setblocking(False)
            held.append(s)
        alive, done = len(held), threading.Event()

        def drip():
            while not done.wait(0.5):
                for s in held:
                    with contextlib.suppress(OSError):
                        s.send(b"a")
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            got = self.demo.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode(), 20)
            self.assertIn(b" 200 ", got[:20])
            alive = sum(1 for s in held if is_open(s))
        finally:
            done.set()
            thread.join()
            for s in held:
                s.close()
        # Nobody had to go but those that there was no place for.
        self.assertGreater(alive, 700)
        self.assertLess(alive, 800)

    def test_one_click(self):
        path = "/opt-out/" + self.demo.words["opt-out"]
        for _ in range(3):
            for method in ["GET", "HEAD", "OPTIONS"]:
                self.demo.ask(method, path)
        _, _, page = self.demo.ask("GET", path)
        self.assertIn("a\N{HORIZONTAL ELLIPSIS}@e\N{HORIZONTAL ELLIPSIS}".encode(), page)
        self.assertNotIn(b"ada@", page)
        self.assertNotIn(b"already", page)
        multipart = (b"--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n")
        for kind, body in [("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
                           ("multipart/form-data; boundary=b", multipart),
                           ("multipart/form-data; boundary=b", multipart)]:
            status, fields, text = self.demo.ask("POST", path, f"Content-Type: {kind}\r\n", body)
            self.assertEqual(status, 200)
            self.assertTrue(fields["content-type"].startswith("text/plain"))
            self.assertNotIn("location", fields)
            self.assertRegex(text, rb"^[^\n]{10,100}\n$")
        _, _, page = self.demo.ask("GET", path)
        self.assertIn(b"already", page)

    def test_one_click_in_chunks(self):
        path = "/opt-out/" + self.demo.words["opt-out-chunks"]
        got = self.demo.send(
            f"POST {path}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            "10\r\nList-Unsubscribe\r\n0a\r\n=One-Click\r\n0\r\n\r\n".encode())
        self.assertIn(b" 200 ", got.split(b"\r\n")[0])
        self.assertIn(b"already", self.demo.ask("GET", path)[2])

    def test_button(self):
        path = "/opt-out/" + self.demo.words["opt-out-button"]
        status, fields, page = self.demo.ask("POST", path, "Content-Type: application/x-www-form-urlencoded\r\n", b"confirm=1")
        self.assertEqual(status, 200)
        self.assertIn("text/html", fields["content-type"])
        self.assertIn(b"<h1", page)
        # Safe direction: whatever body comes, the token is what counts.
        path = "/opt-out/" + self.demo.words["opt-out-odd"]
        status, _, _ = self.demo.ask("POST", path, "Content-Type: application/json\r\n", b"{}")
        self.assertEqual(status, 200)
        self.assertIn(b"already", self.demo.ask("GET", path)[2])

    def test_dead_and_forged(self):
        dead = "/opt-out/" + self.demo.words["dead"]
        status, _, page = self.demo.ask("GET", dead)
        self.assertEqual(status, 200)
        self.assertIn(b"preview", page)
        status, _, _ = self.demo.ask("POST", dead, "Content-Type: application/x-www-form-urlencoded\r\n",
                                     b"List-Unsubscribe=One-Click")
        self.assertEqual(status, 200)
        good = self.demo.words["opt-out"]
        forged = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
        for method in ["GET", "POST"]:
            self.assertEqual(self.demo.ask(method, "/opt-out/" + forged)[0], 404)

    def test_check_discloses_nobody(self):
        code = self.demo.words["code"]
        for path in ["/check/" + code, "/check?code=" + code.lower().replace("-", "%20"), "/check?code=" + code.replace("-", "")]:
            with self.subTest(path):
                status, _, page = self.demo.ask("GET", path)
                self.assertEqual(status, 200)
                self.assertIn(b"compare", page.lower())
                self.assertIn(b"was approved", page)
                self.assertNotIn(b"ada", re.sub(rb"adap|rada|canada", b"", page.lower()))
                self.assertNotIn(b"genuine", page.lower())
        status, _, page = self.demo.ask("POST", "/check", "Content-Type: application/x-www-form-urlencoded\r\n",
                                        b"code=" + code.encode())
        self.assertIn(b"was approved", page)
        for path in ["/check/7K3M-Q2XV-9TFA", "/check?code=hello", "/check?code=%3Cscript%3Ealert(1)%3C/script%3E"]:
            with self.subTest(path):
                status, _, page = self.demo.ask("GET", path)
                self.assertIn(b"not one of ours", page)
                self.assertNotIn(b"<script", page)

    def test_join(self):
        status, headers, page = self.demo.ask("GET", "/join/water-study")
        self.assertEqual((status, headers["cache-control"]), (200, "no-store"))
        self.assertNotRegex(page.decode(), r"<input[^>]*checked")
        stamp = re.search(rb'name="stamp" value="([^"]+)"', page).group(1)
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        # The demo's clock stands still: the form is sent within the moment.
        status, _, page = self.demo.ask("POST", "/join/water-study", form, b"agree=yes&address=a%40b.example&stamp=" + stamp)
        self.assertEqual(status, 422)
        self.assertIn(b"as programs do", page)
        self.assertEqual(self.demo.ask("POST", "/join/water-study", form + "Sec-Fetch-Site: cross-site\r\n", b"a=b")[0], 403)
        for path in ("/join/night-shift", "/join/nothing", "/join/night-shift/poster"):
            self.assertEqual(self.demo.ask("GET", path)[0], 404)
            self.assertEqual(self.demo.ask("POST", path, form, b"agree=yes")[0], 405 if "poster" in path else 404)
        status, _, page = self.demo.ask("GET", "/join/water-study/poster")
        self.assertEqual((status, page.count(b"<svg")), (200, 1))

    def test_confirm(self):
        paths = ["/confirm/" + self.demo.words[f"confirm-{i}"] for i in range(1, 5)]
        for method in ("GET", "POST"):
            answers = [self.demo.ask(method, path) for path in paths]
            self.assertEqual([a[0] for a in answers], [200, 200, 410, 410])
            for _, headers, _ in answers:
                self.assertEqual((headers["cache-control"], headers["referrer-policy"]), ("no-store", "no-referrer"))
        self.assertIn(b"already", self.demo.ask("GET", paths[0])[2])
        self.assertEqual(self.demo.ask("GET", "/confirm/" + self.demo.words["opt-out"])[0], 404)

    def test_welcome(self):
        path = "/staff/welcome/" + self.demo.words["welcome"]
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        for method in ["GET", "HEAD", "OPTIONS", "GET"]:
            status, fields, page = self.demo.ask(method, path)
            self.assertEqual(status, 204 if method == "OPTIONS" else 200)
            self.assertEqual(fields["referrer-policy"], "no-referrer")
            self.assertEqual(fields["cache-control"], "no-store")
            self.assertIn("noindex", fields["x-robots-tag"])
        self.assertIn(b"Dr Rosalind Weir", page)
        self.assertEqual(self.demo.ask("POST", path, form + "Sec-Fetch-Site: cross-site\r\n", b"password=a")[0], 403)
        status, fields, page = self.demo.ask("POST", path, form, b"password=<script>alert(1)&again=b")
        self.assertEqual((status, fields["cache-control"]), (422, "no-store"))
        self.assertNotIn(b"alert(1)", page)
        self.assertEqual(self.demo.ask("POST", path, "Content-Type: text/plain\r\n", b"password=four+words&again=four+words")[0],
                         422)
        for sent, want in [(path + "A", 404), (path, 200), (path, 404)]:
            self.assertEqual(self.demo.ask("POST", sent, form, b"password=four+words&again=four+words")[0], want)
        status, _, page = self.demo.ask("GET", path)
        self.assertEqual(status, 404)
        self.assertIn(b"placet account reset", page)
        # The demo's clock stands still, so the forms of this minute are used up in the end.
        answers = [self.demo.ask("POST", path, form, b"") for _ in range(7)]
        self.assertEqual([a[0] for a in answers], [404] * 6 + [429])
        self.assertEqual(answers[-1][1]["retry-after"], "6")
        self.assertEqual(self.demo.ask("POST", "/check", form, b"code=x")[0], 200)

    def test_overflow_is_dropped(self):
        """A chunked body without end is not listened to for ever."""
        piece = b"10000\r\n" + b"a" * 65536 + b"\r\n"
        with socket.create_connection(self.demo.address, timeout=5) as s:
            s.sendall(b"POST /check HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            with self.assertRaises(OSError):
                for _ in range(400):
                    s.sendall(piece)
                self.assertEqual(s.recv(1), b"x")  # not reached


class Broken(unittest.TestCase):
    """When every read fails: no insides are shown, and nobody is told that they left."""

    def test_failures(self):
        demo = Demo("broken")
        try:
            path = "/opt-out/" + demo.words["opt-out"]
            form = "Content-Type: application/x-www-form-urlencoded\r\n"
            welcome, confirm = "/staff/welcome/" + demo.words["welcome"], "/confirm/" + demo.words["confirm-1"]
            for ask in [("GET", "/"), ("GET", "/check/" + demo.words["code"]), ("GET", path), ("GET", "/healthz"),
                        ("POST", path, form, b"confirm=1"), ("POST", path, form, b"List-Unsubscribe=One-Click"),
                        ("GET", "/join/water-study"), ("GET", "/join/water-study/poster"), ("POST", "/join/water-study", form, b"a=b"),
                        ("GET", confirm), ("POST", confirm, form, b"confirm=1"),
                        ("GET", welcome), ("POST", welcome, form, b"password=four+words&again=four+words")]:
                with self.subTest(ask):
                    status, fields, page = demo.ask(*ask)
                    self.assertEqual(status, 500)
                    self.assertIn("default-src 'none'", fields["content-security-policy"])
                    self.assertEqual(fields["cache-control"], "no-store")
                    self.assertNotIn(b"secret detail", page)
                    self.assertNotIn(b"Done", page)
            self.assertEqual(demo.ask("GET", "/robots.txt")[0], 200)
        finally:
            self.assertEqual(demo.stop(), 0)


if __name__ == "__main__":
    unittest.main()
