"""Where statements end: what a patch would run, beside what the server's own client makes of the same file."""

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

QUOTED = {
    "sqlite": r"""'(?:''|[^'])*'|"(?:""|[^"])*"|`(?:``|[^`])*`|\[[^]]*\]""",
    "postgres": r"""[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|(?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)""",
    "mysql": r"""'(?:\\.|''|[^'\\])*'|"(?:\\.|""|[^"\\])*"|`(?:``|[^`])*`""",
}
COMMENTS = {
    "sqlite": r"--[^\n]*|/\*.*?(?:\*/|$)",
    "postgres": r"--[^\n]*|/\*(?:/\*.*?\*/|.)*?\*/",
    "mysql": r"(?:--(?=\s|$)|#)[^\n]*|/\*(?!M?!).*?\*/",
}


def bare(text, dialect):
    """A statement without what makes no difference: comments and blanks outside of quotes, and empty statements.

    A reader of its own, so that the splitter is not measured by itself.
    """
    token = re.compile(f"(?P<quoted>{QUOTED[dialect]})|{COMMENTS[dialect]}|\\s|\ufeff|(?P<other>.)", re.DOTALL)
    return "".join(found["quoted"] or found["other"] or "" for found in token.finditer(text)).strip(";")


@cache
def splitter():
    """The example program that prints what the splitter makes of a script."""
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--package", "patchwright-hooks-api", "--example", "split"],
                   cwd=REPOSITORY, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "debug/examples/split"


def pieces(dialect, script):
    """The statements that a patch would run."""
    with open(script, "rb") as given:
        ended = subprocess.run([splitter(), dialect], stdin=given, capture_output=True)
    assert ended.returncode == 0, f"{script}: {ended.stderr.decode()}"
    return [json.loads(line)["text"] for line in ended.stdout.splitlines()]


def assert_split_as_the_server_saw(database, script):
    found = [bare(text, database.dialect) for text in pieces(database.dialect, script)]
    seen = [bare(text, database.dialect) for text in database.statements_seen(script)]
    # A client sends what is nothing but a comment, and SQLite traces the COMMIT of Python's script runner.
    seen = [text for text in seen if text and text != "COMMIT"]
    for ours, theirs in zip(found, seen):
        assert ours == theirs, f"{script}:\n{ours}\nwas seen as\n{theirs}"
    assert len(found) == len(seen), f"{script}: {len(found)} statements, and the server saw {len(seen)}"
    return len(found)
