"""Asks every advertised version of every API once, and checks the answer with kio's schemas.

usage: sweep.py HOST:PORT

kio's readers are generated from Kafka's message schemas by others than us. A case passes when an answer comes in time,
belongs to the request, and is read by kio to its last byte. Requests carry the schema's defaults, apart from the few
fields without which Kafka itself does not answer.
"""
import dataclasses
import datetime
import io
import socket
import struct
import sys
import types
import typing
import uuid

import kio.index
from kio.serial import entity_reader, entity_writer

SECONDS = 5
PRODUCE, API_VERSIONS = 0, 18

# What defaults alone would make unanswerable, or harmful to the node: {key: {field: value}}.
FIELDS = {
    PRODUCE: {"acks": -1},
    # Kafka closes the connection on an ACL filter of unknown kind.
    29: {"resource_type_filter": 1, "pattern_type_filter": 1, "operation": 1, "permission_type": 1},
    # Node 0 is the node itself, which would leave the cluster when told to.
    64: {"broker_id": 987654},
    80: {"voter_id": 987654},
    81: {"voter_id": 987654},
}


def is_optional(kind):
    return typing.get_origin(kind) in (typing.Union, types.UnionType) and type(None) in typing.get_args(kind)


def zero(kind):
    """The default of a field that its schema gives none."""
    if is_optional(kind):
        return None
    if typing.get_origin(kind) is tuple:
        return ()
    if dataclasses.is_dataclass(kind):
        return entity(kind)
    for base, value in (
        (uuid.UUID, uuid.UUID(int=0)),
        (datetime.timedelta, datetime.timedelta(milliseconds=100)),
        (datetime.datetime, datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)),
        (bytes, b""),
        (str, "sweep"),
    ):
        if issubclass(kind, base):
            return value
    return kind(0)


def entity(kind, fields=None):
    """An entity of defaults, with `fields` set where the version has them."""
    hints, given = typing.get_type_hints(kind), {}
    for field in dataclasses.fields(kind):
        if fields and field.name in fields:
            given[field.name] = fields[field.name]
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            given[field.name] = zero(hints[field.name])
    return kind(**given)


def request_for(key, version):
    kind = kio.index.load_request_schema(key, version)
    fields = dict(FIELDS.get(key, {}))
    if key == 24 and version >= 4:
        # A list of no transactions is never answered.
        hint = typing.get_type_hints(kind)["transactions"]
        element = next(arg for arg in typing.get_args(hint) if dataclasses.is_dataclass(arg))
        fields["transactions"] = (entity(element),)
    return entity(kind, fields)


def framed(payload, correlation):
    kind, out = type(payload), io.BytesIO()
    known = {
        "request_api_key": kind.__api_key__,
        "request_api_version": kind.__version__,
        "correlation_id": correlation,
        "client_id": "sweep",
    }
    header = kind.__header_schema__
    named = {field.name: known[field.name] for field in dataclasses.fields(header) if field.name in known}
    entity_writer(header)(out, header(**named))
    entity_writer(kind)(out, payload)
    return struct.pack(">i", out.tell()) + out.getvalue()


class Connection:
    def __init__(self, address):
        self.socket = socket.create_connection(address, SECONDS)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, frame):
        self.socket.sendall(frame)

    def receive(self):
        return self._exactly(struct.unpack(">i", self._exactly(4))[0])

    def _exactly(self, count):
        got = self.file.read(count)
        if len(got) < count:
            raise ConnectionError("the connection was closed")
        return got


def check(answer, key, version, correlation):
    """Raises unless `answer` is a whole response to the request."""
    kind = kio.index.load_response_schema(key, version)
    if struct.unpack(">i", answer[:4])[0] != correlation:
        raise ValueError("an answer to another request")
    view = memoryview(answer)
    _, header = entity_reader(kind.__header_schema__)(view, 0)
    _, body = entity_reader(kind)(view, header)
    if header + body != len(answer):
        raise ValueError(f"{len(answer) - header - body} bytes left over")


def ask(address, key, version):
    with Connection(address) as connection:
        connection.send(framed(request_for(key, version), 77))
        check(connection.receive(), key, version, 77)


def ask_without_acks(address, version):
    """A produce request with acks=0 has no answer; the request behind it has."""
    silent = entity(kio.index.load_request_schema(PRODUCE, version), {"acks": 0})
    with Connection(address) as connection:
        connection.send(framed(silent, 1) + framed(request_for(API_VERSIONS, 0), 2))
        check(connection.receive(), API_VERSIONS, 0, 2)


def advertised(address):
    with Connection(address) as connection:
        connection.send(framed(request_for(API_VERSIONS, 0), 5))
        answer = connection.receive()
    error, count = struct.unpack(">hi", answer[4:10])
    assert error == 0, f"ApiVersions answers error {error}"
    return [struct.unpack(">hhh", answer[10 + 6 * n:16 + 6 * n]) for n in range(count)]


def case(name, body, *args):
    try:
        body(*args)
        print("case", name, "pass", flush=True)
    except Exception as why:  # noqa: BLE001 - whatever goes wrong is the verdict
        text = " ".join(f"{type(why).__name__} {why}".split())[:200]
        # Legal values that kio's types cannot hold say nothing about the broker.
        verdict = "skip" if "negative timestamp" in text else "fail"
        print("case", name, verdict, text, flush=True)


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    address = (host, int(port))
    for key, first, last in sorted(advertised(address)):
        for version in range(first, last + 1):
            name = f"{key:02d}-v{version}"
            try:
                kind = kio.index.load_request_schema(key, version)
            except Exception:  # noqa: BLE001 - kio has several ways to say so
                print("case", name, "skip kio has no schema of this version", flush=True)
                continue
            case(f"{name}-{kind.__name__}", ask, address, key, version)
            if key == PRODUCE:
                case(f"{name}-acks-0", ask_without_acks, address, version)


main()
