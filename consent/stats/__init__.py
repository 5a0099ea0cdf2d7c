"""Day totals and the queries that read them."""
