"""confluent-kafka (librdkafka) behind the verbs of the harness."""
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition, libversion
from confluent_kafka.admin import AdminClient, NewTopic

import verbs

SECONDS = 60


class Driver:
    def __init__(self, bootstrap):
        self.base = {"bootstrap.servers": bootstrap}

    def create(self, topic, partitions):
        admin = AdminClient(self.base)
        for future in admin.create_topics([NewTopic(topic, int(partitions), 1)]).values():
            future.result(SECONDS)

    def produce(self, topic, codec, acks, mode, source, acknowledged):
        producer = Producer({
            **self.base,
            "compression.type": codec,
            "acks": acks,
            "enable.idempotence": mode == "idempotent",
            "linger.ms": 5,
            "message.max.bytes": 2_000_000,
        })
        done, failed = [], []

        def delivered(number):
            def on_delivery(error, _message):
                (failed if error else done).append(error or number)
            return on_delivery

        for number, (partition, key, value, headers) in enumerate(verbs.read_records(source)):
            while True:
                try:
                    producer.produce(topic, value, key, partition, delivered(number), headers=headers or None)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
            if number % 500 == 499:
                # A bounded number in flight, so that progress means something.
                while len(producer) > 2000:
                    producer.poll(0.05)
                verbs.progress(len(done))
        left = producer.flush(SECONDS)
        verbs.write_acknowledged(acknowledged, done)
        if failed or left:
            raise RuntimeError(f"{len(failed)} failed, {left} left: {failed[:1]}")
        return len(done)

    def consume(self, topic, partition, offset, count, target):
        consumer = self._consumer()
        first = OFFSET_BEGINNING if offset == "beginning" else int(offset)
        consumer.assign([TopicPartition(topic, int(partition), first)])
        records, end = [], time.monotonic() + SECONDS
        while len(records) < int(count) and time.monotonic() < end:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                if message.error().code() in (KafkaError._PARTITION_EOF, KafkaError._TRANSPORT):
                    continue
                raise RuntimeError(str(message.error()))
            records.append((
                message.partition(), message.offset(), message.timestamp()[1],
                message.key(), message.value(), message.headers(),
            ))
        consumer.close()
        verbs.write_records(target, records)
        return len(records)

    def share(self, topic, group, protocol, members):
        partitions = len(AdminClient(self.base).list_topics(topic, SECONDS).topics[topic].partitions)
        consumers = [self._member(group, protocol) for _ in range(int(members))]
        started = time.monotonic()
        for consumer in consumers:
            consumer.subscribe([topic])
        while True:
            for consumer in consumers:
                consumer.poll(0.005)
            shares = [[one.partition for one in consumer.assignment()] for consumer in consumers]
            seconds = time.monotonic() - started
            if all(shares) and sorted(sum(shares, [])) == list(range(partitions)):
                break
            if seconds > SECONDS:
                raise RuntimeError(f"after {seconds} s the members have {shares}")
        for consumer in consumers:
            consumer.close()
        return f"{seconds:.3f}"

    def _member(self, group, protocol):
        config = {**self.base, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        if protocol == "consumer":
            if libversion()[1] < 0x020C0000:
                raise verbs.Unable("knows the classic protocol, or a draft of the other")
            config["group.protocol"] = protocol
        return Consumer(config)

    def group(self, topic, group, protocol, count, target):
        consumer = self._member(group, protocol)
        consumer.subscribe([topic])
        records, end = [], time.monotonic() + SECONDS
        while len(records) < int(count) and time.monotonic() < end:
            message = consumer.poll(0.5)
            if message is not None and not message.error():
                records.append((
                    message.partition(), message.offset(), message.timestamp()[1],
                    message.key(), message.value(), message.headers(),
                ))
        consumer.commit(asynchronous=False)
        consumer.close()
        verbs.write_records(target, records)
        return len(records)

    def transact(self, topic, end, source):
        producer = Producer({**self.base, "transactional.id": f"of-{topic}", "linger.ms": 5})
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
        for partition, key, value, headers in verbs.read_records(source):
            producer.produce(topic, value, key, partition, headers=headers or None)
        if end == "commit":
            producer.commit_transaction(SECONDS)
        else:
            producer.flush(SECONDS)
            producer.abort_transaction(SECONDS)

    def find(self, topic, partition, time_ms):
        consumer = self._consumer()
        wanted = [TopicPartition(topic, int(partition), int(time_ms))]
        found = consumer.offsets_for_times(wanted, timeout=SECONDS)[0]
        consumer.close()
        if found.error:
            raise RuntimeError(str(found.error))
        # librdkafka says "end" (-1) when no record is that young.
        return found.offset

    def offsets(self, topic, partition):
        consumer = self._consumer()
        answer = consumer.get_watermark_offsets(TopicPartition(topic, int(partition)), timeout=SECONDS)
        consumer.close()
        return answer

    def _consumer(self):
        return Consumer({
            **self.base,
            "group.id": "not-used",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": 100,
        })


verbs.serve(Driver(sys.argv[1]))
