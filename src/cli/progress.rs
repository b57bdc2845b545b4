//! How far reading has come, on standard error, for who waits at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What is done sooner needs no progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

/// A bar that is shown until this value is dropped.
#[derive(Debug)]
pub struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// No bar.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Watches `read`, the bytes that have been read so far, of `total` where that is known. Reading never waits for
    /// it.
    #[must_use]
    pub fn watch(read: Arc<AtomicU64>, total: Option<u64>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let ticker = thread::Builder::new().name("progress".to_owned()).spawn(move || tick(&read, total, &stopped));
        Self(ticker.ok().map(|ticker| (stop, ticker)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, ticker)) = self.0.take() {
            drop(stop);
            // The bar must be gone before anything else is printed. A ticker that panicked has nothing left to clear.
            let _ = ticker.join();
        }
    }
}

fn tick(read: &AtomicU64, total: Option<u64>, stopped: &Receiver<()>) {
    // It counts, and so measures speed, from the beginning; it is seen later.
    let bar = bar(total);
    let mut wait = PATIENCE;
    while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        wait = TICK;
        bar.set_position(read.load(Ordering::Relaxed));
        bar.tick();
    }
    bar.finish_and_clear();
}

fn bar(total: Option<u64>) -> ProgressBar {
    let hidden = ProgressDrawTarget::hidden();
    let (bar, template) = match total {
        Some(total) => {
            let template = "{bar:20} {percent:>3} %  {bytes}, {bytes_per_sec}, {eta} left";
            (ProgressBar::with_draw_target(Some(total), hidden), template)
        }
        None => (ProgressBar::with_draw_target(None, hidden), "{spinner} {bytes} read, {bytes_per_sec}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
