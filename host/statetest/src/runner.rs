//! All cases of many files, on all cores, told in the order of the files.

use crate::{
    error::StateTestError,
    file::{FileRun, run_one},
    filter::NameFilter,
    report::{CaseId, CaseResult, Summary},
    source::{self, Event, Input, Location},
};
use proz_host::{VmFactory, inspection::InspectorCell};
use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

/// Files that wait for a worker, per worker.
const WAITING_PER_WORKER: usize = 4;

/// Native stack of a worker, in bytes: deep calls seldom need another segment. Virtual memory.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// What is run and what is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only cases of this fork, by the suite's name or the revision's.
    pub fork: Option<String>,
    /// Only tests with such a name.
    pub name: Option<NameFilter>,
    /// Threads; `None` for one per core.
    pub threads: Option<NonZeroUsize>,
    /// Tells of cases that passed, too.
    pub report_passed: bool,
    /// Reads the signed transaction of each case, where the file holds it, as well: its signer and
    /// fields must be those that the case's parts make, or it must be refused where the case is.
    pub check_envelopes: bool,
}

impl Options {
    pub(crate) fn accepts(&self, name: &str) -> bool {
        self.name.as_ref().is_none_or(|filter| filter.accepts(name))
    }
}

/// Somebody who follows a run. All methods do nothing unless they are written.
pub trait Progress: Sync {
    /// The run begins: bytes on the disk, compressed, that will be read.
    fn begin(&self, _total_bytes: u64) {}

    /// So many bytes more are read. Called from the reading thread.
    fn advance(&self, _bytes: u64) {}

    /// So many cases more have ended. Called from any thread, in no order.
    fn ended(&self, _cases: u64) {}

    /// A case did not pass, or [`Options::report_passed`] is set. Called for one case at a time,
    /// in the order of files and cases.
    fn case(&self, _result: &CaseResult) {}
}

/// Nobody follows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}

/// Runs all tests under the paths: files, folders, `.tar.zst` archives.
///
/// What is told is the same for any number of threads.
///
/// # Errors
///
/// [`StateTestError::Unreadable`] and [`StateTestError::UnknownKind`] for the paths themselves. What
/// goes wrong later is a failed case of the summary.
pub fn run(
    vms: &VmFactory,
    paths: &[PathBuf],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary, StateTestError> {
    let inputs = source::inputs(paths)?;
    progress.begin(inputs.iter().map(|input| input.size_bytes).sum());
    let workers = options
        .threads
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let (sender, receiver) = mpsc::sync_channel(workers * WAITING_PER_WORKER);
    let crew = Crew {
        vms,
        options,
        progress,
        jobs: Mutex::new(receiver),
        spare: Mutex::default(),
        told: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            // Without a single thread, nobody would empty the channel.
            if builder.spawn_scoped(scope, || crew.work()).is_err() {
                scope.spawn(|| crew.work());
            }
        }
        crew.read(&inputs, &sender);
        drop(sender);
    });
    let told = crew
        .told
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(told.summary)
}

/// Runs one case again, with somebody watching.
///
/// # Errors
///
/// [`StateTestError`] when its file cannot be read any more, or has no such case.
pub fn run_case(
    vms: &VmFactory,
    id: &CaseId,
    inspector: Option<&InspectorCell>,
) -> Result<CaseResult, StateTestError> {
    let contents = source::reopen(&id.location)?;
    run_one(vms, id, &contents, inspector)
}

/// A file on its way to a worker.
struct Job {
    number: u64,
    location: Location,
    contents: Result<Vec<u8>, StateTestError>,
}

/// What workers share.
struct Crew<'r> {
    vms: &'r VmFactory,
    options: &'r Options,
    progress: &'r dyn Progress,
    jobs: Mutex<mpsc::Receiver<Job>>,
    /// Memory of files that are done with.
    spare: Mutex<Vec<Vec<u8>>>,
    told: Mutex<Told>,
}

/// What is known so far, and what waits for earlier files.
#[derive(Default)]
struct Told {
    summary: Summary,
    next: u64,
    waiting: BTreeMap<u64, Vec<CaseResult>>,
}

impl Crew<'_> {
    /// Reads everything and hands it out.
    fn read(&self, inputs: &[Input], sender: &mpsc::SyncSender<Job>) {
        let mut number = 0;
        let mut give = |event| {
            let (location, contents) = match event {
                Event::File(location, contents) => (location, Ok(contents)),
                Event::Failure(location, error) => (location, Err(error)),
                Event::Done(bytes) => {
                    self.progress.advance(bytes);
                    return true;
                }
            };
            let job = Job {
                number,
                location,
                contents,
            };
            number += 1;
            sender.send(job).is_ok()
        };
        let mut buffer = || lock(&self.spare).pop().unwrap_or_default();
        for input in inputs {
            if !source::stream(input, &mut buffer, &mut give) {
                return;
            }
        }
    }

    fn work(&self) {
        let mut summary = Summary::default();
        loop {
            // The lock is held while waiting; the others wait for the lock instead.
            let job = lock(&self.jobs).recv();
            let Ok(job) = job else {
                break;
            };
            let mut run = FileRun::new(self.vms, self.options, job.location);
            match job.contents {
                Ok(contents) => {
                    run.run(&contents);
                    lock(&self.spare).push(contents);
                }
                Err(error) => run.fail(&error),
            }
            self.progress.ended(run.summary.counts.total());
            summary.merge(run.summary);
            self.tell(job.number, run.results);
        }
        lock(&self.told).summary.merge(summary);
    }

    /// Tells of a file's cases as soon as all earlier files have been told of.
    fn tell(&self, number: u64, results: Vec<CaseResult>) {
        let mut told = lock(&self.told);
        told.waiting.insert(number, results);
        loop {
            let next = told.next;
            let Some(results) = told.waiting.remove(&next) else {
                return;
            };
            for result in &results {
                self.progress.case(result);
            }
            told.next += 1;
        }
    }
}

/// A poisoned lock protects data that is whole: each is changed by one statement.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
