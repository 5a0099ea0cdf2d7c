"""The pages of a site's documents for visitors: each version, all versions, what each changed (docs/notices.md)."""
