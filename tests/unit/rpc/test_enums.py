"""Unknown enum numbers are found wherever a request can hold one."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from kioku.search.v1 import search_service_pb2
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.rpc import check_enums


def _type_with_enums_everywhere() -> Any:
    """Build a recursive message with singular, repeated, map, oneof and optional enum fields."""
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    enum = file.enum_type.add(name="E")
    enum.value.add(name="ZERO", number=0)
    enum.value.add(name="ONE", number=1)
    enum.value.add(name="MINUS", number=-5)
    message = file.message_type.add(name="M")
    message.oneof_decl.add(name="pick")
    message.oneof_decl.add(name="_maybe")
    message.field.add(name="one", number=1, type=14, type_name=".t.E", label=1)
    message.field.add(name="many", number=2, type=14, type_name=".t.E", label=3)
    message.field.add(name="child", number=3, type=11, type_name=".t.M", label=1)
    message.field.add(name="children", number=4, type=11, type_name=".t.M", label=3)
    message.field.add(name="picked", number=5, type=14, type_name=".t.E", label=1, oneof_index=0)
    message.field.add(
        name="maybe", number=6, type=14, type_name=".t.E", label=1, oneof_index=1,
        proto3_optional=True,
    )  # fmt: skip
    for number, field, kind, of in ((7, "ByName", 14, ".t.E"), (8, "ByKey", 11, ".t.M")):
        entry = message.nested_type.add(name=f"{field}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=9, label=1)
        entry.field.add(name="value", number=2, type=kind, type_name=of, label=1)
        name = "by_name" if field == "ByName" else "by_key"
        message.field.add(
            name=name, number=number, type=11, type_name=f".t.M.{field}Entry", label=3
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.M"))


M = _type_with_enums_everywhere()


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (M(one=7), "one"),
        (M(many=[0, 1, 7]), "many[2]"),
        (M(child=M(one=7)), "child.one"),
        (M(children=[M(), M(many=[7])]), "children[1].many[0]"),
        (M(picked=7), "picked"),
        (M(maybe=7), "maybe"),
        (M(by_name={"a": 7}), "by_name[a]"),
        (M(by_key={"a": M(child=M(child=M(one=-1)))}), "by_key[a].child.child.one"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unknown_number_is_refused_with_its_path(message: Message, path: str) -> None:
    """Singular, repeated, nested, oneof, optional or in a map: it is found and named."""
    with pytest.raises(InvalidInput) as caught:
        check_enums(message)
    assert (Reason.ENUM_UNKNOWN, path) == (caught.value.reason, caught.value.field)


@pytest.mark.parametrize(
    "message",
    [
        M(),
        M(one=1, many=[0, 1, -5], picked=-5, by_name={"a": 1}, child=M(children=[M(one=1)])),
        Struct(),
        search_service_pb2.SearchRequest(),
    ],
    ids=["empty", "known", "recursive", "search"],
)
def test_known_numbers_pass(message: Message) -> None:
    """Every number of the enum passes, negative ones too; absent fields are not looked at."""
    check_enums(message)


def test_a_deep_chain_is_walked_to_its_end() -> None:
    """Ninety levels, about as many as the parser lets through, are no problem."""
    root = M()
    leaf = root
    for _ in range(90):
        leaf = leaf.child
    leaf.one = 7
    with pytest.raises(InvalidInput) as caught:
        check_enums(root)
    assert caught.value.field == "child." * 90 + "one"
