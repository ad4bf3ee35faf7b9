"""The conformance run for hospitals' systems: does a system use the platform's interface as it should?

The system under test calls the platform through a recorder, which passes everything on, notes it, and now and
then answers what a bad day answers. One set of cases judges what was noted, and what the platform then holds.
The reference hospital goes through the same recorder and the same cases, so it proves the cases too.

    python -m sandbox conformance --platform URL … # the reference hospital
    python -m sandbox conformance --platform URL … --judge # your own system: point it at the address shown
"""
