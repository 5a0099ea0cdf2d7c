"""The yardstick: what a Django developer writes first. A ModelSerializer, a generic view, the ORM, one row an answer."""
