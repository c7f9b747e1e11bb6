"""Has patches replace `patchwright` itself, and checks that one that works always starts (row A18).

The first patch brings a program, or a plugin alone, the second one a file. A program of another version is a copy of the one under test
with another version written over its own. Programs that don't work are text, cut off, of another machine, or made by a compiler for the
purpose.
After each story the next start must find the site before or after each patch, and its patcher must be the one that the patches in
force brought.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import hits
from stories import tell

PATCHWRIGHT = os.environ["PATCHWRIGHT"]
# A dialect as a library.
PLUGIN = os.environ["PLUGIN"]
MARK = b"patchwright-version:"
NEW = "99.0.0"
# The calls before which a process is killed: those that change something, start a program or wait for one.
CALLS = """execve openat write pwrite64 renameat2 renameat rename unlink unlinkat mkdirat fchmod ftruncate fsync fdatasync syncfs
wait4 waitid""".split()
# Of calls that mostly read, so many are passed over.
SAMPLED = {"openat": 6, "write": 2, "wait4": 3}

# Goes on as the program that works where it is tried out, and does something else where it is to take over.
WRAPPER = """
#include <signal.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
    for (int at = 0; at < argc; at++)
        if (!strcmp(argv[at], "self-test")) { execv(WORKS, argv); return 99; }
    %s
}
"""


def main():
    with tempfile.TemporaryDirectory(prefix="patchwright-handover-") as folder:
        work = Path(folder)
        site, works = make_site(work), program_of(NEW, work / "works")
        archives = [pack_patcher(work, "acme-2", works), pack_file(work)]
        stories = [named(story.__name__, story, work, site, archives)
                   for story in (goes_on, goes_back, is_used_and_asked_first, ensures)]
        for name, program, ends in broken_programs(work, works):
            archives_of = [pack_patcher(work, f"acme-2-{name}", program), archives[1]]
            stories.append(named(f"{name}_{ends.__name__}", ends, work, site, archives_of))
        stories.append(named("killed_at_any_call_one_of_the_two_goes_on", killed_anywhere, work, site, archives))
        with_plugin, plugins = make_site_with_plugin(work), [pack_plugin(work), archives[1]]
        stories.append(named("plugins_alone_go_on_and_back", plugins_go_on_and_back, work, with_plugin, plugins))
        stories.append(named("plugins_alone_killed_at_any_call", plugins_killed_anywhere, work, with_plugin, plugins))
        sys.exit(tell(stories))


def named(name, story, work, site, archives):
    """The story on a site of its own, as who tells stories wants it."""
    def told():
        story(hits.fresh(work, site), archives)
    told.__name__ = name
    return told


# The stories of a program that works.


def goes_on(site, archives):
    done = apply(site, archives, "--json")
    receipts = json.loads(done.stdout)["receipts"]
    assert done.returncode == 0 and [receipt["patch"] for receipt in receipts] == ["acme-2", "acme-3"], done
    assert picture(site)["version"] == "3" and patchers(site) == [(NEW, True)], patchers(site)
    # What is started is the old one, and what does the work is the new one.
    assert started(site, "--version").stdout.strip() == f"patchwright {version_of(PATCHWRIGHT)}"
    assert used_version(site) == NEW


def goes_back(site, archives):
    before = picture(site)
    assert apply(site, archives[:1]).returncode == 0
    assert patchers(site) == [(NEW, True)]
    done = started(site, "rollback", "--yes")
    assert done.returncode == 0, done
    assert picture(site) == before and patchers(site) == [], patchers(site)
    assert not (site / ".patchwright/patchers").exists()
    assert used_version(site) == version_of(PATCHWRIGHT)
    assert apply(site, archives).returncode == 0 and patchers(site) == [(NEW, True)]


def is_used_and_asked_first(site, archives):
    done = started(site, "apply", "--yes", *archives)
    assert done.returncode == 21 and patchers(site) == [], done


def ensures(site, archives):
    decisions = site.parent / "decisions.toml"
    decisions.write_text('["acme-2"]\npatcher = "replace"\n')
    done = started(site, "ensure", "--to", "3", "--decisions", decisions, *archives)
    assert done.returncode == 0 and picture(site)["version"] == "3" and patchers(site) == [(NEW, True)], done


# The stories of plugins alone.


def plugins_go_on_and_back(site, archives):
    before, own = picture(site), version_of(PATCHWRIGHT)
    done = apply(site, archives)
    assert done.returncode == 0 and picture(site)["version"] == "3" and patchers(site) == [(own, True)], done
    assert started(site, "rollback", "--to", "1", "--yes").returncode == 0
    assert picture(site) == before and patchers(site) == [] and leftovers(site) == [], leftovers(site)


def plugins_killed_anywhere(site, archives):
    everywhere(site, archives, [(version_of(PATCHWRIGHT), True)], 3)


# The stories of programs that don't.


def broken_programs(work, works):
    text = work / "text"
    text.write_text("this is no program\n")
    short = work / "short"
    short.write_bytes(works.read_bytes()[:100_000])
    other = bytearray(works.read_bytes())
    other[18:20] = (243).to_bytes(2, "little")  # e_machine: RISC-V
    foreign = work / "foreign"
    foreign.write_bytes(bytes(other))
    fails = compiled(work, "fails", 'write(2, "nothing works here\\n", 19); return 3;', always=True)
    hangs = compiled(work, "hangs", "for (;;) pause();", always=True)
    babbles = compiled(work, "babbles", 'for (int at = 0; at < 100000; at++) write(1, "babble\\n", 7); return 0;', always=True)
    lies = program_of("98.0.0", work / "lies")
    leaves = compiled(work, "leaves", "return 3;", works)
    kills = compiled(work, "kills", """for (int at = 0; at < argc; at++)
        if (!strcmp(argv[at], "take-over")) kill(getppid(), SIGKILL);
    return 3;""", works)
    return [
        ("text", text, is_found_out), ("cut_off", short, is_found_out), ("of_another_machine", foreign, is_found_out),
        ("fails", fails, is_found_out), ("hangs", hangs, is_found_out), ("babbles", babbles, is_found_out),
        ("lies", lies, is_found_out), ("leaves", leaves, is_taken_back), ("kills", kills, is_given_up),
    ]


def is_found_out(site, archives):
    before = picture(site)
    done = apply(site, archives)
    assert done.returncode == 30 and "does not work here" in done.stderr, done
    assert picture(site) == before and patchers(site) == [] and leftovers(site) == [], leftovers(site)


def is_taken_back(site, archives):
    before = picture(site)
    done = apply(site, archives)
    assert done.returncode == 30 and "does not go on" in done.stderr, done
    assert picture(site) == before and patchers(site) == [] and leftovers(site) == [], leftovers(site)


def is_given_up(site, archives):
    before = picture(site)
    assert apply(site, archives).returncode == -9
    assert picture(site)["version"] == "2" and patchers(site) == [(NEW, False)], patchers(site)
    # It is started twice more, which is as often as may be, and ends with 3 each time.
    codes = [started(site, "status").returncode for _ in range(4)]
    assert codes == [3, 3, 0, 0], codes
    done = started(site, "recover")
    assert done.returncode in (0, 10) and "was taken back" in done.stderr, done
    assert picture(site) == before and patchers(site) == [] and leftovers(site) == [], leftovers(site)


# Killed on the way.


def killed_anywhere(site, archives):
    everywhere(site, archives, [(NEW, True)], 1)


def everywhere(site, archives, brought, sparsely):
    """Kills before each call, or each so many; `brought` are the patchers once the first patch is in force."""
    before = picture(site)

    def task(call):
        story = lambda site, number: killed(site, archives, before, brought, call, number)
        return f"killed at {call}", site, hits.step() * SAMPLED.get(call, 1) * sparsely, story

    passed, faults = hits.everywhere(site.parent, [task(call) for call in CALLS])
    print(f"       {passed} kills")
    assert not faults, "\n".join(faults[:20])


def killed(site, archives, before, brought, call, hit):
    """One run of which one process is killed, the next start, and a look. Gives whether one was, and what is wrong, if anything."""
    decisions = site.parent / "decisions.toml"
    decisions.write_text('["acme-2"]\npatcher = "replace"\n')
    run, was_hit = hits.hit(site, ["apply", "--yes", "--decisions", decisions, *archives], call, hit)
    recovered = started(site, "recover")
    if recovered.returncode not in (0, 10):
        return was_hit, f"recover ended with {recovered.returncode}: {recovered.stderr[-400:]}"
    now = picture(site)
    if now["version"] not in ("1", "2", "3") or (now["version"] == "3") != ("b.txt" in now["files"]):
        return was_hit, f"the site is on no side: {now}"
    if now["version"] == "1" and now != before:
        return was_hit, f"the site is not as before: {now}"
    expected = [] if now["version"] == "1" else brought
    if patchers(site) != expected:
        return was_hit, f"at version {now['version']} the patchers are {patchers(site)}: {run.stderr[-300:]}"
    if run.returncode == 0 and now["version"] != "3":
        return was_hit, f"it said that all is in force, and the site is at {now['version']}: {run.stderr[-300:]}"
    if leftovers(site):
        return was_hit, f"left in the state folder: {leftovers(site)}"
    return was_hit, None


# What there is.


def make_site(work):
    site = work / "site"
    (site / "public").mkdir(parents=True)
    (site / "public/a.txt").write_text("one\n")
    done = subprocess.run([PATCHWRIGHT, "init", "--root", "public", "--product", "acme", "--version", "1"], cwd=site,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    return site


def make_site_with_plugin(work):
    site = make_site(work / "with-plugin")
    shutil.copy(PLUGIN, site / "plugin.so")
    (site / "plugin.so").chmod(0o644)
    sum_of = hashlib.sha256((site / "plugin.so").read_bytes()).hexdigest()
    with open(site / "patchwright.toml", "a", encoding="utf-8") as config:
        config.write(f'[[dialect]]\nname = "unruly"\nlibrary = "plugin.so"\nsha256 = "{sum_of}"\n')
    return site


def program_of(version, to):
    """A copy of the program under test that says it has another version."""
    program = Path(PATCHWRIGHT).read_bytes()
    assert program.count(MARK + version_of(PATCHWRIGHT).encode()) == 1
    at = program.index(MARK) + len(MARK)
    to.write_bytes(program[:at] + version.encode().ljust(12, b"\0") + program[at + 12:])
    to.chmod(0o755)
    return to


def compiled(work, name, otherwise, works="", always=False):
    source = work / f"{name}.c"
    body = WRAPPER % otherwise
    source.write_text(body.replace('"self-test"', '"no such argument"') if always else body)
    subprocess.run(["cc", "-o", str(work / name), f'-DWORKS="{works}"', str(source)], check=True)
    return work / name


def pack_patcher(work, name, program, patch="acme-2"):
    folder = work / f"patch-{name}"
    (folder / "patcher").mkdir(parents=True)
    shutil.copy(program, folder / "patcher/patchwright")
    (folder / "patch.xml").write_text(f"""<patch format="1" product="acme" id="{patch}" from="1" to="2" severity="important">
