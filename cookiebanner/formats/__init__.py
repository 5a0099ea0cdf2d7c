"""How the dashboard writes days and times in each of its languages: Django's names, our shapes (FORMAT_MODULE_PATH)."""
