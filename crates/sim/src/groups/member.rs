//! One member after the other: joins, reports, works, and ends badly now and then.

use super::commit::{Committed, commit};
use super::pipeline::{Ended, Portion, Producer, clean_up};
use super::read::{Looked, committed, records};
use super::{Place, Plan, Protocol, Seat, classic, consumer};
use crate::stage::Client;
use klamm_codec::Str;
use std::time::Duration;
use tokio::time::Instant;

/// Once nothing is wrong any more, a group has all partitions at work and everything read within this time.
const SETTLED_WAIT_MAX: Duration = Duration::from_secs(80);

/// A process that is a member of a group, most of the time.
struct Member {
    plan: Plan,
    instance_id: Option<Str>,
    seat: Option<Seat>,
    /// An earlier life that is not quite dead: its seat, and what it still wants to commit.
    ghost: Option<(Seat, (i32, i64))>,
    producer: Option<Producer>,
    /// Its transactional ids: one for good, or one for each life.
    ids: Vec<Str>,
    has_one_id: bool,
    number: usize,
}

/// Takes part until the run drains, and then until the group has settled.
pub(crate) async fn take_part(mut client: Client, plan: Plan, number: usize) {
    let is_static = client.rng.percent(30);
    let instance_id = is_static.then(|| Str::from(format!("instance-{number}")));
    let has_one_id = client.rng.percent(50);
    let mut member = Member {
        plan,
        instance_id,
        seat: None,
        ghost: None,
        producer: None,
        ids: Vec::new(),
        has_one_id,
        number,
    };
    while !client.draining() {
        if member.rests(&client) {
            member.leave(&mut client).await;
            client.pause(1_000).await;
            continue;
        }
        member.step(&mut client).await;
        member.mishap(&mut client).await;
        client.pause(400).await;
    }
    member.end(&mut client).await;
}

impl Member {
    fn rests(&self, client: &Client) -> bool {
        let progress = client.stage.progress.borrow();
        progress.resting.contains(&self.plan.number)
    }

    /// Joins, or reports if it is time, and works.
    async fn step(&mut self, client: &mut Client) {
        let plan = &self.plan;
        let mut seat = match self.seat.take() {
            Some(seat) => seat,
            None => {
                let protocol = plan.protocols[client.rng.index(plan.protocols.len())];
                let instance_id = self.instance_id.clone();
                match protocol {
                    Protocol::Consumer => consumer::seat(client, instance_id),
                    classic => classic::seat(client, classic, instance_id),
                }
            }
        };
        let is_classic = seat.protocol != Protocol::Consumer;
        let stays = if is_classic && seat.rejoins {
            classic::join(client, plan, &mut seat).await
        } else if seat.reports_at <= Instant::now() {
            if is_classic {
                classic::report(client, plan, &mut seat).await
            } else {
                consumer::report(client, plan, &mut seat).await
            }
        } else {
            true
        };
        if stays && self.work(client, &mut seat).await {
            self.seat = Some(seat);
        } else {
            seat.lose_all(client, &self.plan);
        }
    }

    /// Reads on in one of its partitions. False if the membership is over.
    async fn work(&mut self, client: &mut Client, seat: &mut Seat) -> bool {
        if seat.owned.is_empty() {
            return true;
        }
        let chosen = client.rng.index(seat.owned.len());
        let Some((partition, place)) = seat.owned.iter().nth(chosen).map(|(p, at)| (*p, *at))
        else {
            return true;
        };
        let Some(place) = place else {
            let stable = self.plan.is_pipeline || client.rng.percent(50);
            let member = Some(&*seat).filter(|_| client.rng.percent(50));
            let looked = committed(client, &self.plan, partition, member, stable).await;
            if let Looked::At(offset) = looked {
                let place = Place { next: offset, committed: offset };
                seat.owned.insert(partition, Some(place));
            }
            // It will hear of it with its next report.
            seat.reports_at = match looked {
                Looked::Behind => Instant::now(),
                _ => seat.reports_at,
            };
            return true;
        };
        let Some(taken) = records(client, &self.plan, partition, place.next).await else {
            return true;
        };
        let is_at_end = taken.next >= taken.end;
        if self.plan.is_pipeline {
            if !taken.offsets.is_empty() {
                let next = taken.next;
                let portion = Portion { partition, offsets: &taken.offsets, next };
                return self.carry(client, seat, portion).await;
            }
            self.is_done(client, seat, partition, is_at_end);
            return true;
        }
        let mut place = Place { next: taken.next, ..place };
        seat.owned.insert(partition, Some(place));
        if place.next > place.committed && (client.draining() || client.rng.percent(60)) {
            if !client.draining() && client.rng.percent(4) {
                client.stage.reach("a member that sleeps before a commit");
                client.pause(14_000).await;
            }
            match commit(client, &self.plan, seat, (partition, place.next)).await {
                Committed::Yes => {
                    place.committed = place.next;
                    seat.owned.insert(partition, Some(place));
                }
                Committed::Behind if seat.protocol == Protocol::Consumer => {
                    seat.says_all = true;
                    seat.reports_at = Instant::now();
                }
                Committed::Behind => return false,
                Committed::Unknown => {}
            }
        }
        let is_done = is_at_end && place.committed == place.next;
        self.is_done(client, seat, partition, is_done);
        true
    }

