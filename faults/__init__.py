"""What the platform must survive, done to it with real processes. See docs/faults.md.

A program of its own: `python -m faults`. Nothing of the platform imports it; it imports the platform. Its
servers are its own, in a folder below var/faults/, and so is its clock.
"""

import os

import django

from faults.addresses import choose

os.environ.update(choose())
django.setup()
