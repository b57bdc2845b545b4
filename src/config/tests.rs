//! Configurations as administrators write them, in directories of their own.

use super::*;
use std::fmt::Write as _;

/// A directory with files in it, and what the first of them says.
struct Host(tempfile::TempDir);

impl Host {
    fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("ROOT", &directory.path().display().to_string())).unwrap();
        }
        Self(directory)
    }

    fn read(&self, names: &[&str]) -> Result<Config, String> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.0.path().join(name)).collect();
        read(&paths).map_err(|error| self.without_root(&error.to_string()))
    }

    fn without_root(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }

    /// All that was found, a line each.
    fn told(&self, names: &[&str]) -> String {
        let config = match self.read(names) {
            Ok(config) => config,
            Err(error) => return format!("error: {error}\n"),
        };
        let mut out = String::new();
        for Layout { vendor, kind, name, text, used, place } in &config.layouts {
            let used = if *used { "" } else { "unused " };
            let _ = writeln!(out, "{used}{} {kind:?} {name}: {text} ({place})", vendor.name());
        }
        for Log { candidates, implied, place } in config.logs.iter().filter(|log| !log.implied) {
            let _ = writeln!(out, "log {} {implied} ({place})", candidates[0].display());
        }
        for note in &config.notes {
            let _ = writeln!(out, "note {note}");
        }
        for note in &config.skipped {
            let _ = writeln!(out, "skipped {note}");
        }
        self.without_root(&out).replace(" false (", " (")
    }
}

#[track_caller]
fn says(files: &[(&str, &str)], expected: &str) {
    let host = Host::new(files);
    let expected: String = expected.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    assert_eq!(host.told(&[files[0].0]), expected.trim_start_matches('\n'));
}

#[test]
fn follows_nginx() {
    says(
        &[
            (
                "nginx.conf",
                "# a comment; {\r\nuser www-data;\ninclude modules/*.conf;\nevents { worker_connections 768; }\nhttp {\n\
                 \x20   log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '\n\
                 \x20                     '$status $body_bytes_sent'; # of the package\n\
                 \x20   log_format json escape=json '{\"t\":\"$time_iso8601\",\"it\\'s\":\"$status\"}';\n\
                 \x20   map $status $fine { ~^[23] 0; default 1; include values.map; \"}\" 2; }\n\
                 \x20   access_log logs/main.log main buffer=32k flush=5m if=$fine;\n\
                 \x20   error_log /srv/log/error.log warn;\n\
                 \x20   types { text/html html; log_format x; }\n\
                 \x20   include sites/*;\n}\n",
            ),
            ("modules/50-x.conf", "load_module modules/x.so;\n"),
            ("sites/a", "server {\n location ~ \\.php$ { access_log off; }\n access_log /srv/log/${host}.log json; }\n"),
            (
                "sites/b",
                "server { access_log syslog:server=unix:/dev/log main; access_log /dev/stdout; error_log stderr;\n\
                 error_log memory:32m debug; error_log syslog:server=10.0.0.1; access_log /srv/log/b.log;\n\
                 if ($x = \"}\") { access_log off; }\n\
                 content_by_lua_block { local a = \"}\" -- }\n } }\n",
            ),
            ("sites/.hidden", "}"),
            ("values.map", "log_format y;"),
        ],
        "
        nginx Access main: log_format _  '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent'; (nginx.conf:6)
        nginx Access json: log_format _ escape=json '{\"t\":\"$time_iso8601\",\"it\\'s\":\"$status\"}'; (nginx.conf:8)
        log logs/main.log (nginx.conf:10)
        log /srv/log/error.log (nginx.conf:11)
        log /srv/log/b.log (sites/b:2)
        skipped sites/a:2: access_log is off here (and 1 more)
        skipped sites/a:3: access_log has a variable in its path: not read
        skipped sites/b:1: access_log writes to syslog: not read
        skipped sites/b:1: access_log writes to a device: not read
        skipped sites/b:1: error_log writes to a stream of the process: not read
        skipped sites/b:2: error_log writes to memory: not read
        skipped sites/b:2: error_log writes to syslog: not read",
    );
}

