"""Tells all stories, or those whose names hold the word given."""

import sys

import convergence
import cut_off
import one_schema
import races
import torture
from stories import tell

if __name__ == "__main__":
    stories = torture.STORIES + one_schema.STORIES + convergence.STORIES + races.STORIES + cut_off.STORIES
    sys.exit(tell(stories, *sys.argv[1:2]))
