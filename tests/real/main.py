"""Tells all stories, or those whose names hold the word given."""

import sys

import local_edits
import roundcube
import wagtail
from stories import tell

if __name__ == "__main__":
    sys.exit(tell(wagtail.STORIES + local_edits.STORIES + roundcube.STORIES, *sys.argv[1:2]))
