import enum
from dataclasses import dataclass

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, timestamp_pb2
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.mirror import Mirror

Field = descriptor_pb2.FieldDescriptorProto


def made() -> type[Message]:
    """Make message types of every shape that a mirror knows, in a pool of their own."""
    pool = descriptor_pool.DescriptorPool()
    for known in (timestamp_pb2, duration_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="mirrored.proto",
        package="mirrored",
        syntax="proto3",
        dependency=["google/protobuf/timestamp.proto", "google/protobuf/duration.proto"],
    )
    colour = file.enum_type.add(name="Colour")
    for number, name in enumerate(
        ("COLOUR_UNSPECIFIED", "COLOUR_RED", "COLOUR_BLUE", "COLOUR_NEW")
    ):
        colour.value.add(name=name, number=number)
    leaf = file.message_type.add(name="Leaf")
    leaf.field.add(name="label", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    leaf.field.add(name="tags", number=2, type=Field.TYPE_STRING, label=Field.LABEL_REPEATED)
    place = file.message_type.add(name="Place")
    place.field.add(name="row", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    place.field.add(name="step", number=2, type=Field.TYPE_UINT64, label=Field.LABEL_OPTIONAL)
    tree = file.message_type.add(name="Tree")
    shapes = (
        ("name", Field.TYPE_STRING, "", Field.LABEL_OPTIONAL),
        ("colour", Field.TYPE_ENUM, ".mirrored.Colour", Field.LABEL_OPTIONAL),
        ("maybe_colour", Field.TYPE_ENUM, ".mirrored.Colour", Field.LABEL_OPTIONAL),
        ("numbers", Field.TYPE_SINT64, "", Field.LABEL_REPEATED),
        ("leaf", Field.TYPE_MESSAGE, ".mirrored.Leaf", Field.LABEL_OPTIONAL),
        ("maybe_leaf", Field.TYPE_MESSAGE, ".mirrored.Leaf", Field.LABEL_OPTIONAL),
        ("leaves", Field.TYPE_MESSAGE, ".mirrored.Leaf", Field.LABEL_REPEATED),
        ("planted_at", Field.TYPE_MESSAGE, ".google.protobuf.Timestamp", Field.LABEL_OPTIONAL),
        ("felled_at", Field.TYPE_MESSAGE, ".google.protobuf.Timestamp", Field.LABEL_OPTIONAL),
        ("grew", Field.TYPE_MESSAGE, ".google.protobuf.Duration", Field.LABEL_OPTIONAL),
        ("unread", Field.TYPE_STRING, "", Field.LABEL_OPTIONAL),
        ("maybe_rings", Field.TYPE_INT64, "", Field.LABEL_OPTIONAL),
        ("place", Field.TYPE_MESSAGE, ".mirrored.Place", Field.LABEL_OPTIONAL),
        ("maybe_place", Field.TYPE_MESSAGE, ".mirrored.Place", Field.LABEL_OPTIONAL),
    )
    for number, (name, kind, type_name, label) in enumerate(shapes, start=1):
        field = tree.field.add(name=name, number=number, type=kind, label=label)
        if type_name:
            field.type_name = type_name
        if name == "maybe_rings":  # how the compiler writes `optional`
            field.proto3_optional, field.oneof_index = True, len(tree.oneof_decl)
            tree.oneof_decl.add(name=f"_{name}")
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("mirrored.Tree"))


class Colour(enum.IntEnum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Leaf:
    label: str


@dataclass(frozen=True)
class Tags:
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    name: str
    colour: Colour
    maybe_colour: Colour | None
    numbers: tuple[int, ...]
    leaf: Leaf
    maybe_leaf: Tags | None
    leaves: tuple[Leaf, ...]
    planted_at_ms: int
    felled_at_ms: int | None
    grew_ms: int
    maybe_rings: int | None = None
    place: tuple[str, int] = ("", 0)
    maybe_place: tuple[str, int] | None = None


TREE = made()
MIRROR = Mirror(Tree, TREE)
colours = st.sampled_from(Colour)
leaves = st.builds(Leaf, st.text(max_size=9))
places = st.tuples(st.text(max_size=9), st.integers(0, 2**64 - 1))
times = st.integers(0, 253_402_300_799_999)
trees = st.builds(
    Tree,
    st.text(max_size=9),
    colours,
    st.none() | colours,
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(tuple),
    leaves,
    st.none() | st.builds(Tags, st.lists(st.text(max_size=3), max_size=3).map(tuple)),
    st.lists(leaves, max_size=4).map(tuple),
    times,
    st.none() | times,
    times,
    st.none() | st.integers(-(2**63), 2**63 - 1),
    places,
    st.none() | places,
)


@given(trees)
def test_a_value_survives_the_message_and_the_wire(tree: Tree) -> None:
    message = TREE()
    MIRROR.write(tree, message)
    assert MIRROR.read(TREE.FromString(message.SerializeToString())) == tree


def test_an_absent_message_and_an_empty_one_are_told_apart() -> None:
    empty = TREE()
    nothing = Tree("", Colour.RED, None, (), Leaf(""), Tags(()), (), 0, 0, 0, 0, ("", 0), ("", 0))
    MIRROR.write(nothing, empty)
    tree = MIRROR.read(empty)
    assert (tree.maybe_leaf, tree.felled_at_ms) == (Tags(()), 0)
    assert (tree.maybe_rings, tree.maybe_place) == (0, ("", 0))


def test_a_field_without_counterpart_is_refused_when_the_mirror_is_made() -> None:
    @dataclass
    class Stray:
        name: str
        height_m: int

    with pytest.raises(TypeError, match=r"mirrored\.Tree has no field for height_m"):
        Mirror(Stray, TREE)


def test_a_tuple_with_another_number_of_members_is_refused_when_the_mirror_is_made() -> None:
    @dataclass
    class Stray:
        place: tuple[str, int, int]

    with pytest.raises(TypeError, match=r"mirrored\.Place has 2 fields, place not"):
        Mirror(Stray, TREE)


@pytest.mark.parametrize("number", [0, 3, 99])
def test_an_enum_number_that_the_dataclass_does_not_know_is_refused(number: int) -> None:
    message = TREE()
    message.colour = number  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=f"colour: no such value: {number}"):
        MIRROR.read(message)


def test_an_optional_enum_that_is_not_set_is_none_and_an_unknown_one_is_refused() -> None:
    message = TREE(colour=1)
    assert MIRROR.read(message).maybe_colour is None
    message.maybe_colour = 3  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="maybe_colour"):
        MIRROR.read(message)


def test_fields_that_the_dataclass_does_not_have_are_left_out() -> None:
    tree = MIRROR.read(TREE(name="oak", colour=2, unread="whatever"))
    message = TREE()
    MIRROR.write(tree, message)
    assert message.unread == ""  # type: ignore[attr-defined]
