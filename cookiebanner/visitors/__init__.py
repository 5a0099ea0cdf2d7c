"""Where a request comes from, and what every visitor gets."""
