"""From a draft to a release, and from a release to the files that visitors load."""
