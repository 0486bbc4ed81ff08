"""What is wrong with a place in a file of ours, and what to do: one line for a person."""

import msgspec


class Complaint(msgspec.Struct, frozen=True, omit_defaults=True):
    """`key` is the place as a path ("rules[0].when"), "" the file as a whole; line and column count from 1, 0 unknown.

    `message` says what is wrong and what to do.
    """

    file: str
    line: int
    key: str
    message: str
    column: int = 0

    def __str__(self) -> str:
        where = ":".join(str(each) for each in (self.file, self.line, self.column) if each)
        return f"{where}: {f'{self.key}: ' if self.key else ''}{self.message}"
