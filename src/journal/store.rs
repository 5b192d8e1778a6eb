//! A journal on disk, open for writing: create, reopen, append.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use serde_json::Value;

use super::event::{Event, Record, StepId};
use super::history::History;
use super::lines::{checksum, read_back, redact};
use super::lock::{self, Holder, private_dir};
use super::operations::{Begun, Former};
use super::runs::{FILE, Summary, mark};
use crate::error::{Error, Result};

/// Bytes of looks that wait in memory at most, where they may.
const PENDING: usize = 64 << 10;

/// The journal of one run, open for writing: this process is the only one that holds it.
pub struct Journal {
    /// The run's id, and a part of the checksum of its first record.
    mark: String,
    /// This process, at work on this run.
    holder: Holder,
    directory: PathBuf,
    writer: Mutex<Writer>,
    synced: Condvar,
    /// The file again, to sync it without holding the writer.
    disk: File,
    /// Held for as long as the run lives: one run per cluster.
    _lock: File,
}

struct Writer {
    file: File,
    history: History,
    /// Checksum of the last line.
    chain: String,
    /// Number of the last record known to be on disk.
    durable: u64,
    syncing: bool,
    /// A write failed: the end of the file is not known any more.
    broken: Option<String>,
    secrets: Vec<Secret>,
    /// Whether what is recorded has to outlive this machine's power.
    lasting: bool,
    /// The record that is being written.
    body: Vec<u8>,
    /// Lines that are not in the file yet.
    pending: Vec<u8>,
}

/// What never reaches the disk.
struct Secret {
    text: String,
    /// The same within JSON.
    escaped: String,
}

