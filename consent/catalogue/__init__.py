"""Categories, purposes, services, cookies and block rules; the pattern language; our seed catalogue."""
