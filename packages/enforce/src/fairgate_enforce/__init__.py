"""Fairgate on the site's own server: HTML rewriting for WSGI, ASGI and Django, with the rules of a release.

Needs nothing but Python: `enforce.json` of a Fairgate server, or the file, says what must wait.
"""
