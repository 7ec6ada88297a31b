"""The transparency log's tree: hashes, tiles, and proofs of inclusion and consistency (RFC 9162, section 2.1)."""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
# A tile holds this many hashes side by side; its level above holds one for each full tile (C2SP tlog-tiles).
TILE_WIDTH = 256
_TILE_HEIGHT = 8
EMPTY_ROOT = sha256(b"").digest()

# The stored hashes of a tile, by level and number; the last one of a level may be partial.
Tile = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(size: int, leaves: Sequence[bytes], tile: Tile) -> dict[tuple[int, int], bytes]:
    """The tiles, by level and number, that change when leaf hashes are added to a tree of that size, as they then are.

    `tile` gives the present tiles; it is asked only for partial ones at the right edge.
    """
    tiles: dict[tuple[int, int], bytes] = {}
    level, hashes, present = 0, list(leaves), size
    while hashes:
        number, width = divmod(present, TILE_WIDTH)
        row = (tile(level, number)[: width * HASH_BYTES] if width else b"") + b"".join(hashes)
        full: list[bytes] = []
        for start in range(0, len(row), TILE_WIDTH * HASH_BYTES):
            tiles[level, number] = row[start : start + TILE_WIDTH * HASH_BYTES]
            if len(tiles[level, number]) == TILE_WIDTH * HASH_BYTES:
                full.append(_subtree(tiles[level, number]))
            number += 1
        level, hashes, present = level + 1, full, present // TILE_WIDTH
    return tiles


def root(size: int, tile: Tile) -> bytes:
    """The root of a tree of that many leaves."""
    return _over(0, size, tile) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, tile: Tile) -> list[bytes]:
    """The hashes beside the way from a leaf up to the root, the leaf's sibling first. ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_over(middle, end, tile))
            end = middle
        else:
            proof.append(_over(start, middle, tile))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, tile: Tile) -> list[bytes]:
    """What shows that a tree of `second` leaves begins with the tree of `first`. ValueError where it cannot."""
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} does not begin with one of {first}")
    proof, start, end, is_whole = [], 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_over(middle, end, tile))
            end = middle
        else:
            proof.append(_over(start, middle, tile))
            start, is_whole = middle, False
    return ([] if is_whole else [_over(start, end, tile)]) + proof[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's proof leads to; null where the proof has the wrong length for that place."""
    if not 0 <= index < size:
        return None
    place, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if place % 2 or place == last:
            reached = node_hash(sibling, reached)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        place, last = place >> 1, last >> 1
    return reached if last == 0 else None


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the second tree begins with the first (RFC 9162, section 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _over(start: int, end: int, tile: Tile) -> bytes:
    """The hash over the leaves from `start` to before `end`, which begin at a multiple of their next power of two."""
    count = end - start
    if count & (count - 1) == 0 and start % count == 0:
        return _complete(start, count, tile)
    middle = start + _split(count)
    return node_hash(_over(start, middle, tile), _over(middle, end, tile))


def _complete(start: int, count: int, tile: Tile) -> bytes:
    """The hash over 2^n leaves, from the tile that holds it or its parts."""
    height = count.bit_length() - 1
    level, above = divmod(height, _TILE_HEIGHT)
    first = start >> (level * _TILE_HEIGHT)
    number, offset = divmod(first, TILE_WIDTH)
    hashes = tile(level, number)
    part = hashes[offset * HASH_BYTES : (offset + (1 << above)) * HASH_BYTES]
    if len(part) != HASH_BYTES << above:
        raise ValueError(f"tile {level}/{number} holds too few hashes")
    return _subtree(part)


def _subtree(hashes: bytes) -> bytes:
    """The hash over 2^n hashes that lie side by side."""
    row = [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def _split(count: int) -> int:
    """The largest power of two below a count of two or more."""
    return 1 << ((count - 1).bit_length() - 1)
