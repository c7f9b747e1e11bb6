"""Runs all stories, or those whose names hold the word given, and counts them."""

import sys
import time
import traceback

import roundcube
import wagtail


def main(word=""):
    passed = failed = 0
    for story in wagtail.STORIES + roundcube.STORIES:
        if word not in story.__name__:
            continue
        began = time.monotonic()
        try:
            story()
        except Exception:  # One story that fails must not keep the others from being told.
            failed += 1
            traceback.print_exc(file=sys.stdout)
            outcome = "FAILED"
        else:
            passed += 1
            outcome = "ok"
        print(f"{outcome:6} {story.__name__.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
