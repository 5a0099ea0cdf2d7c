"""A site's cookie policy: a page, a part for other pages, and data, all without JavaScript (docs/cookie-policy.md)."""
