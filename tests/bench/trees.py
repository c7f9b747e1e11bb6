"""Makes two releases of an application that looks like one: many text files of a few kilobytes in nested folders."""

import random


def make_releases(folder, files, changes):
    """Writes the trees `v1` and `v2` below `folder`. Half of the changes overwrite, a quarter adds, a quarter deletes.

    Gives the relative paths that exist in v2 and differ from v1, and those that are gone.
    """
    chance = random.Random(20_000)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(4_000)]

    def text():
        size = min(max(int(chance.lognormvariate(8.9, 0.9)), 200), 400_000)
        line = " ".join(chance.choices(words, k=max(size // 6, 1)))
        return "\n".join(line[i:i + 80] for i in range(0, len(line), 80)) + "\n"

    paths = [f"module{i % 97:02}/part{i % 11:02}/file{i:06}.php" for i in range(files)]
    changed = set(chance.sample(range(files), changes * 3 // 4))
    overwritten = set(sorted(changed)[: changes // 2])
    gone = changed - overwritten
    for number, path in enumerate(paths):
        content = text()
        write(folder / "v1" / path, content)
        if number in overwritten:
            write(folder / "v2" / path, text())
        elif number not in gone:
            write(folder / "v2" / path, content)
    added = [f"module{i % 97:02}/new{i % 5}/file{i:06}.php" for i in range(changes - len(changed))]
    for path in added:
        write(folder / "v2" / path, text())
    return sorted([paths[i] for i in overwritten] + added), sorted(paths[i] for i in gone)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
