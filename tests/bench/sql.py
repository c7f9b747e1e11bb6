"""Times schedules of one-statement patches on SQLite and PostgreSQL, round by round, and prints medians."""

import argparse
import os
import statistics
import tempfile
import time
from contextlib import ExitStack

from clock import measure
from databases import Postgres, Sqlite
from migrators import NativeClient, Patchwright, Sqitch, contestants

KINDS = {"sqlite": Sqlite, "postgres": Postgres}
PAUSE_SECONDS = 1
# Sqitch starts a client for each step: its figures for many tell nothing more.
MOST_FOR_SQITCH = 100


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--patches", default="1,100,1000")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--databases", default="sqlite,postgres")
    options.add_argument("--only", default="", help="comma separated names of the contestants to run")
    options = options.parse_args()
    for name in options.databases.split(","):
        for count in map(int, options.patches.split(",")):
            rounds(KINDS[name], count, options)


def rounds(kind, count, options):
    tools = [tool for tool in contestants() if tool is not Sqitch or count <= MOST_FOR_SQITCH]
    if options.only:
        tools = [tool for tool in tools if tool.name in options.only.split(",")]
    first, again = {tool.name: [] for tool in tools}, {tool.name: [] for tool in tools if tool.again}
    for _ in range(options.rounds):
        for tool in tools:
            with ExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")))
                ready = tool(folder, stack.enter_context(kind()), count)
                os.sync()
                time.sleep(PAUSE_SECONDS)
                first[tool.name].append(measure(ready.command()))
                if tool.again:
                    again[tool.name].append(measure(ready.again(), {ready.nothing_to_do}))
    print(f"\n{kind.dialect}: {count} patches of one statement, medians of {options.rounds} rounds")
    table(first)
    print(f"\n{kind.dialect}: once more, with nothing to do")
    table(again)


def table(figures):
    base = figures.get(NativeClient.name) or figures.get(Patchwright.name)
    print(f"{'':20}{'wall ms':>10}{'cpu ms':>10}   wall, times {NativeClient.name if NativeClient.name in figures else Patchwright.name}")
    for name, rows in figures.items():
        wall, cpu = (1000 * statistics.median(column) for column in list(zip(*rows))[:2])
        ratio = statistics.median(row[0] / other[0] for row, other in zip(rows, base))
        print(f"{name:20}{wall:10.1f}{cpu:10.1f}   {ratio:.2f}")


if __name__ == "__main__":
    main()
