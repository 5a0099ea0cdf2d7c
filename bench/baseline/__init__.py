"""The yardstick: what one writes first. A ModelSerializer, a generic view, the ORM, one row an answer."""
