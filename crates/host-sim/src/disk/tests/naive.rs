//! The disk model against a naive one, over any steps: what lives, what is durable, what a cut may leave.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    Write { name: usize, position: u64, len: usize, fill: u8 },
    SetLen { name: usize, len: u64 },
    Sync { name: usize },
    Rename { from: usize, to: usize },
    Remove { name: usize },
    SyncDir,
    Kill,
}

const NAMES: [&str; 3] = ["/a", "/b", "/c"];

fn steps(cuts: bool) -> impl Strategy<Value = Vec<Step>> {
    let name = 0..NAMES.len();
    let write = (name.clone(), 0u64..9_000, 1usize..5_000, 1u8..)
        .prop_map(|(name, position, len, fill)| Step::Write { name, position, len, fill });
    let cut = (name.clone(), 0u64..9_000).prop_map(|(name, len)| Step::SetLen { name, len });
    let other = prop_oneof![
        name.clone().prop_map(|name| Step::Sync { name }),
        (name.clone(), name.clone()).prop_map(|(from, to)| Step::Rename { from, to }),
        name.prop_map(|name| Step::Remove { name }),
        Just(Step::SyncDir),
        Just(Step::Kill),
    ];
    let weight = u32::from(cuts);
    proptest::collection::vec(prop_oneof![4 => write, weight => cut, 4 => other], 1..40)
}

/// Whole copies of everything, one for each moment.
#[derive(Debug, Clone, Default)]
struct Naive {
    names: BTreeMap<usize, usize>,
    durable_names: BTreeMap<usize, usize>,
    /// For each file all contents since its last sync, the durable one first.
    versions: Vec<Vec<Vec<u8>>>,
}

impl Naive {
    fn edit(&mut self, name: usize, edit: impl FnOnce(&mut Vec<u8>)) {
        let next = self.versions.len();
        let id = *self.names.entry(name).or_insert(next);
        if id == next {
            self.versions.push(vec![Vec::new()]);
        }
        let mut now = self.versions[id].last().unwrap().clone();
        edit(&mut now);
        self.versions[id].push(now);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Write { name, position, len, fill } => self.edit(name, |content| {
                let position = usize::try_from(position).unwrap();
                content.resize(content.len().max(position + len), 0);
                content[position..position + len].fill(fill);
            }),
            Step::SetLen { name, len } => {
                self.edit(name, |content| {
                    content.resize(usize::try_from(len).unwrap(), 0)
                });
            }
            Step::Sync { name } => {
                if let Some(id) = self.names.get(&name) {
                    let now = self.versions[*id].pop().unwrap();
                    self.versions[*id] = vec![now];
                }
            }
            Step::Rename { from, to } => {
                if let Some(id) = self.names.remove(&from) {
                    self.names.insert(to, id);
                }
            }
            Step::Remove { name } => {
                self.names.remove(&name);
            }
            Step::SyncDir => self.durable_names = self.names.clone(),
            Step::Kill => {}
        }
    }

    fn live(&self, name: usize) -> Option<Vec<u8>> {
        let id = self.names.get(&name)?;
        self.versions[*id].last().cloned()
    }

    fn durable(&self, name: usize) -> Option<Vec<u8>> {
        let id = self.durable_names.get(&name)?;
        self.versions[*id].first().cloned()
    }
}

fn take(disk: &SimDisk, step: &Step) {
    let open = |name: usize| disk.open(Path::new(NAMES[name]), OpenMode::Create).unwrap();
    let path = |name: usize| Path::new(NAMES[name]);
    match *step {
        Step::Write { name, position, len, fill } => {
            put(&*open(name), &vec![fill; len], position).unwrap();
        }
        Step::SetLen { name, len } => open(name).set_len(len).unwrap(),
        Step::Sync { name } => {
            if disk.exists(path(name)).unwrap() {
                open(name).sync_data().unwrap();
            }
        }
        Step::Rename { from, to } => {
            if disk.exists(path(from)).unwrap() {
                disk.rename(path(from), path(to)).unwrap();
            }
        }
        Step::Remove { name } => {
            let there = disk.exists(path(name)).unwrap();
            assert_eq!(disk.remove_file(path(name)).is_ok(), there);
        }
        Step::SyncDir => disk.sync_dir(Path::new("/")).unwrap(),
        Step::Kill => disk.crash(CrashPolicy::KeepAll, &mut rng()),
    }
}

fn run(steps: &[Step]) -> (SimDisk, Naive) {
    let (disk, mut naive) = (SimDisk::new(), Naive::default());
    for step in steps {
        take(&disk, step);
        naive.step(step);
    }
    (disk, naive)
}

fn unit(content: &[u8], index: usize) -> Vec<u8> {
    let from = (index * 512).min(content.len());
    let mut unit = content[from..content.len().min(from + 512)].to_vec();
    unit.resize(512, 0);
    unit
}

proptest! {
    #[test]
    fn live_and_durable_content_match_a_naive_model(steps in steps(true)) {
        let (disk, naive) = run(&steps);
        for (i, name) in NAMES.iter().enumerate() {
            prop_assert_eq!(content(&disk, name), naive.live(i));
        }
        let all = disk.fork();
        all.crash(CrashPolicy::Prefix(usize::MAX), &mut rng());
        disk.crash(CrashPolicy::DropUnsynced, &mut rng());
        for (i, name) in NAMES.iter().enumerate() {
            prop_assert_eq!(content(&all, name), naive.live(i));
            prop_assert_eq!(content(&disk, name), naive.durable(i));
        }
    }

    #[test]
    fn an_ordered_cut_leaves_some_prefix_of_all_changes(steps in steps(true), seed: u64) {
        let (disk, _) = run(&steps);
        let state = |disk: &SimDisk| NAMES.map(|name| content(disk, name));
        let prefixes: Vec<_> = (0..=disk.pending())
            .map(|n| {
                let fork = disk.fork();
                fork.crash(CrashPolicy::Prefix(n), &mut rng());
                state(&fork)
            })
            .collect();
        disk.crash(CrashPolicy::Random { torn: false, reorder: false }, &mut SimRng::new(seed));
        prop_assert!(prefixes.contains(&state(&disk)));
    }

    #[test]
    fn a_torn_cut_leaves_each_unit_as_it_was_once(steps in steps(false), seed: u64) {
        let (disk, naive) = run(&steps);
        disk.crash(CrashPolicy::Random { torn: true, reorder: true }, &mut SimRng::new(seed));
        for name in NAMES {
            let Some(found) = content(&disk, name) else { continue };
            let units = found.len().div_ceil(512);
            let of_one_file = naive.versions.iter().any(|versions| {
                (0..units).all(|i| versions.iter().any(|v| unit(v, i) == unit(&found, i)))
            });
            prop_assert!(of_one_file, "{} holds bytes that no file ever held", name);
        }
    }
}