impl Journal {
    /// Begins a journal for a new run of `cluster` below `root`; `first` makes its first event from
    /// the run's id.
    ///
    /// # Errors
    /// If another run of this cluster lives; if the disk refuses.
    pub fn create(root: &Path, cluster: &str, first: impl FnOnce(&str) -> Event) -> Result<Self> {
        let lock = lock::take(root, cluster)?;
        let controller = lock::controller(root)?;
        let now = jiff::Zoned::now();
        let group = root.join(cluster);
        let run = (0..100)
            .map(|count| {
                let stamp = now.strftime("%Y%m%d-%H%M%S");
                if count == 0 {
                    stamp.to_string()
                } else {
                    // Two digits, so that names sort as the runs began.
                    format!("{stamp}-{count:02}")
                }
            })
            .find(|run| !group.join(run).exists())
            .unwrap_or_else(|| now.timestamp().as_nanosecond().to_string());
        let directory = group.join(&run);
        private_dir(&directory)?;
        private_dir(&directory.join("files"))?;
        let path = directory.join(FILE);
        let file = OpenOptions::new()
            .create_new(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .and_then(|file| {
                File::open(&directory)?.sync_all()?;
                File::open(&group)?.sync_all()?;
                Ok(file)
            })
            .map_err(|error| Error::controller(format!("create `{}`", path.display()), error))?;
        let event = first(&run);
        let holder = Holder::this(&controller, cluster, &run, script(&event));
        lock::name(&lock, &holder)?;
        let (history, chain) = (History::default(), String::new());
        let mut journal = Self::over(directory, file, lock, holder, history, chain)?;
        journal.append(event)?;
        let sum = journal.writer().chain.clone();
        journal.mark = mark(journal.run(), sum.as_bytes());
        Ok(journal)
    }

    /// Opens the journal of `run` to go on with it; returns its records and a warning if its end was
    /// torn off.
    ///
    /// # Errors
    /// If another run of this cluster lives; if the journal is damaged before its end.
    pub fn reopen(root: &Path, run: &Summary) -> Result<(Self, Vec<Record>, Option<String>)> {
        let lock = lock::take(root, &run.cluster)?;
        let path = run.directory.join(FILE);
        let refused =
            |error: std::io::Error| Error::controller(format!("open `{}`", path.display()), error);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(refused)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(refused)?;
        let read = read_back(run, &bytes)?;
        if read.torn.is_some() {
            file.set_len(read.length).map_err(refused)?;
            file.sync_data().map_err(refused)?;
        }
        file.seek(SeekFrom::End(0)).map_err(refused)?;
        let name = read
            .records
            .first()
            .map_or("", |first| script(&first.event));
        let holder = Holder::this(&lock::controller(root)?, &run.cluster, &run.run, name);
        lock::name(&lock, &holder)?;
        let directory = run.directory.clone();
        let mut journal = Self::over(directory, file, lock, holder, read.history, read.chain)?;
        journal.mark = mark(&run.run, &bytes);
        Ok((journal, read.records, read.torn))
    }

    fn over(
        directory: PathBuf,
        file: File,
        lock: File,
        holder: Holder,
        history: History,
        chain: String,
    ) -> Result<Self> {
        let disk = file
            .try_clone()
            .map_err(|error| Error::controller("open the journal", error))?;
        Ok(Self {
            mark: String::new(),
            holder,
            directory,
            writer: Mutex::new(Writer {
                file,
                durable: history.records(),
                history,
                chain,
                syncing: false,
                broken: None,
                secrets: Vec::new(),
                lasting: true,
                body: Vec::new(),
                pending: Vec::new(),
            }),
            synced: Condvar::new(),
            disk,
            _lock: lock,
        })
    }

    /// Records `event`. What announces or settles an effect is on disk when this returns; events of
    /// several threads share one sync.
    ///
    /// # Errors
    /// If the disk refuses, now or earlier; if `event` cannot follow what was there.
    pub fn append(&self, event: Event) -> Result<()> {
        let durable = event.is_durable();
        let mut writer = self.writer();
        let number = writer.write(event, durable)?;
        if !durable || !writer.lasting {
            return Ok(());
        }
        while writer.durable < number {
            if writer.syncing {
                writer = self.synced.wait(writer).expect("no panic while writing");
                writer.check()?;
                continue;
            }
            // This thread syncs for all that have written so far.
            writer.syncing = true;
            let written = writer.history.records();
            drop(writer);
            let done = self.disk.sync_data();
            writer = self.writer();
            writer.syncing = false;
            match done {
                Ok(()) => writer.durable = written,
                Err(error) => writer.broken = Some(error.to_string()),
            }
            self.synced.notify_all();
            writer.check()?;
        }
        Ok(())
    }

    /// Lets `secret` never reach the disk: it is written as `[secret]`.
    pub fn conceal(&self, secret: &str) {
        if !secret.is_empty() {
            let quoted = Value::from(secret).to_string();
            self.writer().secrets.push(Secret {
                text: secret.to_owned(),
                escaped: quoted[1..quoted.len() - 1].to_owned(),
            });
        }
    }

    /// Lets the system write to the disk when it likes, and looks wait for the next change: the hosts are
    /// simulated and do not outlive this machine's power, or even this process.
    pub fn relax(&self) {
        self.writer().lasting = false;
    }

    /// Hands everything recorded so far to the system, so that it can be read.
    pub fn write_out(&self) {
        let mut writer = self.writer();
        if writer.broken.is_none() && !writer.pending.is_empty() {
            writer.flush();
        }
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.holder.run
    }

    /// Who works on the run: this process.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The directory of the run; for the owner only.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The run's name among all runs of all controllers: hosts keep what belongs to it under this name.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Where the run keeps copies of the hosts' files; for the owner only.
    pub fn files(&self) -> PathBuf {
        self.directory.join("files")
    }

    /// The value of `step` on `host`, if it finished.
    pub fn finished(&self, step: &StepId, host: &str) -> Option<Arc<Value>> {
        self.writer().history.finished(step, host).cloned()
    }

    /// The hosts for which `question` was answered with yes; `None` if it was not.
    pub fn confirmed(&self, question: &str) -> Option<BTreeSet<String>> {
        self.writer().history.confirmed(question).cloned()
    }

    /// Whether an earlier process may have left records of commands on `host`.
    pub fn left_records_on(&self, host: &str) -> bool {
        let history = &self.writer().history;
        history.was_resumed() && history.operations().were_on(host)
    }

    /// The commands that may still run though nobody follows them: by host, each with its number.
    pub fn adrift(&self) -> HashMap<String, Vec<(u64, Begun)>> {
        let mut by_host: HashMap<String, Vec<(u64, Begun)>> = HashMap::new();
        for (number, begun) in self.writer().history.operations().adrift() {
            let here = by_host.entry(begun.host.clone()).or_default();
            here.push((*number, begun.clone()));
        }
        by_host
    }

    /// The `nth` start, from 0, of `command` on `host`, in `step` on `branch`, if it is on record and the step not
    /// settled there.
    pub fn former(
        &self,
        step: &StepId,
        branch: &str,
        host: &str,
        command: &str,
        nth: usize,
    ) -> Option<Former> {
        let writer = self.writer();
        let mut command = Value::from(command);
        for secret in &writer.secrets {
            // What was read back has it concealed.
            redact(&mut command, &secret.text);
        }
        let operations = writer.history.operations();
        let command = command.as_str().unwrap_or_default();
        operations.former(step, branch, host, command, nth).cloned()
    }

    /// The highest number of a command.
    pub fn last_operation(&self) -> u64 {
        self.writer().history.last_operation()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().expect("no panic while writing")
    }
}

impl Writer {
    fn check(&self) -> Result<()> {
        match &self.broken {
            Some(reason) => Err(Error::controller("write the journal", reason)
                .with_hint("make room or repair the disk, then `ocpdg resume`")),
            None => Ok(()),
        }
    }