<title>A new patcher</title><steps><patcher version="{NEW}">
<program platform="{os.uname().machine}-linux" payload="patcher/patchwright"/></patcher></steps></patch>""")
    return pack(work, folder, name)


def pack_plugin(work):
    folder = work / "patch-plugin"
    (folder / "p").mkdir(parents=True)
    # Another build of the same: what stands behind a library's end is not read.
    (folder / "p/plugin.so").write_bytes(Path(PLUGIN).read_bytes() + b"\n")
    (folder / "patch.xml").write_text(f"""<patch format="1" product="acme" id="acme-2" from="1" to="2" severity="important">
<title>A new plugin</title><steps><patcher>
<plugin platform="{os.uname().machine}-linux" name="unruly" payload="p/plugin.so"/></patcher></steps></patch>""")
    return pack(work, folder, "acme-2-plugin")


def pack_file(work):
    folder = work / "patch-acme-3"
    (folder / "files").mkdir(parents=True)
    (folder / "files/b.txt").write_text("new\n")
    sum_of = hashlib.sha256(b"new\n").hexdigest()
    (folder / "patch.xml").write_text(f"""<patch format="1" product="acme" id="acme-3" from="2" to="3" severity="important">
<title>A file</title><steps><add path="b.txt" payload="files/b.txt" sha256="{sum_of}"/></steps></patch>""")
    return pack(work, folder, "acme-3")


def pack(work, folder, name):
    archive = work / f"{name}.patch.tar"
    subprocess.run([PATCHWRIGHT, "pack", str(folder), "-o", str(archive)], check=True, capture_output=True)
    return archive


def apply(site, archives, *more):
    decisions = site.parent / "decisions.toml"
    decisions.write_text('["acme-2"]\npatcher = "replace"\n')
    return started(site, *more, "apply", "--yes", "--decisions", decisions, *archives)


def started(site, *arguments):
    return subprocess.run([PATCHWRIGHT, "--site", str(site)] + [str(argument) for argument in arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def version_of(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[-1]


def used_version(site):
    """The version of the program that does the work."""
    return json.loads(started(site, "--json", "status").stdout)["patcher"]


def patchers(site):
    note = site / ".patchwright/patchers.json"
    successors = json.loads(note.read_text())["successors"] if note.exists() else []
    return [(successor["version"], successor["proved"]) for successor in successors]


def picture(site):
    """The site's files, and its version by the ledger."""
    files = {str(path.relative_to(site / "public")): path.read_bytes() for path in (site / "public").rglob("*") if path.is_file()}
    status = started(site, "--json", "status", "--started-by", "1")
    return {"files": files, "version": json.loads(status.stdout)["version"]}


def leftovers(site):
    """What lies in the state folder and should not."""
    state = site / ".patchwright"
    known = ("lock", "ballast", "kept", "head.json", "head.json.new", "tally.json", "tally.json.new", "ledger.db",
             "ledger.db-journal", "patchers",
             "patchers.json", "patchers.json.new")
    wrong = [name for name in os.listdir(state) if name not in known]
    note, folders = state / "patchers.json", state / "patchers"
    runs = [successor["run"] for successor in json.loads(note.read_text())["successors"]] if note.exists() else []
    return wrong + [f"patchers/{run}" for run in (os.listdir(folders) if folders.exists() else []) if run not in runs]


main()
