"""Looking at a mailed link changes nothing, however often it is done: scanners, previews and prefetchers open all of them
(OPT-1, CON-3)."""
import email
import email.policy
import pathlib
import re
import subprocess

from harness.forms import Web, everything
from harness.notices import Notices
from harness.placet import binary
from harness.story import REV, STUDY, Story, html_text, people, plain_text

TIMES = 100
# Addresses of pages, in the text and behind the words of the HTML, and the one of the one-click header.
WHERE = re.compile(r"https?://127\.0\.0\.1:\d+(/[^\s\"<>)\]]*)")


def links_of(raw):
    header = email.message_from_bytes(raw, policy=email.policy.SMTP).get("List-Unsubscribe", "")
    return {path.rstrip(".,") for path in WHERE.findall(plain_text(raw) + html_text(raw) + header)}


def test_a_hundred_looks_at_every_mailed_link(placet, capture):
    told = Story(placet, capture.url()).prepare(people(2))
    words = pathlib.Path(placet.folder) / "join.md"
    words.write_text("I agree to be written to by Example University.\n")
    placet.run("project", "edit", STUDY, "--join-text", words)
    placet.run("project", "approve", STUDY, "--by", REV)
    told.send(told.mailing())
    queue = Notices(placet)
    who = people(1)[0]
    for kind in ("leave", "removed", "me"):
        assert queue.queue(kind, who)
    assert queue.queue("left", people(2)[1])
    queue.confirm(who, "I agree to be written to by Example University.")
    queue.complaint(who, "too many")
    placet.run("send", "--until-idle", json=False, expect=(0, 75))
    links = set()
    for _, raw in capture.messages():
        links |= links_of(raw)
    kinds = {path.split("/")[1] for path in links if path.count("/") > 1}
    assert kinds >= {"opt-out", "confirm", "me", "projects"}, links
    web = Web(placet.start("web", "--listen", "127.0.0.1:0").address)
    before = everything(placet)
    for path in sorted(links):
        answers = {web.get(path)[0] for _ in range(TIMES)} | {web.ask("HEAD", path)[0], web.ask("OPTIONS", path)[0]}
        assert answers == {200, 204}, (path, answers)
        print(path, answers)
    assert everything(placet) == before


def test_a_link_whose_message_is_lost_leads_on(placet, capture):
    """A restored backup may not know the message any more: the link is still ours, and says what to do (OPT-3)."""
    Story(placet, capture.url()).prepare(people(1))
    web = Web(placet.start("web", "--listen", "127.0.0.1:0").address)
    tool = binary().resolve().parent.parent / "test/unit/token_tool"
    for kind in "ol":
        token = subprocess.run([tool, placet.home, kind, "4711"], env=placet.env, capture_output=True, text=True, timeout=60,
                               check=True).stdout.strip()
        status, _, page = web.get(f"/opt-out/{token}")
        assert status == 404 and 'href="/opt-out"' in page and "type your address" in page
        assert "type your address" not in web.get(f"/opt-out/{token[:-2]}AA")[2]
