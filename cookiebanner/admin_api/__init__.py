"""The admin API, `/api/admin/v1/`: for programs what the dashboard is for people (docs/admin-api.md)."""