#[test]
fn says_where_nginx_would_stop() {
    for (text, expected) in [
        ("http {\n  server {\n", "nginx.conf:2: this `{` is never closed"),
        ("http { }\n}\n", "nginx.conf:2: this `}` closes nothing"),
        ("http {\n  log_format a '$status\n$msec;\n}\n", "nginx.conf:2: this quote is never closed"),
        ("http {\n  log_format a 'b'c;\n}", "nginx.conf:2: a space or `;` must follow the quote"),
        ("http {\n\n  access_log a\n}\n", "nginx.conf:3: no `;` ends this directive"),
        ("user a;\naccess_log a", "nginx.conf:2: no `;` ends this directive"),
        ("http {\n map a b {\n c d;\n", "nginx.conf:2: this block is never closed"),
        ("http {\n x_by_lua_block {\n '}' \n", "nginx.conf:2: this block is never closed"),
        ("user a;\n\ninclude nginx.conf;\n", "nginx.conf:3: nginx.conf includes itself"),
    ] {
        assert_eq!(Host::new(&[("nginx.conf", text)]).told(&["nginx.conf"]), format!("error: {expected}\n"), "{text}");
    }
    let round = [("nginx.conf", "include a;\nuser x;\n"), ("a", "user x;\ninclude b*;\n"), ("b1", "include a;\n")];
    assert_eq!(Host::new(&round).told(&["nginx.conf"]), "error: b1:1: a includes itself\n");
    let gone = [("nginx.conf", "user x;\ninclude gone.conf;\ninclude gone/*;\ninclude dir;\n"), ("dir/a", "")];
    let told = Host::new(&gone).told(&["nginx.conf"]);
    assert_eq!(
        told,
        "note nginx.conf:2: include gone.conf: No such file or directory\nnote nginx.conf:4: include dir: not a file\n"
    );
}

#[test]
fn bounds_what_is_included() {
    let names: Vec<String> = (0..40).map(|number| format!("{number}.conf")).collect();
    let texts: Vec<String> = (1..41).map(|number| format!("include {number}.conf;\n")).collect();
    let deep: Vec<(&str, &str)> = names.iter().zip(&texts).map(|(name, text)| (&**name, &**text)).collect();
    let told = Host::new(&deep).told(&["0.conf"]);
    assert_eq!(told, "error: 20.conf:1: files include each other more than 20 deep\n");

    // Each is as long as both before it: a bomb.
    let mut bomb = "ErrorLog x\nDefine a0 xxxxxxxxxx\n".to_owned();
    for number in 1..40 {
        let _ = writeln!(bomb, "Define a{number} ${{a{0}}}${{a{0}}}", number - 1);
    }
    let told = Host::new(&[("httpd.conf", &bomb)]).told(&["httpd.conf"]);
    assert_eq!(told, "error: httpd.conf:15: too long a line\n");

    let mut many = "http {\n".to_owned();
    for number in 0..300 {
        let _ = writeln!(many, "log_format f{number} '$status $msec {number}';");
    }
    let told = Host::new(&[("nginx.conf", &(many + "}\n"))]).told(&["nginx.conf"]);
    assert_eq!(told.lines().filter(|line| line.contains("Access")).count(), LAYOUTS);
    assert!(
        told.ends_with("note nginx.conf:102: more than 100 layouts: this one is not tried (and 199 more)\n"),
        "{told}"
    );
}

