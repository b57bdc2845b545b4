//! The headers of a request that are worth reading wherever a layout names them: nginx's `$http_NAME`, Apache's
//! `%{NAME}i`, HAProxy's `%[req.hdr(NAME)]`.

/// What a header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Host,
    UserAgent,
    /// Who the client is, as proxies before this one say.
    ForwardedFor,
    /// An id that other tiers may have logged.
    RequestId,
}

/// Their names in lower case.
pub(super) const HEADERS: [(&str, Header); 10] = [
    ("host", Header::Host),
    ("user-agent", Header::UserAgent),
    ("x-forwarded-for", Header::ForwardedFor),
    ("x-real-ip", Header::ForwardedFor),
    ("x-request-id", Header::RequestId),
    ("x-correlation-id", Header::RequestId),
    ("x-trace-id", Header::RequestId),
    ("x-b3-traceid", Header::RequestId),
    ("x-amzn-trace-id", Header::RequestId),
    ("cf-ray", Header::RequestId),
];

impl Header {
    /// The header of that name, in lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        HEADERS.iter().find(|(known, _)| *known == name).map(|(_, header)| *header)
    }
}
