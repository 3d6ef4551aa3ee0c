// What must survive a change of the broker: told area by area, by one process that lives through all of it.

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Journey {
    private static final int SECONDS = 60;
    private static String bootstrap;
    private static Admin admin;

    /** One thing that must survive. */
    private interface Area {
        /** Looks whether all is there, and goes on with what was begun before. */
        void arrive() throws Exception;

        /** Adds, and leaves something unfinished where it can. */
        void depart() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        admin = Admin.create(base());
        Map<String, Area> areas = new LinkedHashMap<>();
        areas.put("transactions", new Transactions());
        areas.put("open-transaction", new OpenTransaction());
        areas.put("left-transaction", new LeftTransaction());
        areas.put("sequence", new Sequence());
        areas.put("retry", new Retry());
        areas.put("table", new Table());
        areas.put("classic-group", new Group("classic"));
        areas.put("consumer-group", new Group("consumer"));
        areas.put("offsets-in-transactions", new TransactionalOffsets());
        areas.put("settings", new Settings());
        areas.put("quotas", new Quotas());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            String[] f = line.split("\t");
            try {
                if (f[0].equals("areas")) {
                    System.out.println("ok\t" + String.join("\t", areas.keySet()));
                    continue;
                }
                Area area = areas.get(f[1]);
                if (f[0].equals("arrive")) {
                    area.arrive();
                } else {
                    area.depart();
                }
                System.out.println("ok");
            } catch (Throwable why) {
                Throwable cause = why.getCause() == null ? why : why.getCause();
                StackTraceElement at = why.getStackTrace().length == 0 ? null : Arrays.stream(why.getStackTrace()).filter(s -> s.getClassName().startsWith("Journey")).findFirst().orElse(null);
                System.out.println("error\t" + cause.toString().replaceAll("\\s+", " ") + " at " + at);
            }
        }
        System.exit(0);
    }

    private static Properties base() {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        return p;
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new IllegalStateException(what);
        }
    }

    private static void create(String topic, int partitions, String... configs) throws Exception {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < configs.length; i += 2) {
            map.put(configs[i], configs[i + 1]);
        }
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(map))).all().get(SECONDS, TimeUnit.SECONDS);
    }

    private static KafkaProducer<String, String> producer(String... more) {
        Properties p = base();
        p.put("linger.ms", "5");
        p.put("max.block.ms", "60000");
        for (int i = 0; i < more.length; i += 2) {
            p.put(more[i], more[i + 1]);
        }
        return new KafkaProducer<>(p, new StringSerializer(), new StringSerializer());
    }

    private static KafkaProducer<String, String> transactional(String id, String codec) {
        KafkaProducer<String, String> producer = producer("transactional.id", id, "compression.type", codec, "transaction.timeout.ms", "600000");
        producer.initTransactions();
        return producer;
    }

    private static void send(KafkaProducer<String, String> producer, String topic, String key, String value) throws Exception {
        producer.send(new ProducerRecord<>(topic, 0, key, value)).get(SECONDS, TimeUnit.SECONDS);
    }

    private static KafkaConsumer<String, String> consumer(String... more) {
        Properties p = base();
        p.put("enable.auto.commit", "false");
        p.put("auto.offset.reset", "earliest");
        p.put("isolation.level", "read_committed");
        p.put("fetch.max.wait.ms", "100");
        for (int i = 0; i < more.length; i += 2) {
            p.put(more[i], more[i + 1]);
        }
        return new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer());
    }

    /** Key and value of everything in partition 0, up to its end for readers of committed records. */
    private static List<String> read(String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        List<String> seen = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer()) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long last = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    seen.add(record.key() + "=" + record.value());
                }
                check(System.nanoTime() < last, topic + ": at " + consumer.position(partition) + ", the end " + end + " is never reached");
            }
        }
        return seen;
    }

    private static void same(String what, List<String> wanted, List<String> seen) {
        int at = 0;
        while (at < Math.min(wanted.size(), seen.size()) && wanted.get(at).equals(seen.get(at))) {
            at++;
        }
        check(wanted.equals(seen), what + ": " + seen.size() + " records instead of " + wanted.size() + "; number " + at + " is "
            + (at < seen.size() ? seen.get(at) : "missing") + " instead of " + (at < wanted.size() ? wanted.get(at) : "nothing"));
    }

    /** Committed and aborted transactions, in every codec. */
    private static final class Transactions implements Area {
        private static final String TOPIC = "journey-transactions";
        private final List<String> committed = new ArrayList<>();
        private int station;

        @Override public void arrive() {
            same("committed records", committed, read(TOPIC));
        }

        @Override public void depart() throws Exception {
            if (station++ == 0) {
                create(TOPIC, 1);
            }
            for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
                try (KafkaProducer<String, String> producer = transactional("journey-done-" + codec, codec)) {
                    for (int round = 0; round < 4; round++) {
                        boolean aborts = round % 2 == 1;
                        List<String> added = new ArrayList<>();
                        producer.beginTransaction();
                        for (int i = 0; i < 20; i++) {
                            String value = codec + "-" + station + "-" + round + "-" + i + (aborts ? "-aborted" : "");
                            send(producer, TOPIC, "k", value);
                            added.add("k=" + value);
                        }
                        if (aborts) {
                            producer.abortTransaction();
                        } else {
                            producer.commitTransaction();
                            committed.addAll(added);
                        }
                    }
                }
            }
            arrive();
        }
    }

    /** A transaction that begins at one broker and is committed at the next, by the same producer. */
    private static final class OpenTransaction implements Area {
        private static final String TOPIC = "journey-open";
        private final List<String> committed = new ArrayList<>();
        private final List<String> pending = new ArrayList<>();
        private KafkaProducer<String, String> producer;
        private int station;

        @Override public void arrive() throws Exception {
            same("before the end", committed, read(TOPIC));
            TransactionDescription open = admin.describeTransactions(List.of("journey-open")).description("journey-open").get(SECONDS, TimeUnit.SECONDS);
            check(open.state() == TransactionState.ONGOING, "the open transaction is " + open.state());
            add("arrived");
            producer.commitTransaction();
            committed.addAll(pending);
            pending.clear();
            same("after the end", committed, read(TOPIC));
        }

        @Override public void depart() throws Exception {
            if (station++ == 0) {
                create(TOPIC, 1);
                producer = transactional("journey-open", "lz4");
            }
            producer.beginTransaction();
            add("leaving");
        }

        private void add(String word) throws Exception {
            for (int i = 0; i < 10; i++) {
                String value = word + "-" + station + "-" + i;
                send(producer, TOPIC, "k", value);
                pending.add("k=" + value);
            }
        }
    }

    /** A transaction whose producer is gone: its successor aborts it. */
    private static final class LeftTransaction implements Area {
        private static final String TOPIC = "journey-left";
        private final List<String> committed = new ArrayList<>();
        private int station;

        @Override public void arrive() throws Exception {
            same("while it is open", committed, read(TOPIC));
            try (KafkaProducer<String, String> successor = transactional("journey-left", "none")) {
                successor.beginTransaction();
                send(successor, TOPIC, "k", "successor-" + station);
                successor.commitTransaction();
            }
            committed.add("k=successor-" + station);
            same("after the successor", committed, read(TOPIC));
        }

        @Override public void depart() throws Exception {
            if (station++ == 0) {
                create(TOPIC, 1);
            }
            KafkaProducer<String, String> left = transactional("journey-left", "none");
            left.beginTransaction();
            send(left, TOPIC, "k", "left-" + station);
            // Without the orderly end, which would abort.
            left.close(Duration.ZERO);
        }
    }

    /** An idempotent producer that lives on: its numbers go on at the next broker. */
    private static final class Sequence implements Area {
        private static final String TOPIC = "journey-sequence";
        private final List<String> sent = new ArrayList<>();
        private KafkaProducer<String, String> producer;

        @Override public void arrive() throws Exception {
            same("before more is sent", sent, read(TOPIC));
            depart();
            same("after more was sent", sent, read(TOPIC));
        }

        @Override public void depart() throws Exception {
            if (producer == null) {
                create(TOPIC, 1);
                producer = producer("enable.idempotence", "true");
            }
            for (int i = 0; i < 20; i++) {
                String value = "value-" + sent.size();
                send(producer, TOPIC, "k", value);
                sent.add("k=" + value);
            }
        }
    }

    /** A batch that is sent again after the change, since its answer was lost: it gets its first offset. */
    private static final class Retry implements Area {
        private static final String TOPIC = "journey-retry";
        private final List<String> sent = new ArrayList<>();
        /** Of now: a broker forgets producers whose newest batch is old. */
        private static final long STARTED_MS = System.currentTimeMillis();
        private long firstOffset;

        @Override public void arrive() throws Exception {
            long offset = send(sent.size() - 1);
            check(offset == firstOffset, "the batch is at " + offset + ", and was at " + firstOffset);
            same("nothing is there twice", sent, read(TOPIC));
        }

        @Override public void depart() throws Exception {
            if (sent.isEmpty()) {
                create(TOPIC, 1);
            }
            sent.add("null=batch-" + sent.size());
            firstOffset = send(sent.size() - 1);
        }

        /** Batch number `n` of a producer that was never registered, as a broker accepts it; its offset. */
        private static long send(int n) throws Exception {
            MemoryRecords records = MemoryRecords.withIdempotentRecords(Compression.NONE, 987_654_321L, (short) 0, n, new SimpleRecord(STARTED_MS + n, null, ("batch-" + n).getBytes(StandardCharsets.UTF_8)));
            ProduceRequestData.TopicProduceData topic = new ProduceRequestData.TopicProduceData().setName(TOPIC)
                .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData().setIndex(0).setRecords(records)));
            ProduceRequestData data = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000);
            data.topicData().add(topic);
            short version = 9;
            ByteBuffer bytes = new ProduceRequest.Builder(version, version, data).build(version).serializeWithHeader(new RequestHeader(ApiKeys.PRODUCE, version, "retry", n));
            String[] address = bootstrap.split(":");
            try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]))) {
                socket.setSoTimeout(SECONDS * 1000);
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                out.writeInt(bytes.remaining());
                out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
                DataInputStream in = new DataInputStream(socket.getInputStream());
                byte[] answer = new byte[in.readInt()];
                in.readFully(answer);
                ByteBuffer buffer = ByteBuffer.wrap(answer);
                ResponseHeader.parse(buffer, ApiKeys.PRODUCE.responseHeaderVersion(version));
                ProduceResponseData response = new ProduceResponse(new ProduceResponseData(new ByteBufferAccessor(buffer), version)).data();
                ProduceResponseData.PartitionProduceResponse partition = response.responses().iterator().next().partitionResponses().get(0);
                check(partition.errorCode() == 0, "error " + partition.errorCode() + " " + partition.errorMessage());
                return partition.baseOffset();
            }
        }
    }

    /** A compacted topic: the last value of each key. */
    private static final class Table implements Area {
        private static final String TOPIC = "journey-table";
        private final Map<String, String> table = new TreeMap<>();
        private int station;

        @Override public void arrive() {
            Map<String, String> seen = new TreeMap<>();
            for (String pair : read(TOPIC)) {
                int cut = pair.indexOf('=');
                seen.put(pair.substring(0, cut), pair.substring(cut + 1));
            }
            seen.values().removeIf(value -> value.equals("null"));
            check(seen.equals(table), "the table is " + seen + " instead of " + table);
        }

        @Override public void depart() throws Exception {
            if (station++ == 0) {
                create(TOPIC, 1, "cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0.01", "segment.bytes", "1048576", "segment.ms", "500", "delete.retention.ms", "100");
            }
            try (KafkaProducer<String, String> producer = producer("batch.size", "1000")) {
                for (int round = 0; round < 20; round++) {
                    for (int key = 0; key < 50; key++) {
                        boolean gone = key % 10 == station && round == 19;
                        String value = gone ? null : "v-" + station + "-" + round;
                        producer.send(new ProducerRecord<>(TOPIC, 0, "key-" + key, value));
                        if (gone) {
                            table.remove("key-" + key);
                        } else {
                            table.put("key-" + key, value);
                        }
                    }
                }
                producer.flush();
            }
            arrive();
        }
    }

    /** A group with members that come and go, and its offsets. */
    private static final class Group implements Area {
        private final String protocol;
        private final String topic;
        private final String group;
        private final Map<TopicPartition, Long> committed = new HashMap<>();
        private int produced;

        Group(String protocol) {
            this.protocol = protocol;
            this.topic = "journey-for-" + protocol;
            this.group = "journey-" + protocol;
        }

        @Override public void arrive() throws Exception {
            Map<TopicPartition, OffsetAndMetadata> seen = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get(SECONDS, TimeUnit.SECONDS);
            Map<TopicPartition, Long> offsets = new HashMap<>();
            seen.forEach((partition, offset) -> offsets.put(partition, offset.offset()));
            check(offsets.equals(committed), "committed is " + offsets + " instead of " + committed);
            for (OffsetAndMetadata offset : seen.values()) {
                check(offset.metadata().equals("noted"), "the note is " + offset.metadata());
            }
            GroupListing listed = null;
            for (GroupListing listing : admin.listGroups().all().get(SECONDS, TimeUnit.SECONDS)) {
                listed = listing.groupId().equals(group) ? listing : listed;
            }
            check(listed != null, "the group is not listed");
            String type = listed.type().map(Object::toString).orElse("none");
            check(type.equalsIgnoreCase(protocol), "the group is of type " + type);
        }

        @Override public void depart() throws Exception {
            if (produced == 0) {
                create(topic, 3);
            }
            try (KafkaProducer<String, String> producer = producer()) {
                for (int i = 0; i < 60; i++, produced++) {
                    producer.send(new ProducerRecord<>(topic, i % 3, "k", "v" + produced));
                }
            }
            int seen = 0;
            try (KafkaConsumer<String, String> consumer = consumer("group.id", group, "group.protocol", protocol)) {
                consumer.subscribe(List.of(topic));
                long last = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
                while (seen < 60) {
                    seen += consumer.poll(Duration.ofMillis(200)).count();
                    check(System.nanoTime() < last, "the group read " + seen + " of 60 records");
                }
                check(seen == 60, "the group read " + seen + " records instead of 60");
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                for (TopicPartition partition : consumer.assignment()) {
                    offsets.put(partition, new OffsetAndMetadata(consumer.position(partition), "noted"));
                }
                consumer.commitSync(offsets);
                offsets.forEach((partition, offset) -> committed.put(partition, offset.offset()));
            }
        }
    }

    /** Offsets that are committed with a transaction, and others whose transaction is aborted. */
    private static final class TransactionalOffsets implements Area {
        private static final String GROUP = "journey-pipeline";
        private final TopicPartition partition = new TopicPartition("journey-pipeline", 0);
        private long committed;

        @Override public void arrive() throws Exception {
            Map<TopicPartition, OffsetAndMetadata> seen = admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata().get(SECONDS, TimeUnit.SECONDS);
            check(seen.containsKey(partition) && seen.get(partition).offset() == committed, "committed is " + seen + " instead of " + committed);
        }

        @Override public void depart() throws Exception {
            if (committed == 0) {
                create(partition.topic(), 1);
            }
            try (KafkaProducer<String, String> producer = transactional("journey-pipeline", "zstd"); KafkaConsumer<String, String> consumer = consumer("group.id", GROUP)) {
                for (int round = 0; round < 4; round++) {
                    producer.beginTransaction();
                    send(producer, partition.topic(), "k", "v");
                    producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(committed + 1)), consumer.groupMetadata());
                    if (round % 2 == 1) {
                        producer.abortTransaction();
                    } else {
                        producer.commitTransaction();
                        committed++;
                    }
                }
            }
            arrive();
        }
    }

    /** Settings of topics, brokers and groups. */
    private static final class Settings implements Area {
        private final Map<ConfigResource, Map<String, String>> wanted = new HashMap<>();
        private int station;

        @Override public void arrive() throws Exception {
            for (Map.Entry<ConfigResource, Map<String, String>> entry : wanted.entrySet()) {
                var config = admin.describeConfigs(List.of(entry.getKey())).all().get(SECONDS, TimeUnit.SECONDS).get(entry.getKey());
                entry.getValue().forEach((name, value) -> check(config.get(name) != null && config.get(name).value().equals(value), entry.getKey() + ": " + name + " is " + config.get(name)));
            }
        }

        @Override public void depart() throws Exception {
            if (station++ == 0) {
                create("journey-settings", 2);
            }
            set(new ConfigResource(ConfigResource.Type.TOPIC, "journey-settings"), "retention.ms", "1234567" + station);
            set(new ConfigResource(ConfigResource.Type.BROKER, ""), "log.cleaner.backoff.ms", "1500" + station);
            set(new ConfigResource(ConfigResource.Type.GROUP, "journey-consumer"), "consumer.session.timeout.ms", "4700" + station);
        }

        private void set(ConfigResource resource, String name, String value) throws Exception {
            AlterConfigOp operation = new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(operation))).all().get(SECONDS, TimeUnit.SECONDS);
            wanted.computeIfAbsent(resource, ignored -> new HashMap<>()).put(name, value);
        }
    }

    /** Quotas of clients. */
    private static final class Quotas implements Area {
        private final ClientQuotaEntity entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, "journey"));
        private double rate = 1_000_000;

        @Override public void arrive() throws Exception {
            var all = admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get(SECONDS, TimeUnit.SECONDS);
            check(all.containsKey(entity) && all.get(entity).get("producer_byte_rate") == rate, "the quotas are " + all);
        }

        @Override public void depart() throws Exception {
            rate += 1;
            var operation = new ClientQuotaAlteration.Op("producer_byte_rate", rate);
            admin.alterClientQuotas(Collections.singleton(new ClientQuotaAlteration(entity, List.of(operation)))).all().get(SECONDS, TimeUnit.SECONDS);
        }
    }
}
