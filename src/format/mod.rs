//! Log formats: a payload in, a [`Skim`] for every line and a [`Record`] for those that matter out.
//!
//! One format is one file and one line in [`formats!`](self) below. Each file has
//!
//! - `ABOUT`, what `gatewhy formats` says of it, with sample lines: detection tries JSON objects as the formats that
//!   have an object among theirs, and other lines as those that have another line;
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

mod azure;
mod clf;
mod cloud;
mod cloudfront;
mod elb;
mod envoy_shared;
mod few;
mod go;
mod haproxy;
mod header;
mod host;
mod nginx;
mod record;
mod template;
mod traefik_shared;
mod tree;
mod w3c;

pub use crate::grammar::escape::{Coding, Escape};
pub use few::Few;
pub(crate) use haproxy::CONNECT_RESET;
pub use record::{About, Attempt, AttemptSigns, Attempts, Record, Skim, Skimmed, Statuses, Verdict, What, is_unsafe};
pub use template::Template;
pub use w3c::Fields;

/// The last of one or two.
macro_rules! last {
    ($one:expr) => {
        $one
    };
    ($one:expr, $other:expr) => {
        $other
    };
}

/// Declares each format once: its variant, its module, its place in [`Format::ALL`]. Where a line of the log names the
/// columns of those that follow, `(fields)` hands that on. Where its gateway writes layouts of others too, the
/// functions in brackets read what is said to be of this format. Where people lay it out as they like, those behind `or`
/// read what is of no format otherwise.
macro_rules! formats {
    ($(
        $variant:ident => $module:ident
        $(($fields:ident))? $([$skim:ident, $read:ident])? $(or [$skim_any:ident, $read_any:ident])?,
    )+) => {
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

            /// [`Format::skim`] of a line whose columns were named by a line before.
            #[inline]
            #[must_use]
            pub fn skim_under<'a>(self, fields: &Fields, line: &'a [u8]) -> Option<Skimmed<'a>> {
                match self {
                    $(Self::$variant => {
                        $(let $fields = fields;)?
                        $module::skim(line $(, $fields)?)
                    })+
                }
            }

            /// [`Format::read`] of a line whose columns were named by a line before.
            #[inline]
            #[must_use]
            pub fn read_under<'a>(self, fields: &Fields, line: &'a [u8]) -> Option<Record<'a>> {
                match self {
                    $(Self::$variant => {
                        $(let $fields = fields;)?
                        $module::read(line $(, $fields)?)
                    })+
                }
            }

            /// Whether it shares layouts with others: nginx, Apache and varnishncsa write `combined` byte for byte
            /// alike. Such lines are of this format where somebody says so, and of another where nobody does.
            #[must_use]
            pub fn shares_layouts(self) -> bool {
                match self { $(Self::$variant => last!(false $(, { stringify!($skim); true })?)),+ }
            }

            /// [`Format::skim`] of a line that is said to be of this format.
            #[inline]
            #[must_use]
            pub fn skim_named(self, line: &[u8]) -> Option<Skimmed<'_>> {
                match self { $(Self::$variant => last!(self.skim(line) $(, $module::$skim(line))?)),+ }
            }

            /// [`Format::read`] of a line that is said to be of this format.
            #[must_use]
            pub fn read_named(self, line: &[u8]) -> Option<Record<'_>> {
                match self { $(Self::$variant => last!(self.read(line) $(, $module::$read(line))?)),+ }
            }

            /// Whether people lay its lines out as they like, so that there are some that only their contents tell.
            #[must_use]
            pub fn has_any_layout(self) -> bool {
                match self { $(Self::$variant => last!(false $(, { stringify!($skim_any); true })?)),+ }
            }

            /// [`Format::skim`] of a line that no format claims, in any layout.
            #[must_use]
            pub fn skim_any(self, line: &[u8]) -> Option<Skimmed<'_>> {
                match self { $(Self::$variant => last!(self.skim(line) $(, $module::$skim_any(line))?)),+ }
            }

            /// [`Format::read`] of a line that no format claims, in any layout.
            #[must_use]
            pub fn read_any(self, line: &[u8]) -> Option<Record<'_>> {
                match self { $(Self::$variant => last!(self.read(line) $(, $module::$read_any(line))?)),+ }
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
    NginxAccess => nginx_access or [skim_any, read_any],
    NginxJson => nginx_json or [skim_any, read_any],
    NginxError => nginx_error,
    NginxStream => nginx_stream,
    ApacheAccess => apache_access [skim_named, read_named],
    ApacheError => apache_error,
    LighttpdError => lighttpd_error,
    HaproxyHttp => haproxy_http,
    HaproxyTcp => haproxy_tcp,
    HaproxyError => haproxy_error,
    HaproxyState => haproxy_state,
    LitespeedError => litespeed_error,
    Squid => squid [skim_named, read_named],
    Heroku => heroku,
    Gorouter => gorouter,
    Cloudfront => cloudfront_standard(fields),
    CloudfrontRealtime => cloudfront_realtime,
    Iis => iis(fields),
    IisNative => iis_native,
    IisHttperr => iis_httperr(fields),
    Alb => elb_alb,
    AlbConnection => elb_connection,
    Elb => elb_classic,
    Nlb => elb_nlb,
    Caddy => caddy,
    Varnish => varnish [skim_named, read_named],
    VarnishLog => varnish_log,
    Envoy => envoy,
    EnvoyJson => envoy_json,
    EnvoyLog => envoy_log,
    Traefik => traefik,
    TraefikJson => traefik_json,
    TraefikError => traefik_error,
    Skipper => skipper,
    SkipperError => skipper_error,
    CloudfrontJson => cloudfront_json,
    Cloudflare => cloudflare,
    Gclb => gclb,
    Appgw => appgw,
    Frontdoor => frontdoor,
    Akamai => akamai,
    Fastly => fastly [skim_named, read_named],
    Apigateway => apigateway,
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

    /// Reads what counting needs; `None` where the line is not of this format.
    #[inline]
    #[must_use]
    pub fn skim(self, line: &[u8]) -> Option<Skimmed<'_>> {
        self.skim_under(Fields::UNKNOWN, line)
    }

    /// Reads everything; `None` where the line is not of this format.
    #[inline]
    #[must_use]
    pub fn read(self, line: &[u8]) -> Option<Record<'_>> {
        self.read_under(Fields::UNKNOWN, line)
    }

    /// The format with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.about().name == name)
    }
}
