"""Search vectors, made by ourselves: PostgreSQL's own configurations do not find 脆弱性 inside a Japanese sentence."""

from kairan.domain.query.words import tokens

MOST = 4_000  # lexemes of one text; PostgreSQL takes positions up to 16,383 and a vector up to 1 MB

_MOST_PLACES = 255  # of one lexeme; PostgreSQL keeps no more
_NUMBERS = [number.to_bytes(2) for number in range(MOST + 1)]


def vector(text: str) -> str:
    """A text's tokens with their positions, as PostgreSQL's tsvector reads them."""
    words = tokens(text)[:MOST]
    if text.isascii():  # its tokens are letters and digits: nothing to quote
        return " ".join([f"{word}:{at}" for at, word in enumerate(words, 1)])
    return " ".join([f"{lexeme(word)}:{at}" for at, word in enumerate(words, 1)])


def packed_vector(text: str) -> bytes:
    """The same vector as binary COPY takes it, which spares the server the parsing. Any order of lexemes will do."""
    at: dict[str, bytes] = {}
    for place, word in enumerate(tokens(text)[:MOST], 1):
        at[word] = at.get(word, b"") + _NUMBERS[place]
    found = [len(at).to_bytes(4)]
    for word, places in at.items():
        places = places[: 2 * _MOST_PLACES]
        found.append(b"%b\0%b%b" % (word.encode(), _NUMBERS[len(places) // 2], places))
    return b"".join(found)


def lexeme(token: str) -> str:
    """A token as PostgreSQL quotes it in tsvector and tsquery text."""
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


def asked_for(text: str) -> str:
    """A tsquery for texts that hold all these words, the last one or its beginning. "" where nothing is a word."""
    words = [found for word in text.split() if (found := tokens(word))]
    if not words:
        return ""
    phrases = [" <-> ".join(map(lexeme, word)) for word in words]
    return " & ".join(f"({phrase})" for phrase in (*phrases[:-1], f"{phrases[-1]}:*"))
