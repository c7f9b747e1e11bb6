"""Tells stories, each a function whose name says what holds, and counts them."""

import sys
import time
import traceback


def tell(stories, word=""):
    """Runs all stories, or those with the word in their names. The exit code is 0 if at least one ran and none failed."""
    passed = failed = 0
    for story in stories:
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
