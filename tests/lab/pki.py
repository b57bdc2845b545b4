"""Certificates, good and bad, by the openssl program. Keys live as long as the bench and are never recorded."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: The name that the proxies expect upstreams to prove.
NAME = "app.internal"

_CONFIG = """
[ca]
default_ca = lab
[lab]
database = {dir}/index.txt
new_certs_dir = {dir}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, both in PEM."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def bundle(self) -> Path:
        """Certificate and key in one file, as HAProxy wants them."""
        path = self.certificate.with_suffix(".bundle")
        path.write_bytes(self.certificate.read_bytes() + self.key.read_bytes())
        return path


class Pki:
    """A certificate authority in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._dir = directory
        (directory / "index.txt").touch()
        (directory / "ca.cnf").write_text(_CONFIG.format(dir=directory), encoding="utf-8")
        self.authority = self.self_signed("lab-ca")

    def self_signed(self, name: str) -> Certificate:
        made = self._paths(f"self-{name}")
        self._openssl(
            f"req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name} -addext subjectAltName=DNS:{name} "
            f"-keyout {made.key} -out {made.certificate}"
        )
        return made

    def issued(self, name: str, first: str = "20260101000000Z", last: str = "20491231235959Z") -> Certificate:
        """A certificate by the authority, valid from `first` to `last`."""
        made = self._paths(f"{name}-{last}")
        request = made.certificate.with_suffix(".csr")
        self._openssl(
            f"req -new -newkey rsa:2048 -nodes -subj /CN={name} -addext subjectAltName=DNS:{name} "
            f"-keyout {made.key} -out {request}"
        )
        self._openssl(
            f"ca -batch -notext -config {self._dir}/ca.cnf -cert {self.authority.certificate} "
            f"-keyfile {self.authority.key} -startdate {first} -enddate {last} -in {request} -out {made.certificate}"
        )
        return made

    def expired(self, name: str) -> Certificate:
        return self.issued(name, "20250101000000Z", "20250401000000Z")

    def _paths(self, stem: str) -> Certificate:
        return Certificate(self._dir / f"{stem}.pem", self._dir / f"{stem}.key")

    def _openssl(self, arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments.split()], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments}: {done.stderr.strip()}")
