"""What the same number of rows costs PostgreSQL alone: a bare COPY into one table, nothing looked up, nothing decided."""

import json
import random
import sys
import time
from collections.abc import Iterator

import psycopg

COLUMNS, INDEXES, WORD = 30, 6, 36  # 30 columns of 36 characters are about 1.1 kB
_ROWS_A_PIECE = 1_000


def main() -> None:
    """`python -m benchmarks.bare_copy URL ROWS`: prints the seconds of COPY and commit alone. A process of its own, so
    that its CPU time can be told."""
    url, rows = sys.argv[1], int(sys.argv[2])
    with psycopg.connect(url, autocommit=True) as connection:
        make_table(connection)
        pieces = list(_pieces(rows))  # made before, as a file is there before
        before, started = time.process_time(), time.perf_counter()
        with connection.cursor().copy("COPY bare FROM STDIN") as copy:
            for piece in pieces:
                copy.write(piece)
        print(json.dumps({"wall": time.perf_counter() - started, "client": time.process_time() - before}))
        connection.execute("DROP TABLE bare")


def make_table(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """A fresh table with six indexes, one of them unique."""
    names = [f"c{number}" for number in range(COLUMNS)]
    connection.execute(f"CREATE TABLE bare ({', '.join(f'{name} text' for name in names)})")
    connection.execute("CREATE UNIQUE INDEX ON bare (c0)")
    for number in range(1, INDEXES):
        connection.execute(f"CREATE INDEX ON bare (c{number})")


def _pieces(rows: int) -> Iterator[bytes]:
    dice = random.Random(1)
    for start in range(0, rows, _ROWS_A_PIECE):
        lines = [_row(dice, number) for number in range(start, min(rows, start + _ROWS_A_PIECE))]
        yield "".join(lines).encode()


def _row(dice: random.Random, number: int) -> str:
    text = f"{dice.getrandbits(4 * WORD * COLUMNS):0{WORD * COLUMNS}x}"
    return "\t".join([f"{number:0{WORD}}", *(text[at : at + WORD] for at in range(WORD, len(text), WORD))]) + "\n"


if __name__ == "__main__":
    main()
