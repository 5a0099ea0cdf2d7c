"""Choices beyond cookies: what people say to purposes that no cookie stands for."""
