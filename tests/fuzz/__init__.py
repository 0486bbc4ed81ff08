"""Fuzzing: damaged and made-up input into everything that reads what others wrote. Only a KairanError may come out."""