    /// Notes that a partition was read and committed up to its end, once nothing comes any more.
    fn is_done(&self, client: &Client, seat: &Seat, partition: i32, is_done: bool) {
        let mut progress = client.stage.progress.borrow_mut();
        let oracle = client.stage.oracle();
        let number = self.plan.number;
        if is_done
            && progress.fed.contains(&number)
            && !oracle.groups.has_lost(number, seat.key, partition)
        {
            progress.done.insert((number, partition));
        }
    }

    /// One transaction of a pipeline. False if the membership is over.
    async fn carry(&mut self, client: &mut Client, seat: &mut Seat, portion: Portion<'_>) -> bool {
        let mut producer = match self.producer.take() {
            Some(producer) => producer,
            None => Producer::new(client, self.next_id()),
        };
        let ended = producer.carry(client, &self.plan, seat, portion).await;
        let partition = portion.partition;
        match ended {
            Ended::Committed => {
                let place = Place { next: portion.next, committed: portion.next };
                seat.owned.insert(partition, Some(place));
            }
            Ended::Aborted => {}
            Ended::Behind => {
                seat.owned.insert(partition, None);
                seat.reports_at = Instant::now();
            }
            Ended::Lost => {
                // Only the committed offset says how it ended.
                producer.begin_anew(client).await;
                seat.owned.values_mut().for_each(|place| *place = None);
            }
        }
        self.producer = Some(producer);
        true
    }

    fn next_id(&mut self) -> Str {
        let (group, number) = (self.plan.number, self.number);
        let life = if self.has_one_id { 0 } else { self.ids.len() };
        let id = Str::from(format!("pipeline-{group}-{number}-{life}"));
        if !self.ids.contains(&id) {
            self.ids.push(id.clone());
        }
        id
    }

    /// What clients do now and then.
    async fn mishap(&mut self, client: &mut Client) {
        // What expires too early is there again with the next commit.
        if client.stage.options.offsets_expire && client.rng.percent(40) {
            self.look(client).await;
        }
        match client.rng.below(100) {
            0 => {
                client.stage.reach("a member that crashed");
                if let Some(mut seat) = self.seat.take() {
                    let place = seat
                        .owned
                        .iter()
                        .find_map(|(p, at)| Some((*p, (*at)?.next)));
                    seat.lose_all(client, &self.plan);
                    // In a pipeline it would have its producer's id, and be fenced by its next life.
                    let place = place.filter(|_| !self.plan.is_pipeline);
                    self.ghost = place.map(|place| (seat, place));
                }
                self.producer = None;
                client.rpc = None;
                client.pause(3_000).await;
            }
            1 => {
                client.stage.reach("a member that slept too long");
                client.pause(14_000).await;
            }
            2 => {
                client.stage.reach("a member that left");
                self.leave(client).await;
                client.pause(2_000).await;
            }
            3 => self.look(client).await,
            4..8 => {
                if let Some((seat, place)) = self.ghost.take() {
                    client.stage.reach("a commit of an earlier life");
                    commit(client, &self.plan, &seat, place).await;
                }
            }
            _ => {}
        }
    }

    /// Whatever the answer is, it is held against what was promised.
    async fn look(&self, client: &mut Client) {
        let count = u64::try_from(self.plan.partitions).unwrap_or(1);
        let partition = i32::try_from(client.rng.below(count)).unwrap_or(0);
        let stable = client.rng.percent(50);
        committed(client, &self.plan, partition, None, stable).await;
    }

    async fn leave(&mut self, client: &mut Client) {
        let Some(mut seat) = self.seat.take() else {
            return;
        };
        if seat.protocol == Protocol::Consumer {
            consumer::leave(client, &self.plan, &mut seat).await;
        } else {
            classic::leave(client, &self.plan, &mut seat).await;
        }
    }

    /// Nothing goes wrong any more: all partitions must come to be at work, and everything read.
    async fn end(&mut self, client: &mut Client) {
        for id in self.ids.clone() {
            clean_up(client, &self.plan, id).await;
        }
        self.producer = None;
        if let Some(seat) = &mut self.seat {
            seat.owned.values_mut().for_each(|place| *place = None);
        }
        let start = Instant::now();
        while !self.has_settled(client) {
            if start.elapsed() > SETTLED_WAIT_MAX {
                let (seat, open) = (&self.seat, self.open(client));
                let id = &*self.plan.id;
                let text = format!("{id} does not settle, {open}: {seat:?}");
                client.stage.violation(text);
                return;
            }
            self.step(client).await;
            client.pause(200).await;
        }
        client.stage.reach("a group that settled at the end");
        if client.rng.percent(50) {
            self.leave(client).await;
        }
    }

    /// What the end waits for.
    fn open(&self, client: &Client) -> String {
        let (number, partitions) = (self.plan.number, self.plan.partitions);
        let idle = client.stage.oracle().groups.idle(number, partitions);
        let progress = client.stage.progress.borrow();
        let unread: Vec<_> = (0..partitions)
            .filter(|partition| !progress.done.contains(&(number, *partition)))
            .collect();
        format!("nobody at {idle:?}, not read to the end {unread:?}")
    }

    fn has_settled(&self, client: &Client) -> bool {
        let (number, partitions) = (self.plan.number, self.plan.partitions);
        let is_settled = client.stage.oracle().groups.is_settled(number, partitions);
        let progress = client.stage.progress.borrow();
        let is_done = |partition| progress.done.contains(&(number, partition));
        is_settled && (0..partitions).all(is_done)
    }
}
