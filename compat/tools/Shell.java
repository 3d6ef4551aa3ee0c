// Runs Kafka's command line tools within one process, each as if it were alone: a start costs milliseconds, not seconds.

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Exit;
import org.slf4j.LoggerFactory;

public final class Shell {
    /** A tool's wish to end, with its status. */
    private static final class Left extends Error {
        Left() {
            super(null, null, false, false);
        }
    }

    /** Where tools print: some keep the stream that they found first, so it must stay the same one. */
    private static final class Output extends OutputStream {
        private volatile OutputStream target = OutputStream.nullOutputStream();

        @Override
        public void write(int b) throws IOException {
            target.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            target.write(bytes, from, length);
        }
    }

    /** Loads the tools anew for each run, since some count in static fields. */
    private static final class Fresh extends ClassLoader {
        Fresh() {
            super(Shell.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("org.apache.kafka.tools.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? load(name) : loaded;
            }
        }

        private Class<?> load(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] code = in.readAllBytes();
                return defineClass(name, code, 0, code.length);
            } catch (IOException why) {
                throw new ClassNotFoundException(name, why);
            }
        }
    }

    private static final int SECONDS = 60;
    /** What the running tool wants done at its end. */
    private static final Queue<Runnable> HOOKS = new ConcurrentLinkedQueue<>();
    private static final Map<String, Member> MEMBERS = new HashMap<>();
    private static final Map<String, KafkaProducer<byte[], byte[]>> PRODUCERS = new HashMap<>();
    private static final Output PRINTED = new Output();
    private static String bootstrap;
    private static volatile int status;
    private static volatile boolean left;

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        // The log keeps the true stderr.
        LoggerFactory.getLogger("shell").info("started");
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream printed = new PrintStream(PRINTED, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.setOut(printed);
        System.setErr(printed);
        Exit.setExitProcedure((code, message) -> leave(code, message));
        Exit.setHaltProcedure((code, message) -> leave(code, message));
        Exit.setShutdownHookAdder((name, hook) -> HOOKS.add(hook));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            String[] f = line.split("\t", -1);
            try {
                answers.println("ok" + answer(f));
            } catch (Throwable why) {
                answers.println("error\t" + why.toString().replaceAll("\\s+", " "));
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static String answer(String[] f) throws Exception {
        switch (f[0]) {
            case "run": return "\t" + run(f[1], f[2], f[3], Arrays.copyOfRange(f, 4, f.length));
            case "join": return join(f[1], f[2], f[3], f[4]);
            case "leave": return leave(f[1]);
            case "begin": return begin(f[1], f[2]);
            case "end": return end(f[1], f[2].equals("commit"));
            default: throw new IllegalArgumentException("unknown verb " + f[0]);
        }
    }

    private static Properties base() {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        return p;
    }

    /** Verb `join`: member, group, protocol, topic. Answers once the member has partitions; they stay with it. */
    private static String join(String member, String group, String protocol, String topic) throws Exception {
        Properties p = base();
        p.put("group.id", group);
        p.put("client.id", member);
        p.put("group.protocol", protocol);
        p.put("enable.auto.commit", "false");
        p.put("auto.offset.reset", "earliest");
        Member joined = new Member(new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer()), topic);
        MEMBERS.put(member, joined);
        joined.start();
        if (!joined.assigned.await(SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no partitions");
        }
        return "";
    }

    private static String leave(String member) throws Exception {
        Member gone = MEMBERS.remove(member);
        gone.stopped = true;
        gone.join();
        return "";
    }

    /** Verb `begin`: transactional id, topic. A record is in the log when it answers. */
    private static String begin(String id, String topic) throws Exception {
        Properties p = base();
        p.put("transactional.id", id);
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
        PRODUCERS.put(id, producer);
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, 0, null, new byte[] {'x'})).get(SECONDS, TimeUnit.SECONDS);
        return "";
    }

    private static String end(String id, boolean commit) {
        try (KafkaProducer<byte[], byte[]> producer = PRODUCERS.remove(id)) {
            if (commit) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
        }
        return "";
    }

    /** A member of a group that polls until it is asked to leave. */
    private static final class Member extends Thread {
        private final KafkaConsumer<byte[], byte[]> consumer;
        private final String topic;
        private final CountDownLatch assigned = new CountDownLatch(1);
        private volatile boolean stopped;

        Member(KafkaConsumer<byte[], byte[]> consumer, String topic) {
            this.consumer = consumer;
            this.topic = topic;
        }

        @Override
        public void run() {
            consumer.subscribe(List.of(topic));
            while (!stopped) {
                consumer.poll(Duration.ofMillis(50));
                if (!consumer.assignment().isEmpty() && assigned.getCount() > 0) {
                    // What is described as committed must not depend on how much was read by then.
                    consumer.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1)));
                    assigned.countDown();
                }
            }
            consumer.close();
        }
    }

    private static void leave(int code, String message) {
        if (!left) {
            left = true;
            status = code;
            if (message != null) {
                System.err.println(message);
            }
        }
        throw new Left();
    }

    /** Verb `run`: class, file for stdin, file for what the tool prints, arguments. Answers the status. */
    private static int run(String name, String input, String output, String[] arguments) throws Exception {
        status = 0;
        left = false;
        Fresh loader = new Fresh();
        Thread.currentThread().setContextClassLoader(loader);
        try (InputStream in = new FileInputStream(input); OutputStream out = Files.newOutputStream(Paths.get(output))) {
            System.setIn(in);
            PRINTED.target = out;
            try {
                loader.loadClass(name).getMethod("main", String[].class).invoke(null, (Object) arguments);
            } catch (InvocationTargetException why) {
                if (!(why.getCause() instanceof Left)) {
                    why.getCause().printStackTrace(System.err);
                    status = status == 0 ? 1 : status;
                }
            } finally {
                for (Runnable hook = HOOKS.poll(); hook != null; hook = HOOKS.poll()) {
                    hook.run();
                }
                System.out.flush();
                PRINTED.target = OutputStream.nullOutputStream();
            }
        }
        return status;
    }
}
