"""JSON as programs write it: half an emoji, bytes that are no UTF-8, NaN or a null cost no record.

JavaScript cuts texts between the halves of a character and writes the half as an escape; a crash leaves NUL bytes
before the next line; what one version leaves out another writes as null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
UNDECODABLE = (msgspec.DecodeError, RecursionError)  # what `decode` may raise
_AROUND = "\0\ufeff \t\r\n"


def decode(decoder: msgspec.json.Decoder[T], text: bytes | msgspec.Raw) -> T:
    """Decode, once more without what is wrong if it fails. Raises `UNDECODABLE`."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        if "`null`" not in str(error):
            raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return decoder.decode(_mended(bytes(text)))


def _mended(text: bytes) -> bytes:
    """Write the text anew: what cannot be read of it becomes U+FFFD, what is null is left out."""
    whole = text.decode("utf-8", "replace").strip(_AROUND)
    try:
        value = json.loads(whole, strict=False, object_pairs_hook=_known, parse_constant=lambda name: None)
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error
    halves = json.dumps(value, ensure_ascii=False)
    return halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _known(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if value is not None}
