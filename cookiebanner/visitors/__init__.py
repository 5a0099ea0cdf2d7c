"""What all that speaks with visitors shares: the memory of published sites."""
