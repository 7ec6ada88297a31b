"""The strong ETag of an answer."""

from hashlib import blake2b

from app.queries.etags import etag_of


def test_the_same_bytes_have_the_same_tag_in_quotes_and_others_another():
    assert etag_of(b"abc") == f'"{blake2b(b"abc", digest_size=16).hexdigest()}"'
    assert len(etag_of(b"")) == 34
    assert etag_of(b"abc", 7) == f'"v7-{etag_of(b"abc")[1:]}'
    assert etag_of(b"abc", 0).startswith('"v0-')
    assert etag_of(b"abc") != etag_of(b"abd")
