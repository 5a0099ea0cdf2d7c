"""The ASGI fast lane in front of Django."""
