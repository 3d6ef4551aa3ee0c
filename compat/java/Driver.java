// The Java client behind the verbs of the harness.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

public final class Driver {
    private static final int SECONDS = 60;
    private static PrintStream out;
    private static String bootstrap;

    public static void main(String[] args) throws Exception {
        out = new PrintStream(System.out, true, "UTF-8");
        bootstrap = args[0];
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            String[] f = line.split("\t");
            try {
                out.println("ok" + answer(f));
            } catch (UnsupportedOperationException why) {
                out.println("unable\t" + why.getMessage());
            } catch (Throwable why) {
                Throwable cause = why.getCause() == null ? why : why.getCause();
                out.println("error\t" + cause.toString().replaceAll("\\s+", " "));
            }
        }
        System.exit(0);
    }

    private static String answer(String[] f) throws Exception {
        switch (f[0]) {
            case "create": return create(f[1], Integer.parseInt(f[2]));
            case "produce": return produce(f[1], f[2], f[3], f[4].equals("idempotent"), f[5], f[6]);
            case "consume": return consume(new TopicPartition(f[1], Integer.parseInt(f[2])), f[3], Integer.parseInt(f[4]), f[5]);
            case "group": return group(f[1], f[2], f[3], Integer.parseInt(f[4]), f[5]);
            case "share": return share(f[1], f[2], f[3], Integer.parseInt(f[4]));
            case "transact": return transact(f[1], f[2].equals("commit"), f[3]);
            case "find": return find(new TopicPartition(f[1], Integer.parseInt(f[2])), Long.parseLong(f[3]));
            case "offsets": return offsets(new TopicPartition(f[1], Integer.parseInt(f[2])));
            default: throw new IllegalArgumentException("unknown verb " + f[0]);
        }
    }

    private static Properties base() {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        return p;
    }

    private static String create(String topic, int partitions) throws Exception {
        try (AdminClient admin = AdminClient.create(base())) {
            admin.createTopics(Collections.singleton(new NewTopic(topic, partitions, (short) 1))).all().get(SECONDS, TimeUnit.SECONDS);
        }
        return "";
    }

    private static String produce(String topic, String codec, String acks, boolean idempotent, String source, String acknowledged) throws Exception {
        Properties p = base();
        p.put("compression.type", codec);
        p.put("acks", acks);
        p.put("enable.idempotence", Boolean.toString(idempotent));
        p.put("linger.ms", "5");
        p.put("max.request.size", "2000000");
        p.put("buffer.memory", "4000000");
        p.put("max.block.ms", "60000");
        Queue<Integer> done = new ConcurrentLinkedQueue<>();
        Queue<Exception> failed = new ConcurrentLinkedQueue<>();
        AtomicInteger acked = new AtomicInteger();
        int number = 0;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (byte[][] row : rows(source)) {
                int at = number++;
                ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, Integer.parseInt(text(row[0])), unshown(row[1]), unshown(row[2]));
                for (String pair : text(row[3]).split("&")) {
                    int cut = pair.indexOf('=');
                    if (cut >= 0) {
                        record.headers().add(pair.substring(0, cut), unshown(pair.substring(cut + 1).getBytes(StandardCharsets.UTF_8)));
                    }
                }
                producer.send(record, (metadata, error) -> {
                    if (error == null) {
                        done.add(at);
                        int now = acked.incrementAndGet();
                        if (now % 500 == 0) {
                            say("progress\t" + now);
                        }
                    } else {
                        failed.add(error);
                    }
                });
            }
            producer.flush();
        }
        StringBuilder numbers = new StringBuilder();
        for (int at : done) {
            numbers.append(at).append('\n');
        }
        Files.write(Paths.get(acknowledged), numbers.toString().getBytes(StandardCharsets.UTF_8));
        if (!failed.isEmpty()) {
            throw new IllegalStateException(failed.size() + " failed: " + failed.peek());
        }
        return "\t" + done.size();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(TopicPartition partition) {
        Properties p = base();
        p.put("enable.auto.commit", "false");
        p.put("auto.offset.reset", "none");
        p.put("isolation.level", "read_committed");
        p.put("fetch.max.wait.ms", "100");
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(Collections.singleton(partition));
        return consumer;
    }

    private static String consume(TopicPartition partition, String offset, int count, String target) throws Exception {
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        int seen = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(partition)) {
            if (offset.equals("beginning")) {
                consumer.seekToBeginning(Collections.singleton(partition));
            } else {
                consumer.seek(partition, Long.parseLong(offset));
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (seen < count && System.nanoTime() < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    if (seen++ < count) {
                        write(rows, record);
                    }
                }
            }
        }
        Files.write(Paths.get(target), rows.toByteArray());
        return "\t" + Math.min(seen, count);
    }

    private static String share(String topic, String group, String protocol, int members) throws Exception {
        int partitions;
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(new TopicPartition(topic, 0))) {
            partitions = consumer.partitionsFor(topic).size();
        }
        List<KafkaConsumer<byte[], byte[]>> consumers = new ArrayList<>();
        for (int i = 0; i < members; i++) {
            consumers.add(member(group, protocol));
        }
        long started = System.nanoTime();
        for (KafkaConsumer<byte[], byte[]> consumer : consumers) {
            consumer.subscribe(Collections.singleton(topic));
        }
        while (true) {
            Set<TopicPartition> shared = new HashSet<>();
            int idle = 0;
            int sum = 0;
            for (KafkaConsumer<byte[], byte[]> consumer : consumers) {
                consumer.poll(Duration.ofMillis(5));
            }
            for (KafkaConsumer<byte[], byte[]> consumer : consumers) {
                Set<TopicPartition> own = consumer.assignment();
                idle += own.isEmpty() ? 1 : 0;
                sum += own.size();
                shared.addAll(own);
            }
            double seconds = (System.nanoTime() - started) / 1e9;
            if (idle == 0 && sum == partitions && shared.size() == partitions) {
                for (KafkaConsumer<byte[], byte[]> consumer : consumers) {
                    // What it has just heard is taken up before the end.
                    consumer.poll(Duration.ofMillis(5));
                    consumer.close();
                }
                return String.format("\t%.3f", seconds);
            }
            if (seconds > SECONDS) {
                throw new IllegalStateException("after " + seconds + " s " + shared + " are shared, by all but " + idle);
            }
        }
    }

    private static KafkaConsumer<byte[], byte[]> member(String group, String protocol) {
        Properties p = base();
        p.put("group.id", group);
        p.put("enable.auto.commit", "false");
        p.put("auto.offset.reset", "earliest");
        p.put("isolation.level", "read_committed");
        if (protocol.equals("consumer")) {
            if (!AppInfoParser.getVersion().startsWith("4.")) {
                throw new UnsupportedOperationException("knows the classic protocol only");
            }
            p.put("group.protocol", protocol);
        }
        return new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static String group(String topic, String group, String protocol, int count, String target) throws Exception {
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        int seen = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = member(group, protocol)) {
            consumer.subscribe(Collections.singleton(topic));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (seen < count && System.nanoTime() < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    seen++;
                    write(rows, record);
                }
            }
            consumer.commitSync();
        }
        Files.write(Paths.get(target), rows.toByteArray());
        return "\t" + seen;
    }

    private static String transact(String topic, boolean commit, String source) throws Exception {
        Properties p = base();
        p.put("transactional.id", "of-" + topic);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            for (byte[][] row : rows(source)) {
                producer.send(new ProducerRecord<>(topic, Integer.parseInt(text(row[0])), unshown(row[1]), unshown(row[2])));
            }
            if (commit) {
                producer.commitTransaction();
            } else {
                producer.flush();
                producer.abortTransaction();
            }
        }
        return "";
    }

    private static void write(ByteArrayOutputStream rows, ConsumerRecord<byte[], byte[]> record) throws Exception {
        rows.write((record.partition() + "\t" + record.offset() + "\t" + record.timestamp() + "\t").getBytes(StandardCharsets.UTF_8));
        rows.write(shown(record.key()));
        rows.write('\t');
        rows.write(shown(record.value()));
        rows.write('\t');
        String between = "";
        for (Header header : record.headers()) {
            rows.write((between + header.key() + "=").getBytes(StandardCharsets.UTF_8));
            rows.write(shown(header.value()));
            between = "&";
        }
        rows.write('\n');
    }

    private static String find(TopicPartition partition, long time) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(partition)) {
            Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(Collections.singletonMap(partition, time));
            OffsetAndTimestamp at = found.get(partition);
            return "\t" + (at == null ? -1 : at.offset());
        }
    }

    private static String offsets(TopicPartition partition) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(partition)) {
            long first = consumer.beginningOffsets(Collections.singleton(partition)).get(partition);
            long next = consumer.endOffsets(Collections.singleton(partition)).get(partition);
            return "\t" + first + "\t" + next;
        }
    }

    private static synchronized void say(String line) {
        out.println(line);
    }

    private static List<byte[][]> rows(String source) throws Exception {
        List<byte[][]> rows = new ArrayList<>();
        for (String line : text(Files.readAllBytes(Paths.get(source))).split("\n")) {
            String[] fields = line.split("\t", -1);
            byte[][] row = new byte[fields.length][];
            for (int i = 0; i < fields.length; i++) {
                row[i] = fields[i].getBytes(StandardCharsets.UTF_8);
            }
            rows.add(row);
        }
        return rows;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte[] unshown(byte[] field) {
        return field.length == 1 && field[0] == '~' ? null : field;
    }

    private static byte[] shown(byte[] field) {
        return field == null ? new byte[] {'~'} : field;
    }
}