    fn write(&mut self, event: Event, durable: bool) -> Result<u64> {
        self.check()?;
        let mut record = Record {
            number: self.history.records() + 1,
            time: jiff::Timestamp::now(),
            event,
        };
        let refused = |error| Error::controller("write the journal", error);
        self.body.clear();
        serde_json::to_writer(&mut self.body, &record).map_err(refused)?;
        if self.says_secrets() {
            if let Event::PhaseFinished { value, lacking, .. } = &mut record.event
                && value.take().is_some()
            {
                // What is concealed in it would be taken for what it was.
                *lacking = Some("it holds a secret, which is never kept".to_owned());
            }
            let mut value = serde_json::to_value(&record).map_err(refused)?;
            for secret in &self.secrets {
                redact(&mut value, &secret.text);
            }
            self.body = value.to_string().into_bytes();
        }
        self.history.apply(&record).map_err(|reason| {
            Error::controller("write the journal", format!("the event {reason}"))
        })?;
        let sum = checksum(&self.chain, &self.body);
        self.pending.extend_from_slice(sum.as_bytes());
        self.pending.push(b' ');
        self.pending.extend_from_slice(&self.body);
        self.pending.push(b'\n');
        self.chain = sum;
        if durable || self.lasting || self.pending.len() > PENDING {
            self.flush();
            self.check()?;
        }
        Ok(record.number)
    }

    fn says_secrets(&self) -> bool {
        if self.secrets.is_empty() {
            return false;
        }
        // What serde wrote is text.
        let body = str::from_utf8(&self.body).unwrap_or_default();
        self.secrets.iter().any(|one| body.contains(&one.escaped))
    }

    fn flush(&mut self) {
        if let Err(error) = self.file.write_all(&self.pending) {
            self.broken = Some(error.to_string());
        }
        self.pending.clear();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.broken.is_none() && !self.pending.is_empty() {
            self.flush();
        }
    }
}

/// The script of the run that begins with `first`.
fn script(first: &Event) -> &str {
    match first {
        Event::RunStarted { script, .. } => script,
        _ => "",
    }
}
