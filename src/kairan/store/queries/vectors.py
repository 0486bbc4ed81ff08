"""Search vectors, made by ourselves: PostgreSQL's own configurations do not find 脆弱性 inside a Japanese sentence."""

from kairan.domain.query.words import tokens

MOST = 4_000  # lexemes of one text; PostgreSQL takes positions up to 16,383 and a vector up to 1 MB


def vector(text: str) -> str:
    """A text's tokens with their positions, as PostgreSQL's tsvector reads them."""
    words = tokens(text)[:MOST]
    if text.isascii():  # its tokens are letters and digits: nothing to quote
        return " ".join([f"{word}:{at}" for at, word in enumerate(words, 1)])
    return " ".join([f"{lexeme(word)}:{at}" for at, word in enumerate(words, 1)])


def lexeme(token: str) -> str:
    """A token as PostgreSQL quotes it in tsvector and tsquery text."""
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
