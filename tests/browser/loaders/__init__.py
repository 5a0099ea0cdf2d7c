"""Loaders of vendors' libraries in the shapes that public documentation prints, with stand-ins for the libraries."""
