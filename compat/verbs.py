"""The driver's side of the protocol in README.md, for drivers written in Python."""
import sys


class Unable(Exception):
    """The client has no such thing."""


def read_records(path):
    """Records as (partition, key, value, headers): bytes or None, headers as a list of (str, bytes)."""
    with open(path, "rb") as file:
        for line in file.read().split(b"\n"):
            if not line:
                continue
            partition, key, value, headers = line.split(b"\t")
            pairs = [pair.partition(b"=") for pair in headers.split(b"&") if pair]
            yield int(partition), _null(key), _null(value), [(n.decode(), v) for n, _, v in pairs]


def write_records(path, records):
    """Writes (partition, offset, timestamp, key, value, headers)."""
    with open(path, "wb") as file:
        for partition, offset, timestamp, key, value, headers in records:
            pairs = b"&".join(name.encode() + b"=" + (b"~" if v is None else v) for name, v in headers or [])
            fields = [b"%d" % partition, b"%d" % offset, b"%d" % timestamp, _shown(key), _shown(value), pairs]
            file.write(b"\t".join(fields) + b"\n")


def write_acknowledged(path, numbers):
    with open(path, "w") as file:
        file.writelines(f"{number}\n" for number in numbers)


def progress(count):
    _say("progress", count)


def serve(driver):
    """Reads verbs from stdin and calls the driver's method of the same name."""
    for line in sys.stdin:
        verb, *fields = line.rstrip("\n").split("\t")
        if verb == "quit":
            break
        try:
            if not hasattr(driver, verb):
                raise Unable(f"the driver has no {verb}")
            answer = getattr(driver, verb)(*fields)
            _say("ok", *(answer if isinstance(answer, tuple) else () if answer is None else (answer,)))
        except Unable as why:
            _say("unable", why)
        except Exception as why:  # noqa: BLE001 - whatever the client raises is the answer
            _say("error", f"{type(why).__name__}: {why}")


def _say(*fields):
    text = "\t".join(" ".join(str(field).split()) for field in fields)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _null(field):
    return None if field == b"~" else field


def _shown(field):
    return b"~" if field is None else field
