"""Server-side enforcement: HTML rewriting, CSP, first-party cookies."""
