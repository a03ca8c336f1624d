"""Chromium with axe, by way of test/browser/pages.mjs."""
import collections
import json
import pathlib
import shutil
import subprocess

from .process import ROOT

Seen = collections.namedtuple("Seen", "name check ok why")
FOLDER = ROOT / "test/browser"


def lacking():
    """What the browser tests need and this machine lacks, or nothing."""
    if not (FOLDER / "node_modules/axe-core").is_dir():
        return "test/browser/node_modules is absent: ./dev test installs it"
    if not shutil.which("node"):
        return "Node is not installed"
    return "" if shutil.which("chromium") else "Chromium is not installed"


class Browser:
    """shots: where pictures go, named PAGE-light.png, PAGE-dark.png, PAGE-phone.png and WALK-after.png."""

    def __init__(self, shots):
        self.shots = pathlib.Path(shots)
        self.shots.mkdir(parents=True, exist_ok=True)

    def look(self, pages=(), walks=(), seconds=240):
        """pages: dicts of name, url; walks: of name, url, fill and button (optional), expect. Returns a Seen for each check."""
        plan = self.shots / "plan.json"
        plan.write_text(json.dumps({"shots": str(self.shots), "pages": list(pages), "walks": list(walks)}))
        done = subprocess.run(["node", FOLDER / "pages.mjs", plan], capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"pages.mjs: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return [Seen(**json.loads(line)) for line in done.stdout.splitlines()]

    def must_be_good(self, pages=(), walks=()):
        """Fails with every fault that was found; also if fewer checks were made than pages and walks call for."""
        seen = self.look(pages, walks)
        for s in seen:
            print("ok  " if s.ok else "FAIL", s.name, s.check)
        faults = [f"{s.name}: {s.check}: {s.why}" for s in seen if not s.ok]
        assert not faults, "\n".join(faults)
        wanted = sum(6 if view in ("phone", "zoom", "print") else 5 for page in pages for view in page.get("views", ("light", "dark", "phone")))
        assert len(seen) == wanted + 2 * len(walks), f"only {len(seen)} checks were made"
