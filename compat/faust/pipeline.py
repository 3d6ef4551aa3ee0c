"""Faust: two thousand events through a repartition into a table with a changelog; `B_` is the broker.

Prints one case line. The counts are exact: nothing is lost on the way and nothing counted twice.
"""
import asyncio
import os
import sys

import faust

EVENTS, KEYS = 2000, 9

app = faust.App("counting", broker="kafka://" + os.environ["B_"], store="memory://", topic_partitions=4,
                broker_max_poll_records=500, web_enabled=False)


class Event(faust.Record):
    k: str
    v: int


topic = app.topic("events", value_type=Event, partitions=4)
sums = app.Table("sums", default=int, partitions=4)
seen = []


@app.agent(topic)
async def add(stream):
    async for event in stream.group_by(Event.k, name="by-key"):
        sums[event.k] += event.v
        seen.append(event.v)


@app.task
async def produce():
    await asyncio.sleep(2)
    for number in range(EVENTS):
        await topic.send(key=str(number), value=Event(k=f"k{number % KEYS}", v=number))
    for _ in range(60):
        await asyncio.sleep(1)
        if len(seen) >= EVENTS:
            break
    good = (len(seen), sum(sums.values())) == (EVENTS, sum(range(EVENTS)))
    print("case sums", "pass" if good else f"fail {len(seen)} events, sum {sum(sums.values())}", file=sys.__stdout__, flush=True)
    os._exit(0)


if __name__ == "__main__":
    app.main()
