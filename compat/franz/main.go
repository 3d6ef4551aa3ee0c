// The franz-go client behind the verbs of the harness.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const limit = 60 * time.Second

var (
	bootstrap string
	output    sync.Mutex
)

func say(fields ...any) {
	output.Lock()
	defer output.Unlock()
	text := make([]string, len(fields))
	for i, field := range fields {
		text[i] = strings.Join(strings.Fields(fmt.Sprint(field)), " ")
	}
	fmt.Println(strings.Join(text, "\t"))
}

func main() {
	bootstrap = os.Args[1]
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if fields[0] == "quit" {
			return
		}
		answer, err := answer(fields)
		if errors.Is(err, errUnable) || errors.Is(err, errNoVerb) {
			say("unable", err)
			continue
		}
		if err != nil {
			say("error", err)
			continue
		}
		say(append([]any{"ok"}, answer...)...)
	}
}

func answer(f []string) ([]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	switch f[0] {
	case "create":
		return nil, create(ctx, f[1], number(f[2]))
	case "produce":
		return produce(ctx, f[1], f[2], f[3], f[4] == "idempotent", f[5], f[6])
	case "consume":
		return consume(ctx, f[1], int32(number(f[2])), f[3], int(number(f[4])), f[5])
	case "group":
		return group(ctx, f[1], f[2], f[3], int(number(f[4])), f[5])
	case "transact":
		return nil, transact(ctx, f[1], f[2] == "commit", f[3])
	case "find":
		at, err := list(ctx, f[1], int32(number(f[2])), number(f[3]))
		return []any{at}, err
	case "offsets":
		first, err := list(ctx, f[1], int32(number(f[2])), -2)
		if err != nil {
			return nil, err
		}
		next, err := list(ctx, f[1], int32(number(f[2])), -1)
		return []any{first, next}, err
	}
	return nil, errNoVerb
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func create(ctx context.Context, topic string, partitions int64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return err
	}
	defer client.Close()
	request := kmsg.NewPtrCreateTopicsRequest()
	wanted := kmsg.NewCreateTopicsRequestTopic()
	wanted.Topic, wanted.NumPartitions, wanted.ReplicationFactor = topic, int32(partitions), 1
	request.Topics = append(request.Topics, wanted)
	request.TimeoutMillis = int32(limit.Milliseconds())
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.Topics[0].ErrorCode)
}

func produce(ctx context.Context, topic, codec, acks string, idempotent bool, source, acknowledged string) ([]any, error) {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	levels := map[string]kgo.Acks{"0": kgo.NoAck(), "1": kgo.LeaderAck(), "all": kgo.AllISRAcks()}
	options := []kgo.Opt{
		kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(codecs[codec]), kgo.RequiredAcks(levels[acks]),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(5 * time.Millisecond),
		kgo.MaxBufferedRecords(2000), kgo.UnknownTopicRetries(100),
	}
	if !idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	rows, err := read(source)
	if err != nil {
		return nil, err
	}
	var lock sync.Mutex
	var done []int
	var failed error
	for at, row := range rows {
		record := &kgo.Record{Topic: topic, Partition: int32(number(row[0])), Key: unshown(row[1]), Value: unshown(row[2])}
		for _, pair := range strings.Split(row[3], "&") {
			if name, value, found := strings.Cut(pair, "="); found {
				record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: unshown(value)})
			}
		}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				failed = err
				return
			}
			done = append(done, at)
			if len(done)%500 == 0 {
				say("progress", len(done))
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return nil, err
	}
	lock.Lock()
	defer lock.Unlock()
	var numbers bytes.Buffer
	for _, at := range done {
		fmt.Fprintln(&numbers, at)
	}
	if err := os.WriteFile(acknowledged, numbers.Bytes(), 0o644); err != nil {
		return nil, err
	}
	return []any{len(done)}, failed
}

func consume(ctx context.Context, topic string, partition int32, offset string, count int, target string) ([]any, error) {
	from := kgo.NewOffset().AtStart()
	if offset != "beginning" {
		from = kgo.NewOffset().At(number(offset))
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap), kgo.FetchMaxWait(100*time.Millisecond), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: from}}),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var rows bytes.Buffer
	seen := 0
	for seen < count && ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if seen++; seen <= count {
				write(&rows, record)
			}
		})
	}
	return []any{min(seen, count)}, os.WriteFile(target, rows.Bytes(), 0o644)
}

// errNoVerb says that this driver was not taught to do it.
var errNoVerb = errors.New("the driver has no such verb")

// errUnable says that the client has no such thing.
var errUnable = errors.New("the new protocol is an experiment in this version")

func group(ctx context.Context, topic, name, protocol string, count int, target string) ([]any, error) {
	if protocol != "classic" {
		return nil, errUnable
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap), kgo.ConsumerGroup(name), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var rows bytes.Buffer
	seen := 0
	for seen < count && ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			seen++
			write(&rows, record)
		})
	}
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		return nil, err
	}
	return []any{seen}, os.WriteFile(target, rows.Bytes(), 0o644)
}

func transact(ctx context.Context, topic string, commit bool, source string) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap), kgo.TransactionalID("of-"+topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	rows, err := read(source)
	if err != nil {
		return err
	}
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	for _, row := range rows {
		record := &kgo.Record{Topic: topic, Partition: int32(number(row[0])), Key: unshown(row[1]), Value: unshown(row[2])}
		client.Produce(ctx, record, nil)
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	return client.EndTransaction(ctx, kgo.TransactionEndTry(commit))
}

func write(rows *bytes.Buffer, record *kgo.Record) {
	pairs := make([]string, len(record.Headers))
	for i, header := range record.Headers {
		pairs[i] = header.Key + "=" + shown(header.Value)
	}
	fmt.Fprintf(rows, "%d\t%d\t%d\t%s\t%s\t%s\n", record.Partition, record.Offset, record.Timestamp.UnixMilli(),
		shown(record.Key), shown(record.Value), strings.Join(pairs, "&"))
}

func list(ctx context.Context, topic string, partition int32, time int64) (int64, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	asked := kmsg.NewListOffsetsRequestTopic()
	asked.Topic = topic
	at := kmsg.NewListOffsetsRequestTopicPartition()
	at.Partition, at.Timestamp = partition, time
	asked.Partitions = append(asked.Partitions, at)
	request.Topics = append(request.Topics, asked)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	answer := response.Topics[0].Partitions[0]
	return answer.Offset, kerr.ErrorForCode(answer.ErrorCode)
}

func read(source string) ([][]string, error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		rows = append(rows, strings.Split(line, "\t"))
	}
	return rows, nil
}

func unshown(field string) []byte {
	if field == "~" {
		return nil
	}
	return []byte(field)
}

func shown(field []byte) string {
	if field == nil {
		return "~"
	}
	return string(field)
}
