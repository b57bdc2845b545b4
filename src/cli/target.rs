//! Where output goes. A file is written whole or not at all: into a new file beside it, which takes its place at the
//! end.

use crate::error::Error;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Mutex, Once, PoisonError},
};
use tempfile::NamedTempFile;

/// The unfinished file of this run: what is to be removed when somebody stops it.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// How much is collected before it is written.
const BUFFER: usize = 1 << 16;

/// Where to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// This file, which need not exist.
    File(PathBuf),
}

/// A target that is being written to. Unless [committed](Sink::commit), it leaves a file as it was.
#[derive(Debug)]
pub struct Sink(Kind);

#[derive(Debug)]
enum Kind {
    /// Something that is there for others to read at once: standard output, a pipe, a device.
    Direct(BufWriter<Direct>),
    /// A regular file, under another name until it is whole.
    Whole(BufWriter<NamedTempFile>, PathBuf),
}

#[derive(Debug)]
enum Direct {
    Stdout(io::Stdout),
    File(File),
}

impl From<Option<PathBuf>> for Target {
    fn from(path: Option<PathBuf>) -> Self {
        path.filter(|path| path != Path::new("-")).map_or(Self::Stdout, Self::File)
    }
}

impl Target {
    /// The name in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdout => "standard output".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// An error that happened on the way to this target.
    #[must_use]
    pub fn error(&self, source: io::Error) -> Error {
        Error::Write { to: self.name(), source }
    }

    /// Finds out whether it can be written to, so that nobody waits for a report that cannot be kept. Changes nothing.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::File(path) if !is_special(path) => beside(path).map(drop).map_err(|source| self.error(source)),
            _ => Ok(()),
        }
    }

    /// Begins to write.
    ///
    /// # Errors
    /// When the target cannot be written to.
    pub fn open(&self) -> Result<Sink, Error> {
        let kind = match self {
            Self::Stdout => Ok(Kind::Direct(BufWriter::with_capacity(BUFFER, Direct::Stdout(io::stdout())))),
            Self::File(path) if is_special(path) => direct(path),
            Self::File(path) => {
                beside(path).map(|(file, path)| Kind::Whole(BufWriter::with_capacity(BUFFER, file), path))
            }
        };
        kind.map(Sink).map_err(|source| self.error(source))
    }
}

/// Whether `path` is something that cannot be replaced by a file: a pipe, a device.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn direct(path: &Path) -> io::Result<Kind> {
    let file = OpenOptions::new().write(true).open(path)?;
    Ok(Kind::Direct(BufWriter::with_capacity(BUFFER, Direct::File(file))))
}

/// A new file beside `path`, and the path that it is to have in the end: that of the file itself where `path` is a
/// link.
fn beside(path: &Path) -> io::Result<(NamedTempFile, PathBuf)> {
    let existing = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(metadata) => {
            // A file that may not be written to may not be replaced either, though its directory would let us.
            OpenOptions::new().write(true).open(path)?;
            Some(metadata.permissions())
        }
        Err(_) => None,
    };
    let path = if existing.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Tempfile's own message would name a file that nobody knows.
    let file = new_file(directory).map_err(|error| match fs::metadata(directory) {
        Err(missing) => missing,
        Ok(_) => io::Error::from(error.kind()),
    })?;
    if let Some(permissions) = existing {
        file.as_file().set_permissions(permissions)?;
    }
    Ok((file, path))
}

/// A new hidden file with the permissions that any new file gets; on its own, tempfile would keep it from everyone
/// else.
fn new_file(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gatewhy-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    clean_up_when_stopped();
    // Whoever stops the program meanwhile waits until the file has its name.
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    let file = builder.tempfile_in(directory)?;
    *unfinished = Some(file.path().to_owned());
    Ok(file)
}

/// Has the unfinished file removed should somebody stop the program (SIGINT, SIGTERM, SIGHUP).
fn clean_up_when_stopped() {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // Without a handler the program stops all the same, and leaves the file behind.
        let _ = ctrlc::set_handler(|| {
            // Held to the end, so that no other file is begun.
            let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(path) = unfinished.take() {
                let _ = fs::remove_file(path);
            }
            std::process::exit(STOPPED);
        });
    });
}

/// The exit status of a program that was stopped, as shells give it for SIGINT.
const STOPPED: i32 = 130;

impl Sink {
    /// Makes what was written the target's content.
    ///
    /// # Errors
    /// When that fails; a file is then as it was.
    pub fn commit(self) -> io::Result<()> {
        match self.0 {
            Kind::Direct(mut out) => out.flush(),
            Kind::Whole(out, path) => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                // Or a power cut could leave the new name with the old disk's content.
                file.as_file().sync_data()?;
                file.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Direct(out) => out.write(bytes),
            Kind::Whole(out, _) => out.write(bytes),
        }
    }

    /// Hands on what others may be waiting for; into a file that nobody sees yet, there is no hurry.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Kind::Direct(out) => out.flush(),
            Kind::Whole(..) => Ok(()),
        }
    }
}

impl Write for Direct {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out) => out.flush(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn writes_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.csv");
        let target = Target::File(path.clone());

        target.check().unwrap();
        let mut sink = target.open().unwrap();
        sink.write_all(b"lost").unwrap();
        drop(sink);
        assert_eq!(names(directory.path()), [""; 0]);

        fs::write(&path, "old").unwrap();
        let mut sink = target.open().unwrap();
        sink.write_all(b"new").unwrap();
        sink.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        sink.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(directory.path()), ["out.csv"]);
    }

    #[test]
    fn says_early_what_cannot_be() {
        let directory = tempfile::tempdir().unwrap();
        let within = Target::File(directory.path().join("no/such/directory.csv"));
        assert!(within.check().is_err());
        let itself = Target::File(directory.path().to_owned());
        assert!(itself.check().is_err_and(|error| error.to_string().contains("is a directory")));
        assert_eq!(Target::from(Some(PathBuf::from("-"))), Target::Stdout);
    }

    #[test]
    fn names_no_file_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let error = Target::File(directory.path().join("no/out.csv")).check().unwrap_err().to_string();
        assert!(error.contains("no/out.csv: ") && !error.contains(".gatewhy"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_links() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let directory = tempfile::tempdir().unwrap();
        let [path, link, fresh, plain] = ["out", "link", "fresh", "plain"].map(|name| directory.path().join(name));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        let mut sink = Target::File(link.clone()).open().unwrap();
        sink.write_all(b"new").unwrap();
        sink.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o640));

        fs::write(&plain, "").unwrap();
        Target::File(fresh.clone()).open().unwrap().commit().unwrap();
        assert_eq!(mode(&fresh), mode(&plain));
    }

    #[cfg(unix)]
    #[test]
    fn leaves_devices_what_they_are() {
        let null = Target::File(PathBuf::from("/dev/null"));
        null.check().unwrap();
        let mut sink = null.open().unwrap();
        sink.write_all(b"x").unwrap();
        sink.commit().unwrap();
        assert!(is_special(Path::new("/dev/null")));
    }
}
