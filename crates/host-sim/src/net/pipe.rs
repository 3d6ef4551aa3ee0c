//! One direction of a connection: bytes under way, each piece with the moment of its arrival.

use crate::SimRng;
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::task::Waker;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Pipe {
    pieces: VecDeque<(Instant, Bytes)>,
    buffered: usize,
    last_arrival: Option<Instant>,
    /// The writer is done; the reader hears of it at this moment, after all bytes.
    end: Option<Instant>,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Bytes,
    End,
    Later(Instant),
    Nothing,
}

impl Pipe {
    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    /// The arrival of something sent now: never before what was sent earlier.
    fn arrival(&mut self, soonest: Instant) -> Instant {
        let arrival = self.last_arrival.map_or(soonest, |last| last.max(soonest));
        self.last_arrival = Some(arrival);
        arrival
    }

    pub(super) fn push(&mut self, bytes: Bytes, soonest: Instant) {
        let arrival = self.arrival(soonest);
        self.buffered += bytes.len();
        self.pieces.push_back((arrival, bytes));
        wake(&mut self.reader);
    }

    pub(super) fn finish(&mut self, soonest: Instant) {
        if self.end.is_none() {
            let arrival = self.arrival(soonest);
            self.end = Some(arrival);
            wake(&mut self.reader);
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn find(&self, now: Instant) -> Found {
        match (self.pieces.front(), self.end) {
            (Some((arrival, _)), _) if *arrival <= now => Found::Bytes,
            (Some((arrival, _)), _) => Found::Later(*arrival),
            (None, Some(end)) if end <= now => Found::End,
            (None, Some(end)) => Found::Later(end),
            (None, None) => Found::Nothing,
        }
    }

    /// Up to `max` bytes of the piece that arrived first.
    pub(super) fn take(&mut self, max: usize) -> Bytes {
        let Some((_, piece)) = self.pieces.front_mut() else {
            return Bytes::new();
        };
        let taken = piece.split_to(max.min(piece.len()));
        if !piece.has_remaining() {
            self.pieces.pop_front();
        }
        self.buffered -= taken.len();
        wake(&mut self.writer);
        taken
    }

    /// The connection breaks: a random part of the bytes under way still arrives.
    pub(super) fn keep_part(&mut self, rng: &mut SimRng) {
        let mut left = rng.index(self.buffered + 1);
        self.end = None;
        self.pieces.retain_mut(|(_, piece)| {
            piece.truncate(left);
            left -= piece.len();
            !piece.is_empty()
        });
        self.buffered = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
    }

    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.buffered = 0;
        self.end = None;
    }

    pub(super) fn wake(&mut self) {
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
