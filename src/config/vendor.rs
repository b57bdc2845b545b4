//! Whose configuration a file is.

use super::{directory_of, glob};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// Who reads a configuration, and writes the logs that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// nginx, and what is made of it.
    Nginx,
    /// Apache httpd.
    Apache,
    /// `HAProxy`.
    Haproxy,
}

impl Vendor {
    /// What stands before a layout of theirs for `-l`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache",
            Self::Haproxy => "haproxy",
        }
    }

    /// As people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Haproxy => "HAProxy",
        }
    }
}

/// The main configurations of directories, by name. One that has several is that of the first.
const MAIN: [&str; 7] = [
    "nginx.conf",
    "conf/nginx.conf",
    "apache2.conf",
    "httpd.conf",
    "conf/httpd.conf",
    "haproxy.cfg",
    "etc/haproxy/haproxy.cfg",
];

/// The files that a path stands for: itself, or, of a directory, the main configuration in it, or, as for `haproxy -f`,
/// all in it whose names end in `.cfg`.
///
/// # Errors
/// When a directory holds no configuration.
pub(super) fn within(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    if let Some(main) = MAIN.iter().map(|name| path.join(name)).find(|path| path.is_file()) {
        return Ok(vec![main]);
    }
    let parts = glob::expand(path, "*.cfg", 1_000);
    if parts.is_empty() {
        return Err(Error::Usage(format!(
            "--config: {}: no nginx.conf, httpd.conf, apache2.conf or *.cfg in this directory",
            path.display()
        )));
    }
    Ok(parts)
}

/// Whose configuration a file is, by its content, or, where that does not tell, by its name.
///
/// # Errors
/// When neither tells.
pub(super) fn of(path: &Path, text: &str) -> Result<Vendor, Error> {
    by_content(text).or_else(|| by_name(path)).ok_or_else(|| {
        let path = path.display();
        Error::Usage(format!("--config: {path}: is no configuration of nginx, Apache or HAProxy"))
    })
}

/// What most lines look like; `None` where no line tells, or where as many tell this as that.
fn by_content(text: &str) -> Option<Vendor> {
    let (mut nginx, mut apache, mut haproxy) = (0_u32, 0_u32, 0_u32);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let first = line.split_ascii_whitespace().next().unwrap_or_default();
        let (code, _) = line.split_once(" #").unwrap_or((line, ""));
        let code = code.trim_end();
        if code.ends_with([';', '{']) || code == "}" || code.ends_with("; }") {
            nginx += 1;
        } else if line.starts_with('<') && line.ends_with('>') || is_apache(first) {
            apache += 1;
        } else if is_haproxy(first) {
            haproxy += 1;
        }
    }
    let most = nginx.max(apache).max(haproxy);
    let mut best = [(nginx, Vendor::Nginx), (apache, Vendor::Apache), (haproxy, Vendor::Haproxy)]
        .into_iter()
        .filter(|(count, _)| *count == most);
    match (most, best.next(), best.next()) {
        (1.., Some((_, vendor)), None) => Some(vendor),
        _ => None,
    }
}

/// Directives of Apache's that nearly every configuration has, in any case of letters.
fn is_apache(first: &str) -> bool {
    let known = [
        "ServerRoot",
        "ServerName",
        "ServerAdmin",
        "ServerAlias",
        "ServerTokens",
        "LoadModule",
        "Include",
        "IncludeOptional",
        "Define",
        "DocumentRoot",
        "ErrorLog",
        "ErrorLogFormat",
        "CustomLog",
        "GlobalLog",
        "LogFormat",
        "LogLevel",
        "TransferLog",
        "PidFile",
        "ProxyPass",
        "ProxyPassReverse",
        "AllowOverride",
        "Options",
        "Require",
        "DirectoryIndex",
        "BalancerMember",
        "SSLEngine",
    ];
    known.iter().any(|name| name.eq_ignore_ascii_case(first))
}

/// `HAProxy`'s sections, and the keywords that nearly every configuration has. Letters are small.
fn is_haproxy(first: &str) -> bool {
    [
        "global",
        "defaults",
        "frontend",
        "backend",
        "listen",
        "mode",
        "option",
        "timeout",
        "bind",
        "server",
        "balance",
        "maxconn",
        "default_backend",
        "use_backend",
        "log",
        "log-format",
        "acl",
        "http-request",
        "errorfile",
        "daemon",
    ]
    .contains(&first)
}

fn by_name(path: &Path) -> Option<Vendor> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let directory = directory_of(path).to_string_lossy().to_ascii_lowercase();
    let says = |word: &str| name.contains(word) || directory.contains(word);
    match () {
        () if says("nginx") => Some(Vendor::Nginx),
        () if says("haproxy") || name.ends_with(".cfg") => Some(Vendor::Haproxy),
        () if says("apache") || says("httpd") => Some(Vendor::Apache),
        () => None,
    }
}
