"""The command at a pseudo-terminal: its questions, its answers, its bar, and Ctrl-C (A6 A43 C45)."""

import os
import pty
import select
import sys
import tempfile
import time
from hashlib import md5, sha256
from pathlib import Path

from installation import DONE, PATCHWRIGHT, REFUSED, TAKEN_BACK, Installation, pack, picture
from stories import tell

PATIENCE_SECONDS = 60
CTRL_C, DOWN, ENTER = "\x03", "\x1b[B", "\r"
OLD, MINE, NEW = "<?php echo 'old';\n", "<?php echo 'mine';\n", "<?php echo 'new';\n"
# Long enough that somebody can press a key meanwhile.
SLOW = "<sql>INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i &lt; 30000) SELECT i FROM n<undo/></sql>"


class Terminal:
    """A terminal of 100 columns at which the command runs."""

    def __init__(self, *words):
        self.screen = ""
        self.process, self.line = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="xterm", COLUMNS="100", USER="tester")
            os.execv(PATCHWRIGHT, [PATCHWRIGHT, *map(str, words)])

    def see(self, text):
        """Reads until the text is on the screen."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.screen:
            assert time.monotonic() < end and self.read(), f"{text!r} never came:\n{self.screen[-4000:]}"

    def read(self):
        """Takes over what the command has written. False once it has ended."""
        if not select.select([self.line], [], [], 0.1)[0]:
            return True
        try:
            written = os.read(self.line, 65536)
        except OSError:  # Linux says so when the other end is closed.
            return False
        self.screen += written.decode(errors="replace")
        return bool(written)

    def press(self, *keys):
        for key in keys:
            os.write(self.line, key.encode())

    def end(self):
        """The exit code."""
        while self.read():
            pass
        os.close(self.line)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


class Site(Installation):
    """A page, and a patch that replaces it."""

    def __init__(self, folder, steps=""):
        folder = Path(folder)
        (folder / "release").mkdir()
        (folder / "release/index.php").write_text(OLD)
        (folder / "site").mkdir()
        super().__init__(folder / "site", folder / "release", "acme", "1.0.0")
        replaced = f'<overwrite path="index.php" md5="{md5(OLD.encode()).hexdigest()}"/>'
        self.patch = pack(folder / "acme.tar", "acme", "1.0.0", "1.0.1", replaced + steps, {"files/index.php": NEW})

    def applying(self):
        return Terminal("--site", self.folder, "apply", self.patch)

    def page(self):
        return (self.root / "index.php").read_text()


def the_plan_is_shown_and_applied_once_it_is_answered_with_yes():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        terminal = site.applying()
        terminal.see("Apply this plan?")
        assert "acme-1.0.1" in terminal.screen and site.page() == OLD
        terminal.press("y")
        assert terminal.end() == DONE, terminal.screen
        assert "in force" in terminal.screen and site.page() == NEW


def any_other_answer_leaves_the_site_untouched():
    for key in ["n", ENTER, "\x1b"]:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(folder)
            terminal = site.applying()
            terminal.see("Apply this plan?")
            terminal.press(key)
            assert terminal.end() == REFUSED, terminal.screen
            assert "the site is untouched" in terminal.screen and site.page() == OLD


def ctrl_c_at_the_question_leaves_the_site_untouched():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        before = picture(site.root)
        terminal = site.applying()
        terminal.see("Apply this plan?")
        terminal.press(CTRL_C)
        assert terminal.end() == REFUSED, terminal.screen
        assert picture(site.root) == before and site.version() == "1.0.0"
        # What was staged is gone, and the site is free.
        assert list((site.folder / ".patchwright/kept").iterdir()) == []
        site.apply(site.patch)


def a_changed_file_is_asked_about_and_the_answer_is_chosen_with_the_arrows():
    for downs in [0, 1]:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(folder)
            (site.root / "index.php").write_text(MINE)
            terminal = site.applying()
            terminal.see("index.php was changed locally")
            terminal.see("abort")
            terminal.press(*[DOWN] * downs, ENTER)
            if downs == 0:
                # The first answer is the cautious one: nothing is applied.
                assert terminal.end() == REFUSED, terminal.screen
                assert site.page() == MINE
                continue
            terminal.see("Apply this plan?")
            terminal.press("y")
            assert terminal.end() == DONE, terminal.screen
            assert site.version() == "1.0.1"


def what_the_editor_makes_of_the_draft_is_the_answer_once_it_has_no_markers_left():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        asks = """fn preflight() { [#{severity: "question", id: "local-change:a.php", message: "a.php was changed",
            answers: [["abort", "stops"], ["use", "takes what you give"]]}] }
            fn upgrade() { fs::write("answer.txt", site::answer("local-change:a.php")) }"""
        patch = pack(Path(folder) / "asks.tar", "acme", "1.0.0", "1.0.1", "<script/>", {"upgrade.rhai": asks})
        # The first time the text stays unfinished, the second time the editor fails, the third time it is well.
        editor = Path(folder) / "editor"
        editor.write_text(f"""#!/bin/sh
            echo x >> {folder}/times
            case $(wc -l < {folder}/times) in
                1) printf '<<<<<<< mine\\na\\n=======\\nb\\n>>>>>>> theirs\\n' > "$1" ;;
                2) exit 1 ;;
                *) grep -q mine "$1" && echo merged > "$1" ;;
            esac""")
        editor.chmod(0o755)
        os.environ["VISUAL"] = str(editor)
        terminal = Terminal("--site", site.folder, "apply", patch)
        for seen in ["a.php was changed", "still has conflict markers", "nothing was changed"]:
            terminal.see(seen)
            # What came behind it with the same read is still to be seen.
            terminal.screen = terminal.screen.split(seen, 1)[1]
            terminal.see("takes what you give")
            terminal.press(DOWN, ENTER)
        terminal.see("Apply this plan?")
        terminal.press("y")
        assert terminal.end() == DONE, terminal.screen
        assert (site.root / "answer.txt").read_text() == f"use:{sha256(b'merged' + bytes([10])).hexdigest()}"


def a_conflict_is_settled_place_by_place():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        first, second, third = (["title", "", "", "", "limit", "", "", "", "end"] for _ in range(3))
        second[0], second[4], third[0], third[4] = "title, theirs", "limit, theirs", "title, mine", "limit, mine"
        shipped, theirs, mine = ("\n".join(lines) + "\n" for lines in (first, second, third))
        added = pack(Path(folder) / "1.tar", "acme", "1.0.0", "1.0.1", '<add path="page.txt"/>', {"files/page.txt": shipped})
        replaced = f'<overwrite path="page.txt" md5="{md5(shipped.encode()).hexdigest()}"/>'
        patch = pack(Path(folder) / "2.tar", "acme", "1.0.1", "1.0.2", replaced, {"files/page.txt": theirs})
        assert Terminal("--site", site.folder, "apply", added, "--yes").end() == DONE
        (site.root / "page.txt").write_text(mine)
        terminal = Terminal("--site", site.folder, "apply", patch)
        terminal.see("page.txt was changed locally")
        terminal.see("place by place")
        # abort, take, keep, use, place by place
        terminal.press(*[DOWN] * 4, ENTER)
        terminal.see("place 1 of 2")
        terminal.press(DOWN, ENTER)
        terminal.see("place 2 of 2")
        terminal.press(DOWN, DOWN, ENTER)
        terminal.see("Apply this plan?")
        terminal.press("y")
        assert terminal.end() == DONE, terminal.screen
        settled = mine.replace("title, mine", "title, theirs").replace("limit, mine", "limit, mine\nlimit, theirs")
        assert (site.root / "page.txt").read_text() == settled


def a_bar_tells_how_far_it_is_and_ctrl_c_takes_the_patch_back():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder, "<sql>CREATE TABLE item (id INTEGER)<undo>DROP TABLE item</undo></sql>" + SLOW * 60)
        before = picture(site.root)
        terminal = site.applying()
        terminal.see("Apply this plan?")
        assert "rehearsing acme-1.0.1, step" in terminal.screen, terminal.screen
        terminal.press("y")
        terminal.see("the gate is shut")
        terminal.see("of 62 of acme-1.0.1")
        terminal.press(CTRL_C)
        assert terminal.end() == TAKEN_BACK, terminal.screen
        assert "called off" in terminal.screen
        assert picture(site.root) == before and site.version() == "1.0.0"


STORIES = [
    the_plan_is_shown_and_applied_once_it_is_answered_with_yes,
    any_other_answer_leaves_the_site_untouched,
    ctrl_c_at_the_question_leaves_the_site_untouched,
    a_changed_file_is_asked_about_and_the_answer_is_chosen_with_the_arrows,
    what_the_editor_makes_of_the_draft_is_the_answer_once_it_has_no_markers_left,
    a_conflict_is_settled_place_by_place,
    a_bar_tells_how_far_it_is_and_ctrl_c_takes_the_patch_back,
]

if __name__ == "__main__":
    sys.exit(tell(STORIES, *sys.argv[1:2]))
