"""Wagtail with thirty files changed locally: every change survives where it should, each kind of answer is given (A16 C44 C45 C48 C50)."""

import json
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from installation import DONE, NOTHING_TO_DO, QUESTIONS, Installation, assert_same, patchwright, patchwright_json, picture
from wagtail import RELEASES, build_patches, release

EDITS = Path(__file__).with_suffix(".toml")
FIRST, LAST = RELEASES[0], RELEASES[-1]


@dataclass
class Edit:
    """One change, as the table says it."""

    path: str
    answer: str = ""
    insert: str = ""
    before: str = ""
    line: str = ""
    by: str = ""
    append: str = ""
    own: str = ""
    bytes: str = ""
    mode: str = ""
    remove: bool = False

    def make(self, root):
        file = root / self.path
        if self.remove:
            file.unlink()
        elif self.mode:
            file.chmod(int(self.mode, 8))
        elif self.own:
            file.parent.mkdir(parents=True, exist_ok=True)
            assert not file.exists(), self.path
            file.write_text(self.own)
        elif self.bytes:
            file.write_bytes(file.read_bytes() + self.bytes.encode())
        else:
            file.write_text(self.changed(file.read_text()))

    def changed(self, text):
        """The text with the change in it."""
        lines = text.splitlines()
        if self.insert:
            at = next(at for at, line in enumerate(lines) if self.before in line)
            lines.insert(at, self.insert)
        elif self.line:
            lines[lines.index(self.line)] = self.by
        else:
            lines.append(self.append)
        return "\n".join(lines) + "\n"

    def without(self, text):
        """A text that has been merged, without the line of its own."""
        own = (self.insert or self.append) + "\n"
        assert text.count(own) == 1, f"{self.path} has lost {own!r}, or has it twice"
        return text.replace(own, "")


class Site(Installation):
    """A site at 6.0 that knows what was shipped, with all changes made."""

    def __init__(self, folder, edits):
        super().__init__(folder, release(FIRST), "wagtail", FIRST)
        patchwright("--site", folder, "baseline", "import", release(FIRST))
        self.edits = {edit.path: edit for edit in edits}
        self.asked = set()
        for edit in edits:
            edit.make(self.root)

    def decide(self, patches, given):
        """Answers patch after patch what is asked. Gives the file of the decisions."""
        decisions, file = {}, given / "decisions.json"
        while True:
            file.write_text(json.dumps(decisions))
            plan = self.plan(patches, "--decisions", file, expect=(DONE, QUESTIONS))
            if not (asking := [patch for patch in plan["patches"] if questions(patch)]):
                return file
            # What a later patch asks depends on what is decided about the first.
            patch = asking[0]
            answers = decisions.setdefault(patch["manifest"]["id"], {})
            for question in questions(patch):
                answers[question["id"]] = self.answer(question, patch["manifest"], given)

    def answer(self, question, manifest, given):
        kind, path = question["id"].split(":", 1)
        assert kind in ("local-change", "exists") and path in self.edits, f"{manifest['id']} asks {question['id']}"
        edit = self.edits[path]
        offered = [choice["answer"] for choice in question["answers"]]
        assert edit.answer in offered, f"{manifest['id']} offers {offered} for {path}, and not {edit.answer!r}"
        self.asked.add(path)
        if edit.answer != "use":
            return edit.answer
        # What somebody makes of both by hand: the vendor's new file, and a line of his own.
        finished = given / f"{manifest['to']}-{Path(path).name}"
        finished.write_text((release(manifest["to"]) / path).read_text() + edit.by + "\n")
        return {"use": finished.name}


def questions(patch):
    asked = [finding["severity"]["question"] for finding in patch["findings"] if isinstance(finding["severity"], dict)]
    return [question for question in asked if question["id"] not in patch["answers"]]


def every_local_change_survives_where_it_should():
    edits = [Edit(**edit) for edit in tomllib.loads(EDITS.read_text())["edit"]]
    assert len(edits) == 30 and {edit.answer for edit in edits} == {"", "merge", "keep", "take", "use"}
    with tempfile.TemporaryDirectory() as patches, tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as given:
        build_patches(patches)
        site = Site(folder, edits)
        mine = {edit.path: content(site.root / edit.path) for edit in edits}
        edited = picture(site.root)
        decisions = site.decide(patches, Path(given))
        assert site.asked == {edit.path for edit in edits if edit.answer}, "all that patches touch is asked about, and nothing else"
        site.apply("--decisions", decisions, patches)
        assert site.version() == LAST
        check(site, edits, mine)
        patchwright("--site", site.folder, "rollback", "--to", FIRST, "--yes")
        assert_same(picture(site.root), edited, "all the way back")
    print(f"       {len(edits)} local changes, {len(site.asked)} of them asked about, and all back after a way back over {len(RELEASES) - 1} patches")


def check(site, edits, mine):
    """What became of each change, and that nothing else differs from the vendor's last release."""
    backups, beside = told(site)
    expected = picture(release(LAST))
    found = picture(site.root)
    for edit in edits:
        path, now, vendor = edit.path, content(site.root / edit.path), content(release(LAST) / edit.path)
        match edit.answer:
            case "merge":
                assert edit.without(now.decode()) == vendor.decode(), path
            case "use":
                assert now == vendor + f"{edit.by}\n".encode(), path
            case "take":
                assert now == vendor, path
                assert mine[path] is None or mine[path] in backups[path], path
            case _:
                assert now == mine[path], path
        if edit.answer == "keep" and mine[path] is not None and vendor is not None:
            assert vendor in beside[path], path
        for tree in (expected, found):
            tree.pop(path, None)
    for path in [str(Path(name).relative_to(site.root)) for name in found_beside(site.root)]:
        del found[path]
    own = {str(parent) for edit in edits for parent in Path(edit.path).parents} - expected.keys()
    assert_same({path: seen for path, seen in found.items() if path not in own}, expected, "after all patches")


def told(site):
    """The operator's own files that are kept, and the vendor's that lie beside his, by path, as `message` tells them of all patches."""
    backups, beside = {}, {}
    for version in RELEASES[1:]:
        message = patchwright_json("--site", site.folder, "message", f"wagtail-{version}", expect=(DONE, NOTHING_TO_DO))
        for backup in message["backups"]:
            backups.setdefault(backup["path"], []).append((site.folder / ".patchwright" / backup["kept"]).read_bytes())
        for merge in message["merges"]:
            beside.setdefault(merge["path"], []).append((site.root / merge["beside"]).read_bytes())
    return backups, beside


def found_beside(root):
    return [path for version in RELEASES[1:] for path in root.rglob(f"*.wagtail-{version}")]


def content(file):
    return file.read_bytes() if file.exists() else None


STORIES = [every_local_change_survives_where_it_should]
