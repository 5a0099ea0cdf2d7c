"""A site's settings as a file: read, written, compared with what the server has, applied."""
