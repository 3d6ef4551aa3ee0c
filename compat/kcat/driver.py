"""kcat behind the verbs of the harness: one process per verb, as at a prompt."""
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time

import verbs

SECONDS = 60


class Driver:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.created = set()

    def create(self, topic, partitions):
        """kcat creates by asking for a topic: the broker's `num.partitions` decides the rest."""
        if topic in self.created:
            raise verbs.Unable("kcat cannot create what exists")
        self.created.add(topic)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            said = self._kcat("-L", "-J", "-t", topic, "-X", "allow.auto.create.topics=true")
            if any(len(t["partitions"]) == int(partitions) for t in json.loads(said)["topics"]):
                return
            time.sleep(0.1)
        raise RuntimeError(f"no topic with {partitions} partitions: {said[:200]!r}")

    def produce(self, topic, codec, acks, mode, source, acknowledged):
        numbered = list(enumerate(verbs.read_records(source)))
        # -E: a broker that is away for a while is no reason to leave.
        base = ["-P", "-E", "-t", topic, "-z", codec, "-X", f"acks={acks}", "-X", "message.max.bytes=2000000"]
        base += ["-X", f"enable.idempotence={str(mode == 'idempotent').lower()}"]
        done = []
        # What one kcat can send: one partition, one set of headers, keys or none, nulls or none, in the order given.
        for (partition, headers, keyed, null), part in itertools.groupby(numbered, key=_kind):
            part = list(part)
            args = base + ["-p", str(partition)]
            for name, value in headers:
                args += ["-H", f"{name}={value.decode()}"]
            if keyed:
                args += ["-K", "|"]
            if null:
                # -Z would turn empty keys into null as well; a file of one empty line has none.
                args += ["-Z"]
            lines = b"".join((key + b"|" if keyed else b"") + (value or b"") + b"\n" for _, (_, key, value, _) in part)
            if any(len(value or b"") == 0 for _, (_, _, value, _) in part) and not keyed:
                self._send_files(args, [value or b"" for _, (_, _, value, _) in part])
            else:
                self._kcat(*args, input=lines)
            done += [number for number, _ in part]
            verbs.progress(len(done))
        verbs.write_acknowledged(acknowledged, done)
        return len(done)

    def _send_files(self, args, values):
        """A line reader cannot send an empty message; a file can."""
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for at, value in enumerate(values):
                names.append(os.path.join(folder, f"{at}"))
                with open(names[-1], "wb") as file:
                    file.write(value)
            self._kcat(*args, *names)

    def consume(self, topic, partition, offset, count, target):
        if int(count) == 0:
            verbs.write_records(target, [])
            return 0
        said = self._kcat("-C", "-J", "-u", "-t", topic, "-p", partition, "-o", offset, "-c", count,
                          "-X", "fetch.wait.max.ms=100", "-X", "fetch.message.max.bytes=4000000")
        records = []
        for line in said.splitlines():
            row = json.loads(line)
            pairs = row.get("headers") or []
            headers = [(name, value.encode()) for name, value in zip(pairs[::2], pairs[1::2])]
            records.append((row["partition"], row["offset"], row["ts"], _bytes(row["key"]), _bytes(row["payload"]), headers))
        verbs.write_records(target, records)
        return len(records)

    def find(self, topic, partition, time_ms):
        return self._query(topic, partition, time_ms)

    def offsets(self, topic, partition):
        return self._query(topic, partition, -2), self._query(topic, partition, -1)

    def _query(self, topic, partition, time_ms):
        said = self._kcat("-Q", "-t", f"{topic}:{partition}:{time_ms}").decode()
        return int(said.split("offset")[1].split()[0])

    def _kcat(self, *args, input=None):
        ended = subprocess.run(["kcat", "-q", "-b", self.bootstrap, *args], input=input, capture_output=True, timeout=SECONDS)
        if ended.returncode:
            raise RuntimeError(ended.stderr.decode(errors="replace")[-300:])
        return ended.stdout


def _kind(numbered):
    _, (partition, key, value, headers) = numbered
    return partition, headers, key is not None, value is None


def _bytes(text):
    return None if text is None else text.encode()


verbs.serve(Driver(sys.argv[1]))
