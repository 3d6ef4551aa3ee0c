"""A worker of the history run: `worker.py ROLE NAME BOOTSTRAP FILE [OPTION=VALUE…]`, ended by SIGTERM.

Writes one JSON line per operation (crates/bench/src/bin/klamm-history/history.rs says what they hold). What it is about
to do inside a transaction it writes down first: it may be killed at any time.
"""
import json
import random
import signal
import sys
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TOPICS = ["plain", "txn", "out", "keyed"]
PARTITIONS = 3
GROUPS = {"readers": ["plain"], "etl": ["plain"]}


class Worker:
    def __init__(self, role, name, bootstrap, path, options):
        self.name, self.options = name, options
        # Not one process's name twice: order is promised to one producer, not to its successor.
        self.incarnation = 0
        self.base = {
            "bootstrap.servers": bootstrap, "client.id": name,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 500, "retry.backoff.ms": 50,
            # Starting over with the bootstrap list while the only node is down leaves librdkafka 2.16 with a coordinator
            # that it has taken apart: send_offsets_to_transaction then never returns.
            "metadata.recovery.strategy": "none",
            "socket.timeout.ms": 5000, "log_level": 0, "topic.metadata.refresh.interval.ms": 2000,
        }
        self.file = open(path, "a", buffering=1)
        self.stopping, self.committed = False, None
        signal.signal(signal.SIGTERM, self._stop)
        self.run = getattr(self, role)

    def _stop(self, *_):
        self.stopping = True

    def log(self, op, t0, proc=None, t1=None, **fields):
        line = {"t0": t0, "t1": t1 or time.monotonic_ns(), "proc": proc or self.name, "op": op, **fields}
        self.file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def producer_config(self):
        return {**self.base, "enable.idempotence": True, "acks": "all", "linger.ms": 5,
                "request.timeout.ms": 2000, "message.timeout.ms": 120000}

    # Producers without transactions.

    def producer(self):
        self._produce("plain", 0)

    def keyed(self):
        self._produce("keyed", 40)

    def _produce(self, topic, keys):
        number = 0
        while not self.stopping:
            self.incarnation += 1
            proc, broken = f"{self.name}.{self.incarnation}", []
            producer = Producer({**self.producer_config(), "error_cb": lambda e: e.fatal() and broken.append(e)})
            while not self.stopping and not broken:
                number += 1
                partition, value = random.randrange(PARTITIONS), f"{self.name}-{number}"
                record_key = f"{self.name}/{number % keys}" if keys else None
                if keys:
                    partition = number % keys % PARTITIONS
                fields = {"key": f"{topic}-{partition}", "value": value}
                if record_key:
                    fields["record_key"] = record_key
                t0 = time.monotonic_ns()

                def delivered(error, message, t0=t0, fields=fields):
                    outcome = {"result": "info"} if error else {"result": "ok", "offset": message.offset()}
                    self.log("send", t0, proc, **fields, **outcome)

                try:
                    producer.produce(topic, value, record_key, partition, delivered)
                except BufferError:
                    producer.poll(0.2)
                    continue
                producer.poll(0)
                if number % 20 == 0:
                    producer.poll(0.02)
            producer.flush(60)

    # Transactions.

    def _transactional(self):
        """A new producer that has taken over the transactional id; None when it is time to stop."""
        while not self.stopping:
            self.incarnation += 1
            by = f"{self.name}.{self.incarnation}"
            producer = Producer({**self.producer_config(), "transactional.id": self.options["tid"],
                                 "transaction.timeout.ms": 8000, "message.timeout.ms": 8000})
            t0 = time.monotonic_ns()
            try:
                producer.init_transactions(30)
            except KafkaException:
                continue
            self.log("init", t0, tid=self.options["tid"], producer=by)
            return producer, by
        return None, None

    def _send(self, producer, by, txn, number, topic, of=None):
        partition, value = random.randrange(PARTITIONS), f"{txn}/{number}"
        t0, fields = time.monotonic_ns(), {"key": f"{topic}-{partition}", "value": value, "txn": txn}
        if of:
            fields["of"] = of
        self.log("send", t0, by, **fields, result="info")

        def delivered(error, message):
            if not error:
                self.log("send", t0, by, **fields, result="ok", offset=message.offset())

        producer.produce(topic, value, None, partition, delivered)
        producer.poll(0)

    def _end(self, producer, txn, commit):
        """Ends a transaction. True: go on with this producer."""
        self.log("end", time.monotonic_ns(), txn=txn, commit=commit, result="info")
        t0 = time.monotonic_ns()
        while True:
            try:
                (producer.commit_transaction if commit else producer.abort_transaction)(30)
                self.log("end", t0, txn=txn, commit=commit, result="ok")
                self.committed = txn if commit else None
                return True
            except KafkaException as why:
                error = why.args[0]
                if error.retriable():
                    continue
                if commit and error.txn_requires_abort():
                    return self._end(producer, txn, False)
                return False

    def txn(self):
        producer = by = None
        number = 0
        while not self.stopping:
            if producer is None:
                producer, by = self._transactional()
                if producer is None:
                    return
            number += 1
            txn = f"{by}#{number}"
            self.log("begin", time.monotonic_ns(), txn=txn, tid=self.options["tid"], producer=by)
            try:
                producer.begin_transaction()
                for record in range(random.randint(1, 6)):
                    self._send(producer, by, txn, record, "txn")
                    if random.random() < 0.2:
                        producer.poll(random.random() / 10)
                if random.random() < 0.3:
                    producer.flush(5)
                go_on = self._end(producer, txn, random.random() < 0.75)
            except KafkaException as why:
                go_on = why.args[0].txn_requires_abort() and self._end(producer, txn, False)
            if not go_on:
                producer = None

    def etl(self):
        """plain → out: what is read, is written and committed in one transaction."""
        generation = [0]

        def moved(consumer, partitions):
            generation[0] += 1

        config = {**self.base, "group.id": "etl", "auto.offset.reset": "earliest", "enable.auto.commit": False,
                  "isolation.level": "read_committed", "group.protocol": self.options.get("protocol", "classic")}
        if config["group.protocol"] == "classic":
            config["session.timeout.ms"] = 6000
        consumer = Consumer(config)
        consumer.subscribe(["plain"], on_assign=moved, on_revoke=moved, on_lost=moved)
        producer = by = None
        number = 0
        while not self.stopping:
            if producer is None:
                producer, by = self._transactional()
                if producer is None:
                    break
            t0 = time.monotonic_ns()
            messages = [m for m in self._consume(consumer, 40) if not m.error()]
            if not messages:
                continue
            number += 1
            txn = f"{by}#{number}"
            self.log("begin", time.monotonic_ns(), txn=txn, tid=self.options["tid"], producer=by)
            self._log_poll(t0, messages, "committed", generation[0], txn)
            position = {}
            try:
                producer.begin_transaction()
                for record, message in enumerate(messages):
                    key = f"{message.topic()}-{message.partition()}"
                    position[message.partition()] = message.offset() + 1
                    self._send(producer, by, txn, record, "out", f"{key}@{message.offset()}")
                for partition, offset in position.items():
                    fields = {"group": "etl", "key": f"plain-{partition}", "offset": offset}
                    self.log("commit", time.monotonic_ns(), **fields, result="info", txn=txn)
                offsets = [TopicPartition("plain", p, o) for p, o in position.items()]
                producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 30)
                commit = random.random() < 0.9
                go_on = self._end(producer, txn, commit)
                done = go_on and self.committed == txn
            except KafkaException as why:
                error = why.args[0]
                go_on, done = error.txn_requires_abort() and self._end(producer, txn, False), False
            if not done:
                generation[0] += 1
                self._rewind(consumer)
            if not go_on:
                producer = None
        consumer.close()

    def _rewind(self, consumer):
        """Back to what is committed."""
        while not self.stopping:
            try:
                owned = consumer.assignment()
                for partition in consumer.committed(owned, 10) if owned else []:
                    if partition.offset < 0:
                        partition.offset = 0
                    consumer.seek(partition)
                return
            except KafkaException:
                time.sleep(0.1)

    # Readers.

    def _consume(self, consumer, count):
        try:
            return consumer.consume(count, 0.5)
        except KafkaException:
            return []

    def _log_poll(self, t0, messages, isolation, generation, txn=None):
        records = [[f"{m.topic()}-{m.partition()}", m.offset(), m.value().decode()] for m in messages]
        fields = {"txn": txn} if txn else {}
        self.log("poll", t0, isolation=isolation, generation=generation, records=records, **fields)

    def reader(self):
        """Reads all partitions, and now and then again from somewhere earlier."""
        isolation = self.options["isolation"]
        consumer = Consumer({**self.base, "group.id": f"not-used-{self.name}", "auto.offset.reset": "earliest",
                             "enable.auto.commit": False, "isolation.level": f"read_{isolation}"})
        generation, highest = 0, {}
        while not self.stopping:
            generation += 1
            places = [TopicPartition(t, p, random.randint(0, highest.get((t, p), 0)))
                      for t in TOPICS if t != "keyed" for p in range(PARTITIONS)]
            consumer.assign(places)
            until = time.monotonic() + random.uniform(3, 15)
            while time.monotonic() < until and not self.stopping:
                t0 = time.monotonic_ns()
                messages = [m for m in self._consume(consumer, 200) if not m.error()]
                for m in messages:
                    place = (m.topic(), m.partition())
                    highest[place] = max(m.offset(), highest.get(place, 0))
                if messages:
                    self._log_poll(t0, messages, isolation, generation)
        consumer.close()

    def member(self):
        """A member of a group that commits what it has read."""
        generation = [0]

        def moved(consumer, partitions):
            generation[0] += 1

        config = {**self.base, "group.id": "readers", "auto.offset.reset": "earliest", "enable.auto.commit": False,
                  "group.protocol": self.options.get("protocol", "classic")}
        if config["group.protocol"] == "classic":
            config["session.timeout.ms"] = 6000
        consumer = Consumer(config)
        consumer.subscribe(["plain"], on_assign=moved, on_revoke=moved, on_lost=moved)
        while not self.stopping:
            t0 = time.monotonic_ns()
            messages = [m for m in self._consume(consumer, 100) if not m.error()]
            if not messages:
                continue
            self._log_poll(t0, messages, "committed", generation[0])
            position = {m.partition(): m.offset() + 1 for m in messages}
            offsets = [TopicPartition("plain", p, o) for p, o in position.items()]
            t0, result = time.monotonic_ns(), "ok"
            try:
                for partition in consumer.commit(offsets=offsets, asynchronous=False):
                    if partition.error:
                        result = "info"
            except KafkaException:
                result = "info"
            for partition, offset in position.items():
                fields = {"group": "readers", "key": f"plain-{partition}", "offset": offset}
                self.log("commit", t0, **fields, result=result)
        consumer.close()

    def watch(self):
        """Asks for ends and committed offsets."""
        asking = {group: self._asker(group, "uncommitted") for group in GROUPS}
        while not self.stopping:
            time.sleep(0.2)
            topic, partition = random.choice(TOPICS), random.randrange(PARTITIONS)
            group = random.choice(list(GROUPS))
            try:
                self._log_ends(asking[group], topic, partition)
                self._log_committed(asking[group], group)
            except KafkaException:
                continue

    def _asker(self, group, isolation):
        return Consumer({**self.base, "group.id": group, "enable.auto.commit": False, "enable.partition.eof": True,
                         "isolation.level": f"read_{isolation}", "auto.offset.reset": "earliest"})

    def _log_ends(self, consumer, topic, partition):
        t0 = time.monotonic_ns()
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), 5)
        self.log("offsets", t0, key=f"{topic}-{partition}", first=first, end=end)
        return end

    def _log_committed(self, consumer, group):
        wanted = [TopicPartition(topic, p) for topic in GROUPS[group] for p in range(PARTITIONS)]
        t0 = time.monotonic_ns()
        for place in consumer.committed(wanted, 10):
            if place.error is None:
                offset = max(place.offset, -1)
                self.log("committed", t0, group=group, key=f"{place.topic}-{place.partition}", offset=offset)

    # Beginning and end.

    def create(self):
        admin = AdminClient(self.base)
        compacted = {"cleanup.policy": "compact", "segment.bytes": "1048576", "segment.ms": "3000",
                     "min.cleanable.dirty.ratio": "0.01"}
        topics = [NewTopic(t, PARTITIONS, 1, config=compacted if t == "keyed" else {}) for t in TOPICS]
        for future in admin.create_topics(topics).values():
            future.result(60)

    def final(self):
        """Waits until no transaction is open, then reads everything once more."""
        readers = {isolation: self._asker(f"final-{isolation}", isolation) for isolation in ("committed", "uncommitted")}
        until = time.monotonic() + 40
        for topic in TOPICS:
            for partition in range(PARTITIONS):
                place = TopicPartition(topic, partition)
                while True:
                    stable = readers["committed"].get_watermark_offsets(place, 20)[1]
                    end = readers["uncommitted"].get_watermark_offsets(place, 20)[1]
                    if stable == end or time.monotonic() > until:
                        break
                    time.sleep(0.2)
                for isolation, reader in readers.items():
                    t0 = time.monotonic_ns()
                    records = self._whole(reader, topic, partition)
                    self.log("final", t0, isolation=isolation, key=f"{topic}-{partition}", records=records, end=end,
                             stable=stable)
        for group in GROUPS:
            self._log_committed(self._asker(group, "committed"), group)

    def _whole(self, consumer, topic, partition):
        consumer.assign([TopicPartition(topic, partition, 0)])
        records, until = [], time.monotonic() + 60
        while time.monotonic() < until:
            for message in consumer.consume(1000, 0.2):
                if not message.error():
                    records.append([message.offset(), message.value().decode()])
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    consumer.unassign()
                    return records
        raise RuntimeError(f"{topic}-{partition} was not read to its end")


def main():
    role, name, bootstrap, path, *options = sys.argv[1:]
    options = dict(option.split("=", 1) for option in options)
    random.seed(f"{options.get('seed')} {name}")
    Worker(role, name, bootstrap, path, options).run()


main()
