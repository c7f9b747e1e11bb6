"""Times `verify` on databases of many tables; what an empty one takes is what no table is to blame for."""

import argparse
import statistics

from clock import measure
from databases import ALL
from installation import PATCHWRIGHT, DatabaseSite
from many_tables import make_tables


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--tables", type=int, default=500)
    options.add_argument("--rounds", type=int, default=11)
    options.add_argument("--databases", default=",".join(kind.dialect for kind in ALL))
    options = options.parse_args()
    print(f"verify, medians of {options.rounds} rounds in ms (wall, cpu of the command)\n")
    print(f"{'':12}{'no table':>16}{f'{options.tables} tables':>16}{'difference':>16}")
    for kind in ALL:
        if kind.dialect in options.databases.split(","):
            none, many = (figures(kind, count, options.rounds) for count in [0, options.tables])
            more = [after - before for before, after in zip(none, many)]
            print(f"{kind.dialect:12}" + "".join(f"{wall:9.1f}{cpu:7.1f}" for wall, cpu in [none, many, more]))


def figures(kind, tables, rounds):
    """Medians of the wall and CPU milliseconds of a verification."""
    with kind() as database:
        make_tables(database, tables)
        with DatabaseSite(database) as site:
            command = [PATCHWRIGHT, "--site", site.folder, "verify"]
            measure(command)
            rows = [measure(command) for _ in range(rounds)]
            return [1000 * statistics.median(column) for column in list(zip(*rows))[:2]]


if __name__ == "__main__":
    main()
