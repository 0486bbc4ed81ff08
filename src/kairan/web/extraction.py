"""How Babel reads our texts out of Django templates (`babel.cfg` names this module).

Django itself turns a template into something like Python for xgettext; Babel's Python extractor can read that.
"""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize


def extract_django(
    file: IO[bytes], keywords: Mapping[str, Any], comment_tags: Sequence[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, Any, list[str], str | None]]:
    """Messages of one template: line, messages, comments, context."""
    code = templatize(file.read().decode())
    # What stands outside tags was blanked to X's with its indentation, which Python's tokenizer would object to.
    flat = "\n".join(line.lstrip() for line in code.splitlines())
    yield from extract_python(BytesIO(flat.encode()), keywords, comment_tags, options)  # type: ignore[arg-type]
