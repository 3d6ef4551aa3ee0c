// kafkajs behind the verbs of the harness. Its consumer knows groups only, so reading by partition goes through the
// cluster object that the consumer itself uses: the same requests, the same decoder.
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'
import SnappyCodec from 'kafkajs-snappy'
import lz4 from 'lz4-napi'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec
// The module that kafkajs names for lz4 must be compiled on the spot; this one is published compiled, and its frames have
// independent blocks, which Kafka asks for.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: encoder => lz4.compressFrame(encoder.buffer),
  decompress: buffer => lz4.decompressFrame(buffer),
})

const SECONDS = 60
const CODECS = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4 }
const kafka = new Kafka({
  brokers: [process.argv[2]],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 50, maxRetryTime: 2000, retries: 40 },
})

class Unable extends Error {}

const say = (...fields) => process.stdout.write(fields.map(f => String(f).replace(/\s+/g, ' ')).join('\t') + '\n')
const shown = field => (field === null || field === undefined ? '~' : Buffer.from(field).toString('latin1'))
const unshown = field => (field === '~' ? null : field)

async function withCluster (topic, work) {
  const [create] = Object.getOwnPropertySymbols(kafka).filter(s => s.description === 'private:Kafka:createCluster')
  const cluster = kafka[create]({ metadataMaxAge: 300000, allowAutoTopicCreation: false, maxInFlightRequests: null, isolationLevel: 1 })
  await cluster.connect()
  try {
    await cluster.addTargetTopic(topic)
    const [leader] = cluster.findTopicPartitionMetadata(topic).map(p => p.leader)
    return await work(await cluster.findBroker({ nodeId: String(leader) }))
  } finally {
    await cluster.disconnect()
  }
}

// How many rows go into one batch: kafkajs sends what it is given as one, whatever its size.
function fitting (rows, at) {
  let count = 0
  let bytes = 0
  while (count < 500 && at + count < rows.length && (count === 0 || bytes + rows[at + count][2].length < 500000)) {
    bytes += rows[at + count][2].length
    count += 1
  }
  return count
}

function writeRows (target, rows) {
  writeFileSync(target, rows.map(({ partition, offset, timestamp, key, value, headers }) => {
    const pairs = Object.entries(headers ?? {}).flatMap(([name, v]) => [v].flat().map(one => `${name}=${shown(one)}`))
    return [partition, offset, timestamp, shown(key), shown(value), pairs.join('&')].join('\t') + '\n'
  }).join(''), 'latin1')
}

const verbs = {
  async create (topic, partitions) {
    const admin = kafka.admin()
    await admin.connect()
    try {
      const made = await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: Number(partitions), replicationFactor: 1 }] })
      if (!made) throw new Error('topic exists')
    } finally {
      await admin.disconnect()
    }
  },

  async produce (topic, codec, acks, mode, source, acknowledged) {
    if (!(codec in CODECS)) throw new Unable(`kafkajs has no ${codec}`)
    const idempotent = mode === 'idempotent'
    const producer = kafka.producer({ idempotent, allowAutoTopicCreation: false, ...(idempotent ? { maxInFlightRequests: 1 } : {}) })
    await producer.connect()
    const rows = readFileSync(source, 'latin1').split('\n').filter(Boolean).map(line => line.split('\t'))
    const done = []
    for (let at = 0; at < rows.length; at = done.length) {
      const part = rows.slice(at, at + fitting(rows, at))
      const messages = part.map(([partition, key, value, pairs]) => {
        const headers = {}
        for (const pair of pairs.split('&').filter(Boolean)) {
          const [name, text] = pair.split('=')
          headers[name] = headers[name] === undefined ? text : [headers[name], text].flat()
        }
        return { partition: Number(partition), key: unshown(key), value: unshown(value), headers }
      })
      await producer.send({ topic, acks: acks === 'all' ? -1 : Number(acks), compression: CODECS[codec], messages })
      part.forEach((_, i) => done.push(at + i))
      say('progress', done.length)
    }
    await producer.disconnect()
    writeFileSync(acknowledged, done.map(n => `${n}\n`).join(''))
    return [done.length]
  },

  async consume (topic, partition, offset, count, target) {
    const rows = await withCluster(topic, async broker => {
      const rows = []
      let next = offset === 'beginning' ? await list(broker, topic, partition, -2) : BigInt(offset)
      const end = Date.now() + SECONDS * 1000
      while (rows.length < Number(count) && Date.now() < end) {
        const { responses } = await broker.fetch({
          maxWaitTime: 100, minBytes: 1, maxBytes: 10485760, isolationLevel: 1,
          topics: [{ topic, partitions: [{ partition: Number(partition), fetchOffset: String(next), maxBytes: 4000000 }] }],
        })
        for (const message of responses[0].partitions[0].messages) {
          const at = BigInt(message.offset)
          if (at < next || message.isControlRecord) continue
          next = at + 1n
          rows.push({ partition, ...message })
        }
      }
      return rows.slice(0, Number(count))
    })
    writeRows(target, rows)
    return [rows.length]
  },

  async group (topic, group, protocol, count, target) {
    if (protocol !== 'classic') throw new Unable('knows the classic protocol only')
    const consumer = kafka.consumer({ groupId: group })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const rows = []
    await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`${rows.length} of ${count} records`)), SECONDS * 1000)
      consumer.run({
        eachMessage: async ({ partition, message }) => {
          rows.push({ partition, ...message })
          if (rows.length === Number(count)) resolve()
        },
      })
    })
    const next = new Map()
    for (const { partition, offset } of rows) next.set(partition, String(BigInt(offset) + 1n))
    await consumer.commitOffsets([...next].map(([partition, offset]) => ({ topic, partition, offset })))
    await consumer.disconnect()
    writeRows(target, rows)
    return [rows.length]
  },

  async transact (topic, end, source) {
    const producer = kafka.producer({ transactionalId: `of-${topic}`, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const transaction = await producer.transaction()
    const rows = readFileSync(source, 'latin1').split('\n').filter(line => line).map(line => line.split('\t'))
    await transaction.send({
      topic, acks: -1, messages: rows.map(([partition, key, value]) => ({ partition: Number(partition), key: unshown(key), value: unshown(value) })),
    })
    await (end === 'commit' ? transaction.commit() : transaction.abort())
    await producer.disconnect()
  },

  async find (topic, partition, time) {
    return [await withCluster(topic, broker => list(broker, topic, partition, time))]
  },

  async offsets (topic, partition) {
    return withCluster(topic, async broker => [await list(broker, topic, partition, -2), await list(broker, topic, partition, -1)])
  },
}

async function list (broker, topic, partition, time) {
  const asked = { topic, partitions: [{ partition: Number(partition), timestamp: String(time) }] }
  const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel: 1, topics: [asked] })
  return BigInt(responses[0].partitions[0].offset)
}

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...fields] = line.split('\t')
  if (verb === 'quit') break
  try {
    if (!verbs[verb]) throw new Unable(`the driver has no ${verb}`)
    say('ok', ...((await verbs[verb](...fields)) ?? []))
  } catch (why) {
    say(why instanceof Unable ? 'unable' : 'error', why.message || why)
  }
}
process.exit(0)
