"""The English of the code and its pages is plain."""

from math import ceil

from tests.guards import prose

LIMIT = 1.0
"""Markers in 1,000 words. Well-kept projects have 0.0 to 0.2."""


def test_prose_names_its_subject_and_its_actor() -> None:
    words, markers = prose.counts()
    limits = {folder: ceil(words[folder] * LIMIT / 1000) for folder in words}
    found = {
        folder: f"{number} in {words[folder]} words" for folder, number in markers.items() if number > limits[folder]
    }
    assert not found, f"{found}: a stranger must understand each sentence; name the actor and not `whoever` or `nobody`"
