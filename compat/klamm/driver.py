"""Our own command line behind the verbs of the harness: one process per verb, as at a prompt."""
import json
import os
import subprocess
import sys

import verbs

SECONDS = 60


class Driver:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def create(self, topic, partitions):
        self._klamm("topic", "create", topic, "--partitions", partitions)

    def produce(self, topic, codec, acks, mode, source, acknowledged):
        command = ["produce", topic, "--input", "json", "--codec", codec, "--acks", acks, "--verbose"]
        if mode == "plain":
            command.append("--no-idempotence")
        rows = [_row(record) for record in verbs.read_records(source)]
        process = subprocess.Popen(self._command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        # The input is larger than a pipe, and the answers come meanwhile.
        feeder = subprocess.Popen(["cat", _file(source + ".json", rows)], stdout=process.stdin)
        process.stdin.close()
        done = 0
        for line in process.stdout:
            if b"offset" not in line:
                continue
            done += 1
            if done % 500 == 0:
                verbs.progress(done)
        problem = process.stderr.read().decode(errors="replace")
        feeder.wait(SECONDS)
        if process.wait(SECONDS):
            raise RuntimeError(problem[-300:])
        # The command succeeds only when every record was delivered.
        verbs.write_acknowledged(acknowledged, range(len(rows)))
        return len(rows)

    def consume(self, topic, partition, offset, count, target):
        if int(count) == 0:
            verbs.write_records(target, [])
            return 0
        said = self._klamm("consume", topic, "--partition", partition, "--from", offset, "--count", count)
        records = []
        for line in said.splitlines():
            row = json.loads(line)
            headers = [(header["name"], _bytes(header["value"])) for header in row["headers"]]
            records.append((row["partition"], row["offset"], row["timestamp"], _bytes(row["key"]),
                            _bytes(row["value"]), headers))
        verbs.write_records(target, records)
        return len(records)

    def find(self, topic, partition, time_ms):
        answer = json.loads(self._klamm("offsets", topic, "--partition", partition, "--at", f"@{time_ms}"))
        offset = answer["partitions"][0]["offset"]
        return -1 if offset is None else offset

    def offsets(self, topic, partition):
        answer = json.loads(self._klamm("offsets", topic, "--partition", partition))
        return answer["partitions"][0]["start"], answer["partitions"][0]["end"]

    def _command(self, *args):
        return [os.environ["KLAMM"], *args, "--json", "--bootstrap-server", self.bootstrap]

    def _klamm(self, *args):
        ended = subprocess.run(self._command(*args), stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        if ended.returncode:
            raise RuntimeError(ended.stderr.decode(errors="replace")[-300:] or ended.stdout.decode()[-300:])
        return ended.stdout.decode()


def _row(record):
    partition, key, value, headers = record
    return json.dumps({
        "partition": partition,
        "key": _text(key),
        "value": _text(value),
        "headers": [{"name": name, "value": text.decode()} for name, text in headers],
    })


def _file(path, rows):
    with open(path, "w") as file:
        file.writelines(row + "\n" for row in rows)
    return path


def _text(field):
    return None if field is None else field.decode()


def _bytes(field):
    return None if field is None else field.encode()


verbs.serve(Driver(sys.argv[1]))
