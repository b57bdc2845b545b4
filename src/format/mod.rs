//! Log formats: a payload in, a [`Skim`] for every line and a [`Record`] for those that matter out.
//!
//! One format is one file and one line in [`formats!`](self) below. Each file has
//!
//! - `ABOUT`, what `gatewhy formats` says of it, with sample lines;
//! - `skim`, which runs for every line and takes what counting needs; `None` means "not this format";
//! - `read`, which takes everything; it runs for failures, and for lines that `skim` hands on;
//! - `judge`, which says what the fields of a failed request are signs of.
//!
//! Formats of hosts (`host_*`) tell of no requests: what they say explains those of gateways. They come last, and claim
//! a line only where nobody else can have written it.
//!
//! Layouts of the user's own are compiled by `template`, one [`Template`] for each that is given.
//!
//! Whatever `skim` says, `read` says too; no line is claimed by two formats. Tests hold every format to both.

mod clf;
mod elb;
mod few;
mod haproxy;
mod host;
mod nginx;
mod record;
mod template;
pub(crate) mod unescape;

pub use few::Few;
pub use record::{
    About, Attempt, AttemptSigns, Attempts, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, is_unsafe,
};
pub use template::Template;

/// Declares each format once: its variant, its module, its place in [`Format::ALL`].
macro_rules! formats {
    ($($variant:ident => $module:ident,)+) => {
        $(mod $module;)+

        /// A log format that is known without being told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format {
            $(#[doc = concat!("See `src/format/", stringify!($module), ".rs`.")] $variant,)+
        }

        impl Format {
            /// Every format, in the order in which detection tries them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What is known of it.
            #[must_use]
            pub fn about(self) -> &'static About {
                match self { $(Self::$variant => &$module::ABOUT),+ }
            }

            /// Reads what counting needs; `None` where the line is not of this format.
            #[inline]
            #[must_use]
            pub fn skim(self, line: &[u8]) -> Option<Skimmed<'_>> {
                match self { $(Self::$variant => $module::skim(line)),+ }
            }

            /// Reads everything; `None` where the line is not of this format.
            #[inline]
            #[must_use]
            pub fn read(self, line: &[u8]) -> Option<Record<'_>> {
                match self { $(Self::$variant => $module::read(line)),+ }
            }

            /// Says what the fields of a record of this format are signs of. `statuses` are those of failed attempts.
            #[must_use]
            pub fn judge(self, record: &Record<'_>, statuses: &Statuses) -> Verdict {
                match self { $(Self::$variant => $module::judge(record, statuses)),+ }
            }
        }
    };
}

formats! {
    NginxAccess => nginx_access,
    NginxJson => nginx_json,
    NginxError => nginx_error,
    ApacheAccess => apache_access,
    ApacheError => apache_error,
    HaproxyHttp => haproxy_http,
    HaproxyTcp => haproxy_tcp,
    HaproxyError => haproxy_error,
    HaproxyState => haproxy_state,
    Alb => elb_alb,
    Elb => elb_classic,
    Nlb => elb_nlb,
    PhpFpm => host_php_fpm,
    Gunicorn => host_gunicorn,
    Uwsgi => host_uwsgi,
    Puma => host_puma,
    Node => host_node,
    Jvm => host_jvm,
    Kernel => host_kernel,
    Systemd => host_systemd,
}

impl Format {
    /// The program that an envelope must name as the sender for a line to be of this format; `None` where the line's
    /// own text tells.
    #[inline]
    #[must_use]
    pub fn writer(self) -> Option<&'static [u8]> {
        match self {
            Self::Systemd => Some(b"systemd"),
            _ => None,
        }
    }

    /// The format with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.about().name == name)
    }
}