#[test]
fn follows_apache() {
    says(
        &[
            (
                "apache2.conf",
                "# comment \\\nErrorLog never\n\
                 ErrorLog ${APACHE_LOG_DIR}/error.log\n\
                 Define LOGS ${APACHE_LOG_DIR}/sites\n\
                 LogFormat \"%v:%p %h \\\"%r\\\" %>s\" \\\n   vhost\n\
                 LogFormat \"%h %>s\" common\nLogFormat '%{Referer}i -> %U' referer\n\
                 <IfModule !x_module>\n  Include ports.conf\n</IfModule>\n\
                 <IfDefine !LOGS>\nDefine LOGS /never\n</IfDefine>\n\
                 IncludeOptional sites/*.conf\nIncludeOptional gone/*.conf\nIncludeOptional gone.conf\nInclude \"conf.d\"\n\
                 <Macro site $name>\n  CustomLog logs/$name.log common\n</Macro>\n\
                 TransferLog transfer.log\n",
            ),
            (
                "envvars",
                "if [ x ]; then\n\tSUFFIX=-no\nfi\nexport APACHE_LOG_DIR=/var/log/apache2$SUFFIX\nexport X=$(date)\n",
            ),
            ("ports.conf", "Listen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n"),
            (
                "sites/000.conf",
                "<VirtualHost *:80>\n  ServerName shop.example.com\n  CustomLog ${LOGS}/shop.log vhost env=!image\n\
                 \x20 customlog \"${LOGS}/own.log\" \"%h %{c}a \\\"%r\\\" %>s\"\n  ErrorLog \"|/usr/bin/rotatelogs /x/error.%Y 86400\"\n\
                 \x20 CustomLog \"||/bin/x\" common\n  CustomLog relative.log expr=true\n</VirtualHost>\n",
            ),
            (
                "sites/001.conf",
                "<VirtualHost *:80>\n<If \"%{REQUEST_URI} =~ /a>b/\">\n</If>\nErrorLog syslog:local1\nCustomLog /dev/null common\n\
                 CustomLog ${UNKNOWN_HERE}/a.log common\nCustomLog later.log later\nCustomLog typo.log comon\n</VirtualHost>\n\
                 LogFormat \"%h later %>s\" later\n",
            ),
            ("conf.d/sub/z.conf", "ErrorLogFormat \"[%t] [%l] %M\"\nErrorLogFormat request \"[%t] %M\"\n"),
        ],
        "
        Apache Access vhost: LogFormat \"%v:%p %h \\\"%r\\\" %>s\" (apache2.conf:5)
        Apache Access common: LogFormat \"%h %>s\" (apache2.conf:7)
        unused Apache Access referer: LogFormat \"%{Referer}i -> %U\" (apache2.conf:8)
        Apache Access later: LogFormat \"%h later %>s\" (sites/001.conf:10)
        Apache Error : ErrorLogFormat \"[%t] [%l] %M\" (conf.d/sub/z.conf:1)
        Apache Access : LogFormat \"%h %{c}a \\\"%r\\\" %>s\" (sites/000.conf:4)
        Apache Access : LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" (sites/000.conf:7)
        log /var/log/apache2/error.log (apache2.conf:3)
        log /var/log/apache2/sites/shop.log (sites/000.conf:3)
        log /var/log/apache2/sites/own.log (sites/000.conf:4)
        log relative.log (sites/000.conf:7)
        log later.log (sites/001.conf:7)
        log typo.log (sites/001.conf:8)
        log transfer.log (apache2.conf:22)
        note apache2.conf:19: logs that a <Macro> names are not known
        note sites/001.conf:8: no LogFormat is called comon
        skipped sites/000.conf:5: ErrorLog writes to a program: not read
        skipped sites/000.conf:6: CustomLog writes to a program: not read
        skipped sites/001.conf:4: ErrorLog writes to syslog: not read
        skipped sites/001.conf:5: CustomLog writes to a device: not read
        skipped sites/001.conf:6: CustomLog has a variable in its path: not read",
    );
}

