"""The transparency log's tree, against the plain definition of RFC 9162 and its own verifiers."""

from hashlib import sha256

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules import merkle
from app.rules.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    TILE_WIDTH,
    consistency_proof,
    grown,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    node_hash,
    root,
    root_from_inclusion,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(70_000)]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


class Tiles:
    """The tiles of a tree that grows by batches."""

    def __init__(self, *sizes: int) -> None:
        self.kept: dict[tuple[int, int], bytes] = {}
        self.size = 0
        for size in sizes:
            self.kept |= grown(self.size, LEAVES[self.size : size], self)
            self.size = size

    def __call__(self, level: int, number: int) -> bytes:
        return self.kept[level, number]


def test_the_empty_tree_and_a_leaf_have_the_roots_of_the_standard() -> None:
    assert root(0, Tiles()) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_a_tree_of_seventy_thousand_has_the_tiles_that_the_format_names() -> None:
    tiles = Tiles(70_000).kept
    widths = {place: len(hashes) // HASH_BYTES for place, hashes in tiles.items()}
    assert sum(level == 0 and width == TILE_WIDTH for (level, _), width in widths.items()) == 273
    assert widths[0, 273] == 112
    assert (widths[1, 0], widths[1, 1], widths[2, 0]) == (256, 17, 1)


SIZES = st.one_of(st.integers(1, 600), st.sampled_from([255, 256, 257, 511, 512]))


def test_a_tree_of_three_levels_of_tiles_is_the_plain_tree_and_proves_its_leaves() -> None:
    tiles = Tiles(65_535, 65_536, 70_000)
    assert tiles.kept == Tiles(70_000).kept
    assert root(70_000, tiles) == plain_root(LEAVES)
    assert root(65_536, tiles) == plain_root(LEAVES[:65_536])
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        proof = inclusion_proof(index, 70_000, tiles)
        assert root_from_inclusion(LEAVES[index], index, 70_000, proof) == root(70_000, tiles)
    proof = consistency_proof(65_537, 70_000, tiles)
    assert is_consistent(65_537, 70_000, plain_root(LEAVES[:65_537]), root(70_000, tiles), proof)


@given(size=SIZES, cuts=st.lists(st.integers(1, 600), max_size=4))
def test_a_tree_grown_in_batches_is_the_plain_tree(size: int, cuts: list[int]) -> None:
    batches = [*sorted({cut for cut in cuts if cut < size}), size]
    event(f"{min(len(batches), 3)} batches, {'several tiles' if size > TILE_WIDTH else 'one tile'}")
    tiles = Tiles(*batches)
    assert root(size, tiles) == plain_root(LEAVES[:size])
    assert tiles.kept == Tiles(size).kept


@given(size=SIZES, place=st.integers(0, 70_000))
def test_each_leaf_is_proved_and_no_other_leaf_or_place_is(size: int, place: int) -> None:
    index = place % size
    tiles = Tiles(size)
    proof = inclusion_proof(index, size, tiles)
    event(f"{len(proof)} hashes")
    top = root(size, tiles)
    assert root_from_inclusion(LEAVES[index], index, size, proof) == top
    assert root_from_inclusion(LEAVES[index + 1], index, size, proof) != top
    assert root_from_inclusion(LEAVES[index], index, size, [*proof, top]) is None
    assert root_from_inclusion(LEAVES[index], size, size, proof) is None
    if proof:
        assert root_from_inclusion(LEAVES[index], index, size, proof[:-1]) is None
        assert root_from_inclusion(LEAVES[index], index ^ 1, size, proof) != top
        assert root_from_inclusion(LEAVES[index], index, size, [node_hash(top, top), *proof[1:]]) != top


@given(first=SIZES, second=SIZES)
def test_a_tree_begins_with_each_smaller_one_and_a_rewritten_one_does_not(first: int, second: int) -> None:
    first, second = sorted((first, second))
    tiles = Tiles(second)
    roots = plain_root(LEAVES[:first]), plain_root(LEAVES[:second])
    proof = consistency_proof(first, second, tiles)
    event("equal" if first == second else "power of two" if first & (first - 1) == 0 else "any")
    assert is_consistent(first, second, *roots, proof)
    rewritten = plain_root([leaf_hash(b"another"), *LEAVES[1:first]])
    assert not is_consistent(first, second, rewritten, roots[1], proof)
    assert not is_consistent(first, second, roots[0], rewritten, proof)
    assert not is_consistent(first, second, *roots, [*proof, roots[0]])
    if proof:
        assert not is_consistent(first, second, *roots, proof[:-1])
        assert not is_consistent(first, second, *roots, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_proof(index, size, Tiles(6))


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5)])
def test_no_tree_begins_with_a_larger_or_an_empty_one(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        consistency_proof(first, second, Tiles(6))
    assert not is_consistent(first, second, EMPTY_ROOT, EMPTY_ROOT, [])


def test_a_tile_that_is_too_short_is_noticed() -> None:
    with pytest.raises(ValueError, match="tile 0/0 holds too few hashes"):
        merkle.root(8, lambda level, number: b"".join(LEAVES[:7]))
