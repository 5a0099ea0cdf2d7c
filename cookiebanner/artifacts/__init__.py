"""Release → the files a browser loads, and their delivery."""