#[test]
fn says_where_apache_would_stop() {
    for (text, expected) in [
        ("ErrorLog a\n<VirtualHost *:80>\n", "httpd.conf:2: `<VirtualHost>` is never closed"),
        (
            "ErrorLog a\n<IfModule x>\n</VirtualHost>\n",
            "httpd.conf:3: `</VirtualHost>` cannot close `<IfModule>` of line 2",
        ),
        ("ErrorLog a\n</IfModule>\n", "httpd.conf:2: `</IfModule>` closes nothing"),
        ("ErrorLog a\n\nInclude httpd.conf\n", "httpd.conf:3: httpd.conf includes itself"),
    ] {
        assert_eq!(Host::new(&[("httpd.conf", text)]).told(&["httpd.conf"]), format!("error: {expected}\n"), "{text}");
    }
    // A link to where it lies: a directory that is its own.
    let host = Host::new(&[("httpd.conf", "ErrorLog a\nInclude d\n"), ("d/x.conf", "ErrorLog b\n")]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(host.0.path().join("d"), host.0.path().join("d/again")).unwrap();
    #[cfg(unix)]
    assert_eq!(host.told(&["httpd.conf"]), "error: httpd.conf:2: d/again includes itself\n");
    let gone = Host::new(&[("httpd.conf", "ErrorLog a\nServerRoot ROOT/root\nInclude gone.conf\nTransferLog t\n")]);
    assert_eq!(
        gone.told(&["httpd.conf"]),
        "Apache Access : LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" (httpd.conf:4)\nlog a (httpd.conf:1)\nlog root/t (httpd.conf:4)\n\
         note httpd.conf:3: Include root/gone.conf: No such file or directory\n"
    );
}

#[test]
fn follows_haproxy() {
    says(
        &[(
            "haproxy.cfg",
            "global\n\tlog /dev/log local0 # all\n\tlog 10.0.0.9:514 local1 notice\n  setenv ID api-1\n\n\
             defaults\n\tlog global\n\toption httplog\n\toption dontlognull\n\n\
             frontend web\n  bind :80\n  default_backend b\n\n\
             defaults tcp\n  log global\n  mode tcp\n  error-log-format '%ci [%tr] %ft'\n\n\
             frontend plain from tcp\n  bind :81\n\n\
             frontend other from tcp\n  bind :82\n  option tcplog clf\n\n\
             .if defined(X)\nlisten own\n  log-format \"$ID %ci:%cp [%tr] %ST \\\"%r\\\"\"\n  no log\n.endif\n\
             listen escaped\n  log-format %ci:%cp\\ [%t]\\ %ST\\ %{+Q}r\n\
             backend b\n  log-format %never_used\n  server s 10.0.0.5:80 check\n\
             log-profile p\n  on error format \"%ci %ST\"\n  on any drop\n",
        )],
        "
        HAProxy Access httplog: option httplog (haproxy.cfg:8)
        HAProxy Error : error-log-format \"%ci [%tr] %ft\" (haproxy.cfg:18)
        HAProxy Access tcplog: option tcplog clf (haproxy.cfg:25)
        HAProxy Access : log-format \"api-1 %ci:%cp [%tr] %ST \\\"%r\\\"\" (haproxy.cfg:29)
        HAProxy Access : log-format \"%ci:%cp [%t] %ST %{+Q}r\" (haproxy.cfg:33)
        HAProxy Access : log-format \"%ci %ST\" (haproxy.cfg:38)
        note haproxy.cfg:20: plain has neither `option httplog` nor a `log-format`: what HAProxy logs then does not say what became of a request
        skipped haproxy.cfg:2: HAProxy sends its log elsewhere and writes no file: name the one that syslog writes, such as /var/log/haproxy.log",
    );
}

#[test]
fn reads_haproxy_in_parts() {
    let parts = [
        ("conf.d/00-global.cfg", "global\n  log stdout format raw local0\ndefaults\n  log global\n"),
        ("conf.d/10-web.cfg", "frontend web\n  bind :80\n  bind :443\n"),
        ("conf.d/20-api.cfg", "frontend api\n  bind :81\n  option httpslog\n"),
        ("conf.d/notes.txt", "frontend never\n"),
    ];
    let expected = "HAProxy Access httpslog: option httpslog (conf.d/20-api.cfg:3)\n\
                    note conf.d/10-web.cfg:1: web has neither `option httplog` nor a `log-format`: what HAProxy logs then \
                    does not say what became of a request\n\
                    skipped conf.d/00-global.cfg:2: HAProxy sends its log elsewhere and writes no file: name the one that \
                    syslog writes, such as /var/log/haproxy.log\n";
    let host = Host::new(&parts);
    assert_eq!(host.told(&["conf.d"]), expected);
    assert_eq!(host.told(&[parts[0].0, parts[1].0, parts[2].0]), expected);
    let open = Host::new(&[("h.cfg", "global\n  log 'x\n")]);
    assert_eq!(open.told(&["h.cfg"]), "error: h.cfg:2: a quote in this line is never closed\n");
}

#[test]
fn knows_whose_a_configuration_is() {
    for (name, text, expected) in [
        ("x", "http {\n}\n", "nginx"),
        ("haproxy.cfg", "server { listen 80; }\n", "nginx"),
        ("x", "# user x;\nServerRoot /x\nListen 80\n", "Apache"),
        ("nginx.conf", "<VirtualHost *:80>\n</VirtualHost>\n", "Apache"),
        ("x", "global\n  user haproxy\n  group haproxy\nlisten a\n  acl b path_reg a{2}\n", "HAProxy"),
        // Nothing tells but the name.
        ("etc/nginx/x", "", "nginx"),
        ("etc/haproxy/x", "# empty\n", "HAProxy"),
        ("x.cfg", "", "HAProxy"),
        ("etc/httpd/conf.d/x", "Nonsense\n", "Apache"),
    ] {
        let host = Host::new(&[(name, text)]);
        let vendor = vendor::of(Path::new(name), &fs::read_to_string(host.0.path().join(name)).unwrap());
        assert_eq!(vendor.unwrap().name(), expected, "{name} {text}");
    }
    let host = Host::new(&[("x.log", "203.0.113.9 - - nonsense\n"), ("empty/notes.txt", "")]);
    assert_eq!(host.told(&["x.log"]), "error: --config: x.log: is no configuration of nginx, Apache or HAProxy\n");
    assert_eq!(
        host.told(&["empty"]),
        "error: --config: empty: no nginx.conf, httpd.conf, apache2.conf or *.cfg in this directory\n"
    );
    assert_eq!(host.told(&["gone"]), "error: gone: No such file or directory (os error 2)\n");
}

proptest::proptest! {
    #[test]
    fn never_panics(
        text in "(http|log_format|access_log|include|map|x_by_lua_block|LogFormat|<If|</If|CustomLog|Define a|frontend|log-format|[ \n;{}\"'\\\\$%<>#aé\r]){0,30}",
        name in "(nginx|apache|haproxy)",
    ) {
        let host = Host::new(&[(&*name, &*text)]);
        let _ = host.read(&[&name]);
    }
}
