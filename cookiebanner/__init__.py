"""What faces the world, and the Django project."""
