"""Tells all stories, or those whose names hold the word given."""

import sys

import convergence
import cut_off
import one_schema
import torture
from stories import tell

if __name__ == "__main__":
    sys.exit(tell(torture.STORIES + one_schema.STORIES + convergence.STORIES + cut_off.STORIES, *sys.argv[1:2]))
