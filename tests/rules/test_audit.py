"""How audit entries are hashed: what was once written down here must give the same hash for ever."""

import hashlib

import pytest

from app.rules.audit import GENESIS, HASHED_FIELDS, canonical, checkpoint_hash, digest_of, entry_hash

ENTRY = {
    "chain": "LWI",
    "seq": 2,
    "at": "2026-03-02T09:00:00.000001Z",
    "actor_id": "key:3",
    "actor_name": "Łukasz Wójcik",
    "actor_role": "prison",
    "action": "section.rated",
    "subject": "/v1/prisons/LWI/sections/5",
    "before_digest": None,
    "after_digest": "b" * 64,
    "request_id": "r-1",
    "previous_hash": "c" * 64,
}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"b": 1, "a": [True, None, "é"]}, '{"a":[true,null,"é"],"b":1}'),
        ({"b": {"d": 1, "c": 2}, "a": {}}, '{"a":{},"b":{"c":2,"d":1}}'),
        ([], "[]"),
        ("x, y: z", '"x, y: z"'),
    ],
)
def test_a_document_has_one_byte_string_and_one_digest(document, text):
    assert canonical(document) == text.encode()
    assert digest_of(document) == hashlib.sha256(text.encode()).hexdigest()


def test_the_hash_of_an_entry_covers_its_twelve_fields_in_their_order():
    text = (
        '["LWI",2,"2026-03-02T09:00:00.000001Z","key:3","Łukasz Wójcik","prison","section.rated",'
        f'"/v1/prisons/LWI/sections/5",null,"{"b" * 64}","r-1","{"c" * 64}"]'
    )
    assert entry_hash(ENTRY) == hashlib.sha256(text.encode()).hexdigest()
    assert tuple(ENTRY) == HASHED_FIELDS
    assert entry_hash(ENTRY | {"hash": "x", "id": 7}) == entry_hash(ENTRY)


def test_a_chain_begins_after_sixty_four_noughts():
    assert GENESIS == "0" * 64


def test_a_checkpoint_covers_the_one_before_it_its_moment_and_the_heads():
    heads = {"MSI": [1, "b"], "LWI": [2, "a"]}
    text = '["previous","2026-03-02T09:00:00.000000Z",{"LWI":[2,"a"],"MSI":[1,"b"]}]'
    found = checkpoint_hash("previous", "2026-03-02T09:00:00.000000Z", heads)
    assert found == hashlib.sha256(text.encode()).hexdigest()
